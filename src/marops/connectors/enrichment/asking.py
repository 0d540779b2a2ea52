"""What a connector to a provider of data is: one function. A new one is a module in `providers` with one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from marops.connectors.enrichment.rules import Provider


@dataclass(frozen=True, slots=True)
class Reply:
    """What one call came to: `found` with the answer as JSON, `nothing` where nobody is known, `failed` and why.

    `reached` is false where the provider never got the question, which then costs nothing.
    """

    outcome: str
    answer: Any = None
    why: str = ""
    reached: bool = True


class Connector(Protocol):
    """How a provider is asked. It never raises, never follows, and reaches only what `kernel.outside` lets through."""

    def __call__(self, how: "Provider", sent: Mapping[str, str], key: str) -> Reply:
        """Ask once: `sent` by the provider's own names, `key` empty where none was given."""
        ...


@cache
def connectors() -> dict[str, Callable[["Provider", Mapping[str, str], str], Reply]]:
    """Every connector by the name of its module in `providers`."""
    from marops.connectors.enrichment import providers

    names = sorted(one.name for one in iter_modules(providers.__path__) if not one.name.startswith("test"))
    return {name: import_module(f"{providers.__name__}.{name}").ask for name in names}
