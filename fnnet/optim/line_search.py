"""Line search: how far to go along a direction, by Wolfe's strong conditions.

A point is (step length, value, gradient, slope): lengths and slopes are numbers or 0-d tensors, hence `Any`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Evaluate = Callable[[Any], tuple[float, Any]]
"""Of a step length the function's value and its gradient (a vector) there."""
DECREASE, CURVATURE = 1e-4, 0.9
"""c1 and c2 of Wolfe's conditions, as Nocedal and Wright 2006, section 3.1, propose them for quasi-Newton methods."""
LEAST_GROWTH, MOST_GROWTH = 0.01, 10.0
"""Bounds of the next length while the minimum is not bracketed: of the last extension, and of the length."""
MARGIN = 0.1
"""Share of a bracket next to its ends where a trial makes little progress."""


class Point(NamedTuple):
    """A place on the line."""

    length: Any
    value: float
    grad: Any
    slope: Any


def cubic_minimum(a: Point, b: Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic through the values and slopes of two points is least, within bounds (else between them)."""
    low, high = bounds if bounds is not None else sorted((a.length, b.length))
    d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.length - b.length)
    square = d1**2 - a.slope * b.slope
    if square < 0 or square != square:
        return (low + high) / 2.0
    d2 = square**0.5
    if a.length <= b.length:
        least = b.length - (b.length - a.length) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    else:
        least = a.length - (a.length - b.length) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return min(max(least, low), high)


def strong_wolfe(
    evaluate: Evaluate, length: Any, direction: Any, start: Point, *, tolerance_change: float = 1e-9, most: int = 25
) -> tuple[Point, int]:
    """A point on the line that satisfies Wolfe's strong conditions, or the best that was found.

    Args:
        evaluate: The function along the line.
        length: The first step length to try.
        direction: The vector that is followed, one of descent.
        start: The point at length 0.
        tolerance_change: A bracket that moves no coordinate by more ends the search. Default: 1e-9.
        most: Number of trials after the first. Default: 25.

    Returns:
        The point, and how often `evaluate` was called.

    Source: Nocedal, Wright 2006, Numerical Optimization, algorithms 3.5 and 3.6, with Schmidt's safeguards (minFunc).
    """

    def at(length: Any) -> Point:
        value, grad = evaluate(length)
        return Point(length, value, grad, grad.dot(direction))

    def too_high(point: Point) -> bool:
        return bool(point.value > start.value + DECREASE * point.length * start.slope)

    def flat(point: Point) -> bool:
        return bool(abs(point.slope) <= -CURVATURE * start.slope)

    # Go on until a minimum lies between the last two points, or the last one satisfies the conditions.
    before, new, trials = start, at(length), 0
    bracket: list[Point] = []
    done = False
    while trials < most:
        if too_high(new) or (trials > 1 and new.value >= before.value):
            bracket = [before, new]
            break
        if flat(new):
            bracket, done = [new], True
            break
        if new.slope >= 0:
            bracket = [before, new]
            break
        bounds = (new.length + LEAST_GROWTH * (new.length - before.length), new.length * MOST_GROWTH)
        length = cubic_minimum(before, new, bounds)
        before, new = new, at(length)
        trials += 1
    if trials == most:
        bracket = [start, new]

    # Narrow the bracket. `low` is the end of the smaller value.
    largest, stuck = direction.abs().max(), False
    low, high = (0, 1) if bracket[0].value <= bracket[-1].value else (1, 0)
    while not done and trials < most:
        ends = sorted((bracket[0].length, bracket[1].length))
        width = ends[1] - ends[0]
        if width * largest < tolerance_change:
            break
        length = cubic_minimum(bracket[0], bracket[1])
        margin = MARGIN * width
        near = min(ends[1] - length, length - ends[0]) < margin
        if near and (stuck or length >= ends[1] or length <= ends[0]):
            length = ends[1] - margin if abs(length - ends[1]) < abs(length - ends[0]) else ends[0] + margin
            near = False
        stuck = near
        new = at(length)
        trials += 1
        if too_high(new) or new.value >= bracket[low].value:
            bracket[high] = new
            low, high = (0, 1) if bracket[0].value <= bracket[1].value else (1, 0)
        else:
            if flat(new):
                done = True
            elif new.slope * (bracket[high].length - bracket[low].length) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = new
    return bracket[low], trials + 1


__all__ = ["Point", "cubic_minimum", "strong_wolfe"]
