"""Error samples of losses."""

from __future__ import annotations

import fnnet
from tests.functional.error_samples.table import bad, each, floats, longs, rows

SAMPLES = [
    *each(
        "F.mse_loss F.l1_loss F.smooth_l1_loss F.huber_loss F.kl_div F.binary_cross_entropy "
        "F.binary_cross_entropy_with_logits",
        ValueError,
        "x is not a valid value for reduction",
        floats(2),
        floats(2),
        reduction="x",
    ),
    *each(
        "F.mse_loss F.l1_loss F.smooth_l1_loss F.huber_loss F.kl_div",
        RuntimeError,
        "must match the size of tensor b",
        floats(2),
        floats(3),
    ),
    *each("F.mse_loss F.l1_loss", ValueError, "Weights and input must have", floats(2), floats(2), weight=floats(3)),
    bad("F.mse_loss", TypeError, "argument 'target' must be Tensor, not NoneType", floats(2), None),
    bad("F.l1_loss", TypeError, "argument 'target' must be Tensor, not float", floats(2), 1.0),
    bad("F.smooth_l1_loss", RuntimeError, "smooth_l1_loss does not support negative", floats(2), floats(2), beta=-1.0),
    bad("F.huber_loss", RuntimeError, "huber_loss does not support non-positive", floats(2), floats(2), delta=0.0),
    bad("F.huber_loss", RuntimeError, "huber_loss does not support non-positive", floats(2), floats(2), delta=-1.0),
    bad("F.binary_cross_entropy", ValueError, "Size([2])) is deprecated. Please ensure they", floats(2), floats(3)),
    bad("F.binary_cross_entropy", RuntimeError, "all elements of input should be between", floats(2) + 2.0, floats(2)),
    bad("F.binary_cross_entropy", RuntimeError, "The size of tensor a (2) must match", floats(2), floats(2), floats(3)),
    bad("F.binary_cross_entropy", RuntimeError, "Found dtype Long but expected Float", floats(2), longs(0, 1)),
    bad("F.binary_cross_entropy", RuntimeError, "Found dtype Double but", floats(2), floats(2, dtype=fnnet.float64)),
    bad("F.binary_cross_entropy_with_logits", ValueError, "Size([3])) must be the same as input", floats(2), floats(3)),
    bad("F.binary_cross_entropy_with_logits", RuntimeError, "The size of tensor a", floats(2), floats(2), floats(3)),
    bad(
        "F.binary_cross_entropy_with_logits",
        RuntimeError,
        "must match the size of tensor b",
        floats(2),
        floats(2),
        pos_weight=floats(3),
    ),
    # classification
    *each("F.nll_loss F.cross_entropy", IndexError, "Target 3 is out of bounds", floats(2, 3), longs(0, 3)),
    *each("F.nll_loss F.cross_entropy", IndexError, "Target -1 is out of bounds", floats(2, 3), longs(0, -1)),
    *each("F.nll_loss F.cross_entropy", ValueError, "Expected input batch_size (2) to", floats(2, 3), longs(0, 1, 2)),
    *each("F.nll_loss F.cross_entropy", RuntimeError, "weight tensor should be", floats(2, 3), longs(0, 1), floats(2)),
    *each("F.nll_loss F.cross_entropy", ValueError, "x is not a valid value", floats(2, 3), longs(0, 1), reduction="x"),
    *each("F.nll_loss F.cross_entropy", RuntimeError, "expected target dtype to be Long or", floats(2, 3), floats(2)),
    *each(
        "F.nll_loss F.cross_entropy",
        RuntimeError,
        "expected scalar type Float but found",
        floats(2, 3),
        longs(0, 1),
        floats(3, dtype=fnnet.float64),
    ),
    *each("F.nll_loss F.cross_entropy", RuntimeError, "Expected target size", floats(2, 3, 4), rows((0, 1), (1, 0))),
    bad("F.nll_loss", ValueError, "Expected 1 or more dimensions (got 0)", floats(), longs(0)),
    *each("F.nll_loss F.cross_entropy", TypeError, "must be Tensor, not NoneType", floats(2, 3), None),
    bad("F.cross_entropy", RuntimeError, "label_smoothing must be", floats(2, 3), longs(0, 1), label_smoothing=1.5),
    bad("F.cross_entropy", ValueError, "label_smoothing must be", floats(2, 3), longs(0, 1), label_smoothing=-0.1),
    bad("F.cross_entropy", RuntimeError, "expected target dtype to be Long or Byte", floats(2, 3), floats(2, 4)),
    bad("F.cross_entropy", RuntimeError, "cross_entropy: weight tensor should", floats(2, 3), floats(2, 3), floats(2)),
    bad("F.cross_entropy", RuntimeError, "ignore_index is not supported", floats(2, 3), floats(2, 3), ignore_index=1),
    bad("F.nll_loss", RuntimeError, "Expected target size [2]", floats(2, 3), rows((0, 1), (1, 0))),
    bad("F.nll_loss", NotImplementedError, "not implemented for 'Long'", rows((0, 1), (1, 0)), longs(0, 1)),
]
