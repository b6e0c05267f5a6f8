"""Elementwise methods of Tensor that are no arithmetic, with their in-place variants.

`self` is a Tensor in every method, which a type checker cannot know of a mixin: hence `ignore[arg-type]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnet._core.errors import DTypeError
from fnnet._core.op import Op
from fnnet._tensor._methods import InPlaceUnary, assign, binary_, name_method, unary_
from fnnet.autograd.variable import Variable
from fnnet.functional import complex_numbers, elementwise, exponential, extremes, power, rounding, special, trigonometry
from fnnet.functional._common import dtype_of, inplace

if TYPE_CHECKING:
    from fnnet._core.namespace import Number
    from fnnet._tensor import Tensor


def _rounding_(op: Op) -> InPlaceUnary:
    """The in-place method of a rounding op, which leaves whole numbers as they are."""

    def method(self: Any) -> Tensor:
        if dtype_of(self).category != 2:
            return assign(op, self, lambda t: rounding.rounded(op, t))
        return inplace(op, self)

    name_method(method, op.name)
    return method


class ElementwiseMethods(Variable):
    """Elementwise functions of Tensor."""

    exp = exponential.exp
    exp2 = exponential.exp2
    expm1 = exponential.expm1
    log = exponential.log
    log2 = exponential.log2
    log10 = exponential.log10
    log1p = exponential.log1p
    logaddexp = exponential.logaddexp
    logaddexp2 = exponential.logaddexp2
    xlogy = exponential.xlogy
    exp_ = unary_(exponential.EXP)
    exp2_ = unary_(exponential.EXP2)
    expm1_ = unary_(exponential.EXPM1)
    log_ = unary_(exponential.LOG)
    log2_ = unary_(exponential.LOG2)
    log10_ = unary_(exponential.LOG10)
    log1p_ = unary_(exponential.LOG1P)
    xlogy_ = binary_(exponential.XLOGY)

    square = power.square
    sqrt = power.sqrt
    rsqrt = power.rsqrt
    reciprocal = power.reciprocal
    hypot = power.hypot
    ldexp = power.ldexp

    def square_(self) -> Tensor:
        """`square` in place."""
        return assign(power.SQUARE, self, power.square)

    sqrt_ = unary_(power.SQRT)
    rsqrt_ = unary_(power.RSQRT)
    reciprocal_ = unary_(power.RECIPROCAL)

    def ldexp_(self, other: Tensor) -> Tensor:
        """`ldexp` in place."""
        return assign(power.POW, self, power.ldexp, other)

    sin = trigonometry.sin
    cos = trigonometry.cos
    tan = trigonometry.tan
    asin = trigonometry.asin
    acos = trigonometry.acos
    atan = trigonometry.atan
    atan2 = trigonometry.atan2
    sinh = trigonometry.sinh
    cosh = trigonometry.cosh
    tanh = trigonometry.tanh
    asinh = trigonometry.asinh
    acosh = trigonometry.acosh
    atanh = trigonometry.atanh
    arcsin = trigonometry.asin
    arccos = trigonometry.acos
    arctan = trigonometry.atan
    arctan2 = trigonometry.atan2
    arcsinh = trigonometry.asinh
    arccosh = trigonometry.acosh
    arctanh = trigonometry.atanh
    sinc = trigonometry.sinc
    deg2rad = trigonometry.deg2rad
    rad2deg = trigonometry.rad2deg
    sin_ = unary_(trigonometry.SIN)
    cos_ = unary_(trigonometry.COS)
    tan_ = unary_(trigonometry.TAN)
    asin_ = unary_(trigonometry.ASIN)
    acos_ = unary_(trigonometry.ACOS)
    atan_ = unary_(trigonometry.ATAN)
    atan2_ = binary_(trigonometry.ATAN2)
    sinh_ = unary_(trigonometry.SINH)
    cosh_ = unary_(trigonometry.COSH)
    tanh_ = unary_(trigonometry.TANH)
    asinh_ = unary_(trigonometry.ASINH.titled("AsinhBackward1"))
    acosh_ = unary_(trigonometry.ACOSH.titled("AcoshBackward1"))
    atanh_ = unary_(trigonometry.ATANH.titled("AtanhBackward1"))
    arcsin_ = asin_
    arccos_ = acos_
    arctan_ = atan_
    arctan2_ = atan2_
    arcsinh_ = asinh_
    arccosh_ = acosh_
    arctanh_ = atanh_
    sinc_ = unary_(trigonometry.SINC)
    deg2rad_ = unary_(trigonometry.DEG2RAD)
    rad2deg_ = unary_(trigonometry.RAD2DEG)

    floor = rounding.floor
    ceil = rounding.ceil
    trunc = rounding.trunc
    fix = rounding.trunc
    round = rounding.round
    frac = rounding.frac
    abs = rounding.abs
    absolute = rounding.abs
    sign = rounding.sign
    sgn = rounding.sgn
    signbit = rounding.signbit
    floor_ = _rounding_(rounding.FLOOR)
    ceil_ = _rounding_(rounding.CEIL)
    trunc_ = _rounding_(rounding.TRUNC)
    fix_ = trunc_

    def round_(self, *, decimals: int = 0) -> Tensor:
        """`round` in place."""
        return assign(rounding.ROUND, self, rounding.round, decimals=decimals)

    def frac_(self) -> Tensor:
        """`frac` in place."""
        return assign(rounding.FRAC, self, rounding.frac)

    def abs_(self) -> Tensor:
        """`abs` in place."""
        if dtype_of(self).is_complex:
            raise DTypeError("abs_: In-place abs is not supported for complex tensors.")
        return assign(rounding.ABS, self, rounding.abs)

    absolute_ = abs_

    def hypot_(self, other: Tensor) -> Tensor:
        """`hypot` in place."""
        return assign(power.HYPOT, self, power.hypot, other)

    __abs__ = rounding.abs

    def sign_(self) -> Tensor:
        """`sign` in place."""
        return assign(rounding.SIGN, self, rounding.sign)

    def sgn_(self) -> Tensor:
        """`sgn` in place."""
        return assign(rounding.SIGN, self, rounding.sgn)

    erf = special.erf
    erfc = special.erfc
    erfinv = special.erfinv
    erf_ = unary_(special.ERF)
    erfc_ = unary_(special.ERFC)
    erfinv_ = unary_(special.ERFINV)

    sigmoid = elementwise.sigmoid
    logit = elementwise.logit
    copysign = elementwise.copysign
    heaviside = elementwise.heaviside
    angle = complex_numbers.angle
    conj = complex_numbers.conj
    conj_physical = complex_numbers.conj_physical
    resolve_conj = complex_numbers.resolve_conj
    sigmoid_ = unary_(elementwise.SIGMOID)

    def copysign_(self, other: Tensor | Number) -> Tensor:
        """`copysign` in place."""
        op = elementwise.COPYSIGN if isinstance(other, Variable) else elementwise.COPYSIGN_NUMBER
        return inplace(op, self, other)  # type: ignore[arg-type]

    nan_to_num = extremes.nan_to_num

    def where(self, condition: Tensor, other: Tensor | Number) -> Tensor:
        """This tensor where a condition holds, another elsewhere (see `fnnet.where`).

        Args:
            condition: bool, broadcast with both.
            other: A tensor or a number.

        Returns:
            The broadcast shape, in the dtype in which both meet.

        Raises:
            DTypeError: `condition` is not bool.
        """
        r: Tensor = elementwise.where(condition, self, other)  # type: ignore[arg-type]
        return r

    @property
    def real(self) -> Tensor:
        """The real part, a view: a real tensor itself."""
        return complex_numbers.real(self)  # type: ignore[arg-type]

    @property
    def imag(self) -> Tensor:
        """The imaginary part, a view of a complex tensor."""
        return complex_numbers.imag(self)  # type: ignore[arg-type]

    def logit_(self, eps: float | None = None) -> Tensor:
        """`logit` in place."""
        return assign(elementwise.LOGIT, self, elementwise.logit, eps)

    def heaviside_(self, values: Tensor) -> Tensor:
        """`heaviside` in place."""
        return assign(elementwise.HEAVISIDE, self, elementwise.heaviside, values)

    def nan_to_num_(self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """`nan_to_num` in place."""
        return assign(extremes.NAN_TO_NUM, self, extremes.nan_to_num, nan, posinf, neginf)
