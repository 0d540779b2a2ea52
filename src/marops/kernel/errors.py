"""One error class for page, REST, CLI and MCP (RFC 9457), and the register of its codes."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

TYPE_BASE = "https://marops.dev/problems/"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of refusal: what it is called, which HTTP status it answers and what a person can do about it."""

    code: str
    title: str
    status: int
    remedy: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in what was sent: where it stands (JSON pointer, row, field), what is wrong and the way out."""

    code: str
    message: str
    remedy: str = ""
    pointer: str = ""
    row: int | None = None
    field: str = ""

    def as_json(self) -> dict[str, Any]:
        """Only the parts that say something."""
        return {key: value for key, value in asdict(self).items() if value not in ("", None)}


_KINDS: dict[str, ProblemKind] = {}


def problem(code: str, title: str, *, status: int = 422, remedy: str) -> str:
    """Register a kind of problem and answer its code. Registering a code twice differently is a programming error."""
    kind = ProblemKind(code, title, status, remedy)
    if _KINDS.setdefault(code, kind) != kind:
        raise ValueError(f"problem code {code!r} is registered twice")
    return code


def problem_kinds() -> Mapping[str, ProblemKind]:
    """All registered kinds, for the documentation and its test."""
    return dict(sorted(_KINDS.items()))


@dataclass(eq=False)
class MaropsError(Exception):
    """Something was refused. Says what happened and the remedy; the same on a page, in REST and in the CLI."""

    code: str
    detail: str = ""
    errors: Iterable[FieldError] = ()
    remedy: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in _KINDS:
            raise ValueError(f"problem code {self.code!r} is not registered")
        self.errors = tuple(self.errors)
        self.remedy = self.remedy or self.kind.remedy
        super().__init__(self.detail or self.kind.title)

    @property
    def kind(self) -> ProblemKind:
        """The registered kind of this problem."""
        return _KINDS[self.code]

    def __str__(self) -> str:
        return self.detail or self.kind.title

    def as_json(self) -> dict[str, Any]:
        """The problem document of RFC 9457 with Marops' `remedy` and `errors`."""
        return {
            "type": TYPE_BASE + self.code,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail or self.kind.title,
            "remedy": self.remedy,
            "errors": [error.as_json() for error in self.errors],
            **self.extra,
        }


NOT_FOUND = problem(
    "not-found", "There is nothing under this name", status=404, remedy="Check the reference, or search for it."
)
NOT_ALLOWED = problem(
    "not-allowed", "Your access does not include this", status=403, remedy="Ask an administrator for the right."
)
INVALID = problem(
    "invalid", "Some of what was sent cannot be used", remedy="Put the named fields right and send again."
)
AMBIGUOUS = problem(
    "ambiguous", "Several records answer to this name", status=409, remedy="Use one of the references listed."
)
CONFLICT = problem(
    "conflict", "Somebody changed this meanwhile", status=409, remedy="Look at the present state, then decide again."
)
