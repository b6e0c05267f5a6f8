"""The layers, family by family as in `fnnet.functional`."""

from fnnet.nn.module import Module
from fnnet.nn.modules import module
from fnnet.nn.modules.activation import (
    GELU,
    GLU,
    LogSigmoid,
    Mish,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from fnnet.nn.modules.adaptive import AdaptiveLogSoftmaxWithLoss
from fnnet.nn.modules.adaptive_pooling import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AdaptiveMaxPool3d,
)
from fnnet.nn.modules.alignment import CTCLoss
from fnnet.nn.modules.attention import MultiheadAttention
from fnnet.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm
from fnnet.nn.modules.container import ModuleDict, ModuleList, Sequential
from fnnet.nn.modules.convolution import Conv1d, Conv2d, Conv3d
from fnnet.nn.modules.distance import CosineSimilarity, PairwiseDistance
from fnnet.nn.modules.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from fnnet.nn.modules.embedding import Embedding
from fnnet.nn.modules.embedding_bag import EmbeddingBag
from fnnet.nn.modules.embedding_loss import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)
from fnnet.nn.modules.flatten import Flatten, Unflatten
from fnnet.nn.modules.fractional_pooling import FractionalMaxPool2d, FractionalMaxPool3d
from fnnet.nn.modules.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from fnnet.nn.modules.lazy import LazyLinear
from fnnet.nn.modules.lazy_convolution import LazyConv1d, LazyConv2d, LazyConv3d
from fnnet.nn.modules.lazy_normalization import (
    LazyBatchNorm1d,
    LazyBatchNorm2d,
    LazyBatchNorm3d,
    LazyInstanceNorm1d,
    LazyInstanceNorm2d,
    LazyInstanceNorm3d,
)
from fnnet.nn.modules.lazy_transposed_convolution import LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d
from fnnet.nn.modules.likelihood import GaussianNLLLoss, PoissonNLLLoss
from fnnet.nn.modules.linear import Bilinear, Identity, Linear
from fnnet.nn.modules.linear_cross_entropy import LinearCrossEntropyLoss, LinearCrossEntropyOptions
from fnnet.nn.modules.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from fnnet.nn.modules.margin_loss import MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, SoftMarginLoss
from fnnet.nn.modules.normalization import CrossMapLRN2d, GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from fnnet.nn.modules.padding import (
    CircularPad1d,
    CircularPad2d,
    CircularPad3d,
    ConstantPad1d,
    ConstantPad2d,
    ConstantPad3d,
    ReflectionPad1d,
    ReflectionPad2d,
    ReflectionPad3d,
    ReplicationPad1d,
    ReplicationPad2d,
    ReplicationPad3d,
    ZeroPad1d,
    ZeroPad2d,
    ZeroPad3d,
)
from fnnet.nn.modules.parameter_containers import ParameterDict, ParameterList
from fnnet.nn.modules.piecewise import Hardshrink, Hardsigmoid, Hardswish, Hardtanh, ReLU6, RReLU, Softshrink, Threshold
from fnnet.nn.modules.pooling import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d
from fnnet.nn.modules.power_pooling import LPPool1d, LPPool2d, LPPool3d
from fnnet.nn.modules.rectifiers import CELU, ELU, SELU, LeakyReLU, PReLU, ReLU
from fnnet.nn.modules.recurrent import GRU, LSTM, RNN
from fnnet.nn.modules.recurrent_base import RNNBase
from fnnet.nn.modules.recurrent_cells import GRUCell, LSTMCell, RNNCell, RNNCellBase
from fnnet.nn.modules.shuffling import ChannelShuffle, PixelShuffle, PixelUnshuffle
from fnnet.nn.modules.sliding_blocks import Fold, Unfold
from fnnet.nn.modules.softmaxes import LogSoftmax, Softmax, Softmax2d, Softmin
from fnnet.nn.modules.transformer import Transformer, TransformerDecoder, TransformerEncoder
from fnnet.nn.modules.transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
from fnnet.nn.modules.transposed_convolution import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from fnnet.nn.modules.unpooling import MaxUnpool1d, MaxUnpool2d, MaxUnpool3d
from fnnet.nn.modules.upsampling import Upsample, UpsamplingBilinear2d, UpsamplingNearest2d

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveLogSoftmaxWithLoss", "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d", "AdaptiveMaxPool3d", "AlphaDropout", "AvgPool1d", "AvgPool2d", "AvgPool3d", "BCELoss",
    "BCEWithLogitsLoss", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Bilinear", "CELU", "CTCLoss", "ChannelShuffle",
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "Conv1d",
    "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "CosineEmbeddingLoss",
    "CosineSimilarity", "CrossEntropyLoss", "CrossMapLRN2d", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "ELU",
    "Embedding", "EmbeddingBag", "FeatureAlphaDropout", "Flatten", "Fold", "FractionalMaxPool2d",
    "FractionalMaxPool3d", "GELU", "GLU", "GRU", "GRUCell", "GaussianNLLLoss", "GroupNorm", "Hardshrink",
    "Hardsigmoid", "Hardswish", "Hardtanh", "HingeEmbeddingLoss", "HuberLoss", "Identity", "InstanceNorm1d",
    "InstanceNorm2d", "InstanceNorm3d", "KLDivLoss", "L1Loss", "LPPool1d", "LPPool2d", "LPPool3d", "LSTM", "LSTMCell",
    "LayerNorm", "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d",
    "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d", "LazyLinear", "LeakyReLU", "Linear", "LinearCrossEntropyLoss", "LinearCrossEntropyOptions",
    "LocalResponseNorm", "LogSigmoid", "LogSoftmax", "MSELoss", "MarginRankingLoss", "MaxPool1d", "MaxPool2d",
    "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d", "Mish", "Module", "ModuleDict", "ModuleList",
    "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "MultiheadAttention", "NLLLoss", "PReLU",
    "PairwiseDistance", "ParameterDict", "ParameterList", "PixelShuffle", "PixelUnshuffle", "PoissonNLLLoss",
    "RMSNorm", "RNN", "RNNBase", "RNNCell", "RNNCellBase", "RReLU", "ReLU", "ReLU6", "ReflectionPad1d",
    "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "SELU",
    "Sequential", "SiLU", "Sigmoid", "SmoothL1Loss", "SoftMarginLoss", "Softmax", "Softmax2d", "Softmin", "Softplus",
    "Softshrink", "Softsign", "SyncBatchNorm", "Tanh", "Tanhshrink", "Threshold", "Transformer", "TransformerDecoder",
    "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss", "Unflatten", "Unfold", "Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d",
    "ZeroPad1d", "ZeroPad2d", "ZeroPad3d", "module",
]  # fmt: skip
