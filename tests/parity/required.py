"""What step A of the roadmap asks for, in its words, and the entries of PyTorch's tables that stand for it.

All of them must be covered and pass; any that does not fails the session.
"""

from __future__ import annotations

from typing import Final


def names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


OPERATORS: Final[dict[str, tuple[str, ...]]] = {
    "elementwise arithmetic": names(
        "add sub mul div.no_rounding_mode div.floor_rounding div.trunc_rounding true_divide floor_divide remainder"
        " fmod neg positive abs sign sgn signbit reciprocal square addcmul addcdiv lerp rsub clamp clamp_min"
        " clamp_max maximum minimum max.binary min.binary fmax fmin ceil floor round round.decimals_0"
        " round.decimals_3 round.decimals_neg_3 trunc frac nan_to_num copysign logical_and logical_or logical_xor"
        " logical_not bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift __radd__"
        " __rsub__ __rmul__ __rdiv__ __rmod__ __rpow__ __rand__ __ror__ __rxor__"
    ),
    "comparison": names("eq ne lt le gt ge isclose allclose equal isnan isinf isfinite isposinf isneginf"),
    "exp, log, pow, trigonometry, erf": names(
        "exp exp2 expm1 log log2 log10 log1p logaddexp logaddexp2 pow float_power sqrt rsqrt xlogy sin cos tan asin"
        " acos atan atan2 sinh cosh tanh asinh acosh atanh sinc hypot deg2rad rad2deg erf erfc erfinv logit"
    ),
    "reductions": names(
        "sum mean prod all any amax amin aminmax argmax argmin max.reduction_no_dim max.reduction_with_dim"
        " min.reduction_no_dim min.reduction_with_dim std std.unbiased var var.unbiased std_mean std_mean.unbiased"
        " var_mean var_mean.unbiased logsumexp norm norm.fro norm.inf nansum nanmean median nanmedian mode kthvalue"
        " quantile nanquantile count_nonzero cumsum cumprod cummax cummin logcumsumexp sort argsort topk msort"
    ),
    "shape and views": names(
        "reshape reshape_as view view_as permute transpose t T mT squeeze squeeze.multiple unsqueeze flatten"
        " unflatten expand expand_as broadcast_to broadcast_tensors narrow select diagonal movedim unfold ravel"
        " contiguous clone flip fliplr flipud roll rot90 repeat repeat_interleave tile tril triu diag diag_embed"
        " atleast_1d atleast_2d atleast_3d"
    ),
    "basic and advanced indexing": names(
        "__getitem__ index_select index_put index_add index_fill gather scatter scatter_add scatter_reduce.sum"
        " scatter_reduce.mean scatter_reduce.prod scatter_reduce.amax scatter_reduce.amin take take_along_dim"
        " masked_fill masked_select masked_scatter nonzero argwhere put select_scatter diagonal_scatter"
    ),
    "cat, stack, split, where": names(
        "cat stack split split.list_args split_with_sizes chunk tensor_split unbind hstack vstack dstack"
        " column_stack hsplit vsplit dsplit where"
    ),
    "matmul, mm, bmm, einsum": names(
        "matmul mm bmm mv dot vdot einsum addmm addmm.decomposed addmv addr addbmm baddbmm outer inner tensordot"
        " __rmatmul__"
    ),
    "activations": names(
        "nn.functional.relu sigmoid tanh nn.functional.gelu softmax softmax.with_dtype log_softmax"
        " log_softmax.with_dtype"
    ),
    "convolutions": names("nn.functional.conv1d nn.functional.conv2d nn.functional.conv3d nn.functional.linear"),
    "pooling": names(
        "nn.functional.max_pool1d nn.functional.max_pool2d nn.functional.max_pool3d nn.functional.avg_pool1d"
        " nn.functional.avg_pool2d nn.functional.avg_pool3d nn.functional.adaptive_avg_pool1d"
        " nn.functional.adaptive_avg_pool2d nn.functional.adaptive_avg_pool3d nn.functional.adaptive_max_pool1d"
        " nn.functional.adaptive_max_pool2d nn.functional.adaptive_max_pool3d"
    ),
    "batch and layer norm": names(
        "nn.functional.batch_norm nn.functional.batch_norm.without_cudnn nn.functional.layer_norm"
    ),
    "dropout, embedding": names("nn.functional.dropout nn.functional.embedding"),
    "losses": names(
        "nn.functional.mse_loss nn.functional.nll_loss nn.functional.cross_entropy"
        " nn.functional.binary_cross_entropy nn.functional.binary_cross_entropy_with_logits"
    ),
    "creation": names(
        "arange linspace zeros ones full eye empty zeros_like ones_like full_like empty_like new_zeros new_ones"
        " new_full new_empty zero_"
    ),
    "random numbers": names(
        "randn randn_like rand_like randint randint_like normal normal.in_place normal.number_mean uniform bernoulli"
        " multinomial"
    ),
    "dtypes": names("bool byte char short int long half float double to item"),
}

FUNCTIONS: Final[tuple[str, ...]] = names(
    "conv1d conv2d conv3d linear max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d"
    " adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d"
    " adaptive_max_pool3d batch_norm layer_norm dropout embedding relu relu_ sigmoid tanh gelu softmax log_softmax"
    " mse_loss nll_loss cross_entropy binary_cross_entropy binary_cross_entropy_with_logits pad"
)

MODULES: Final[tuple[str, ...]] = names(
    "Module Sequential ModuleList ModuleDict Flatten Identity Linear Conv1d Conv2d Conv3d MaxPool1d MaxPool2d"
    " MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d"
    " AdaptiveMaxPool2d AdaptiveMaxPool3d BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm Dropout Embedding ReLU"
    " Sigmoid Tanh GELU Softmax LogSoftmax MSELoss NLLLoss CrossEntropyLoss BCELoss BCEWithLogitsLoss"
)
