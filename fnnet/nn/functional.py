"""`fnnet.nn.functional`: the functions of `fnnet.functional` under the name by which PyTorch knows them.

Example:
    >>> import fnnet
    >>> import fnnet.nn.functional as F
    >>> F.relu(fnnet.tensor([-1.0, 2.0]))
    tensor([0., 2.])
"""

from fnnet.functional.activation import gelu, glu, logsigmoid, mish, silu, softplus, softsign, tanhshrink
from fnnet.functional.adaptive_pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
)
from fnnet.functional.affine import bilinear, linear
from fnnet.functional.alignment import ctc_loss
from fnnet.functional.attention import scaled_dot_product_attention
from fnnet.functional.classification import cross_entropy, nll_loss
from fnnet.functional.convolution import conv1d, conv2d, conv3d
from fnnet.functional.distance import cosine_similarity, pairwise_distance, pdist
from fnnet.functional.dropout import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from fnnet.functional.elementwise import sigmoid
from fnnet.functional.embedding import embedding, one_hot
from fnnet.functional.embedding_bag import embedding_bag
from fnnet.functional.embedding_loss import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from fnnet.functional.entropy import binary_cross_entropy, binary_cross_entropy_with_logits, kl_div
from fnnet.functional.fractional_pooling import (
    fractional_max_pool2d,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
)
from fnnet.functional.grid_sampling import affine_grid, grid_sample
from fnnet.functional.interpolation import interpolate, upsample, upsample_bilinear, upsample_nearest
from fnnet.functional.likelihood import gaussian_nll_loss, poisson_nll_loss
from fnnet.functional.linear_cross_entropy import linear_cross_entropy
from fnnet.functional.loss import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from fnnet.functional.margin_loss import (
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
)
from fnnet.functional.multi_head_attention import multi_head_attention_forward
from fnnet.functional.normalization import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
)
from fnnet.functional.padding import pad
from fnnet.functional.piecewise import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    hardtanh_,
    relu6,
    rrelu,
    rrelu_,
    softshrink,
    threshold,
    threshold_,
)
from fnnet.functional.pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d
from fnnet.functional.power_pooling import lp_pool1d, lp_pool2d, lp_pool3d
from fnnet.functional.rectifiers import (
    celu,
    celu_,
    elu,
    elu_,
    leaky_relu,
    leaky_relu_,
    prelu,
    relu,
    relu_,
    selu,
    selu_,
)
from fnnet.functional.scaling import local_response_norm, normalize
from fnnet.functional.shuffling import channel_shuffle, pixel_shuffle, pixel_unshuffle
from fnnet.functional.sliding_blocks import fold, unfold
from fnnet.functional.softmaxes import gumbel_softmax, log_softmax, softmax, softmin
from fnnet.functional.transposed_convolution import conv_transpose1d, conv_transpose2d, conv_transpose3d
from fnnet.functional.trigonometry import tanh
from fnnet.functional.unpooling import max_unpool1d, max_unpool2d, max_unpool3d

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "affine_grid", "alpha_dropout", "avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_norm",
    "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "celu_", "channel_shuffle",
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "cosine_embedding_loss",
    "cosine_similarity", "cross_entropy", "ctc_loss", "dropout", "dropout1d", "dropout2d", "dropout3d", "elu", "elu_",
    "embedding", "embedding_bag", "feature_alpha_dropout", "fold", "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices", "fractional_max_pool3d", "fractional_max_pool3d_with_indices",
    "gaussian_nll_loss", "gelu", "glu", "grid_sample", "group_norm", "gumbel_softmax", "hardshrink", "hardsigmoid",
    "hardswish", "hardtanh", "hardtanh_", "hinge_embedding_loss", "huber_loss", "instance_norm", "interpolate",
    "kl_div", "l1_loss", "layer_norm", "leaky_relu", "leaky_relu_", "linear", "linear_cross_entropy",
    "local_response_norm", "log_softmax", "logsigmoid", "lp_pool1d", "lp_pool2d", "lp_pool3d", "margin_ranking_loss",
    "max_pool1d", "max_pool2d", "max_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d", "mish", "mse_loss",
    "multi_head_attention_forward", "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss",
    "nll_loss", "normalize", "one_hot", "pad", "pairwise_distance", "pdist", "pixel_shuffle", "pixel_unshuffle",
    "poisson_nll_loss", "prelu", "relu", "relu6", "relu_", "rms_norm", "rrelu", "rrelu_",
    "scaled_dot_product_attention", "selu", "selu_", "sigmoid", "silu", "smooth_l1_loss", "soft_margin_loss",
    "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "threshold_",
    "triplet_margin_loss", "triplet_margin_with_distance_loss", "unfold", "upsample", "upsample_bilinear",
    "upsample_nearest",
]  # fmt: skip
