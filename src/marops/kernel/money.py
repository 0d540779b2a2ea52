"""Money: an exact amount and its ISO 4217 currency; nothing adds two currencies."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Self

_UNIT = Decimal("0.0001")
_NO_MONEY = frozenset(["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"])


@cache
def currencies() -> frozenset[str]:
    """The codes of ISO 4217 that money is paid in: metals, units of account and "no currency" are none."""
    import pycountry

    return frozenset(one.alpha_3 for one in pycountry.currencies) - _NO_MONEY


def in_words(amount: Decimal | None, currency: str | None) -> str:
    """An amount as people read it: 1,054.50 EUR."""
    if amount is None:
        return ""
    return f"{f'{amount:,.2f}'.removesuffix('.00')} {currency or ''}".strip()


def short(amount: Decimal | None, currency: str | None) -> str:
    """The same in as few signs as tell it: 10.0 M EUR."""
    if amount is None:
        return ""
    for size, sign in ((Decimal(1_000_000_000), "bn"), (Decimal(1_000_000), "M"), (Decimal(10_000), "k")):
        if abs(amount) >= size:
            told = f"{amount / (1000 if sign == 'k' else size):,.1f} {sign} {currency or ''}".strip()
            return told.replace(".0 k", " k")
    return in_words(amount, currency)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with four decimal places, as the database keeps it (`numeric(18,4)`).

    Raises ValueError for a currency that is not three capital letters, a float, or more than 14 whole digits.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise ValueError("an amount is a Decimal; floats lose cents")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"not an ISO 4217 currency code: {self.currency!r}")
        rounded = self.amount.quantize(_UNIT, rounding=ROUND_HALF_EVEN)
        if abs(rounded) >= Decimal(10) ** 14:
            raise ValueError("the amount has more than 14 digits before the point")
        object.__setattr__(self, "amount", rounded)

    def __add__(self, other: Self) -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}; convert first, at a dated rate")
        return Money(self.amount + other.amount, self.currency)

    def as_json(self) -> dict[str, str]:
        """`{"amount": "12.50", "currency": "EUR"}`, with two to four decimal places."""
        text = format(self.amount.normalize(), "f")
        whole, _, cents = text.partition(".")
        return {"amount": f"{whole}.{cents.ljust(2, '0')}", "currency": self.currency}
