"""What a number that is given may be: whole or real, finite, in a range, no bool and no text; NumPy's numbers too."""

import math
import numbers


def whole(value, least=0, most=math.inf):
    """Whether `value` is a whole number from `least` to `most`."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and least <= value <= most


def real(value, least=-math.inf, most=math.inf):
    """Whether `value` is a finite real number from `least` to `most`."""
    return (isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
            and least <= value <= most)


def above(value, limit):
    """Whether `value` is a finite real number above `limit`."""
    return real(value, limit) and value != limit
