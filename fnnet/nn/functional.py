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
from fnnet.functional.attention import scaled_dot_product_attention
from fnnet.functional.classification import cross_entropy, nll_loss
from fnnet.functional.convolution import conv1d, conv2d, conv3d
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
from fnnet.functional.entropy import binary_cross_entropy, binary_cross_entropy_with_logits, kl_div
from fnnet.functional.loss import huber_loss, l1_loss, mse_loss, smooth_l1_loss
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
from fnnet.functional.softmaxes import gumbel_softmax, log_softmax, softmax, softmin
from fnnet.functional.trigonometry import tanh

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "alpha_dropout", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "batch_norm", "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "celu_", "conv1d",
    "conv2d", "conv3d", "cross_entropy", "dropout", "dropout1d", "dropout2d", "dropout3d", "elu", "elu_",
    "embedding", "feature_alpha_dropout", "gelu", "glu", "group_norm", "gumbel_softmax", "hardshrink", "hardsigmoid",
    "hardswish", "hardtanh", "hardtanh_", "huber_loss", "instance_norm", "kl_div", "l1_loss", "layer_norm",
    "leaky_relu", "leaky_relu_", "linear", "local_response_norm", "log_softmax", "logsigmoid", "max_pool1d",
    "max_pool2d", "max_pool3d", "mish", "mse_loss", "multi_head_attention_forward", "nll_loss", "normalize",
    "one_hot", "pad", "prelu", "relu",
    "relu6", "relu_", "rms_norm", "rrelu", "rrelu_", "scaled_dot_product_attention",
    "selu", "selu_", "sigmoid", "silu", "smooth_l1_loss", "softmax", "softmin",
    "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "threshold_",
]  # fmt: skip
