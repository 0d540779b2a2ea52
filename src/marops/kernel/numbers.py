"""Numbers as people read them beside a threshold."""

from decimal import ROUND_FLOOR, Decimal


def decimals_of(value: float | Decimal) -> int:
    """How many decimals a number has: none for 48.0, one for 47.5."""
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def floored(value: float | Decimal, threshold: float | Decimal = 0) -> Decimal:
    """The number with as many decimals as the threshold it is held against; cut off, never rounded up to reach it."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals_of(threshold)), ROUND_FLOOR)


def points(value: float | Decimal, threshold: float | Decimal = 0) -> str:
    """The same as text: 47.6 of a score is 47, so that nobody reads a 48 that was not reached."""
    return f"{floored(value, threshold):f}"
