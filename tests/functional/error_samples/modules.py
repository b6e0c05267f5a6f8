"""Error samples of modules' options: what a constructor refuses before it makes anything."""

from __future__ import annotations

from tests.functional.error_samples.table import bad, each

SAMPLES = [
    bad("nn.Linear", RuntimeError, "Trying to create tensor with negative dimension -1", -1, 2),
    bad("nn.Linear", TypeError, "got ('x', 3)", 3, "x"),
    bad("nn.Bilinear", ValueError, "in1_features must be > 0, but got (in1_features=0)", 0, 2, 3),
    bad("nn.PReLU", TypeError, "got ('x',)", "x"),
    bad("nn.Conv1d", ValueError, "in_channels must be divisible by groups", 3, 4, 3, groups=2),
    bad("nn.Conv1d", ValueError, "out_channels must be divisible by groups", 4, 3, 3, groups=2),
    bad("nn.Conv2d", ValueError, "groups must be a positive integer", 3, 4, 3, groups=0),
    bad("nn.Conv2d", ValueError, "Invalid padding string 'x', should be one of", 3, 4, 3, padding="x"),
    bad("nn.Conv2d", ValueError, "is not supported for strided convolutions", 3, 4, 3, padding="same", stride=2),
    bad("nn.Conv2d", ValueError, "padding_mode must be one of", 3, 4, 3, padding_mode="x"),
    bad("nn.Conv3d", ValueError, "out_channels must be divisible by groups", 4, 3, 3, groups=2),
    *each(
        "nn.Dropout nn.Dropout1d nn.Dropout2d nn.Dropout3d nn.AlphaDropout nn.FeatureAlphaDropout",
        ValueError,
        "dropout probability has to be between 0 and 1, but got 1.5",
        1.5,
    ),
    bad("nn.Dropout", ValueError, "dropout probability has to be between 0 and 1, but got -0.1", -0.1),
    bad("nn.Embedding", AssertionError, "Padding_idx must be within num_embeddings", 4, 3, padding_idx=4),
    bad("nn.Embedding", AssertionError, "Padding_idx must be within num_embeddings", 4, 3, padding_idx=-5),
    bad("nn.GroupNorm", ValueError, "num_channels (3) must be divisible by num_groups (2)", 2, 3),
    bad("nn.Hardtanh", AssertionError, "max_val (-1.0) must be greater than min_val (1.0)", 1.0, -1.0),
    bad("nn.ModuleList", TypeError, "ModuleList.extend should be called with an iterable, but got int", 1),
    bad("nn.ModuleList", TypeError, "int is not a Module subclass", [1]),
    bad("nn.ModuleDict", TypeError, "int is not a Module subclass", {"a": 1}),
    bad("nn.MultiheadAttention", ValueError, "embed_dim and num_heads must be greater than 0, got embed_dim=0", 0, 2),
    bad("nn.MultiheadAttention", AssertionError, "embed_dim must be divisible by num_heads", 5, 2),
    *each(
        "nn.TransformerEncoderLayer nn.TransformerDecoderLayer",
        RuntimeError,
        "activation should be relu/gelu, not tanh",
        4,
        2,
        activation="tanh",
    ),
    bad("nn.Sequential", TypeError, "int is not a Module subclass", 1),
    bad("nn.Unflatten", TypeError, "unflattened_size must be a tuple of ints, but found type str", 1, "x"),
]
