"""Where a column can go: a field of the person, of the company, a consent, an id elsewhere, a field of one's own."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from marops.domains.contacts.public import company_fields, contact_fields, fold
from marops.kernel.errors import FieldError, MaropsError, problem

UNKNOWN_TARGET = problem(
    "import-unknown-target",
    "The map sends a column to a field that does not exist",
    status=400,
    remedy="Use a field's name, company.<field>, consent.<channel>, external:<system>, custom:<name> or skip.",
)

CHANNELS = ("email", "phone", "sms", "post")
CUSTOM_TYPES = ("text", "number", "boolean", "date", "choice")
Kind = Literal["field", "company", "consent", "external", "custom", "table", "skip"]
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Target:
    """One destination. `detail`: the type of a custom field; opt_in or opt_out for a consent.

    The kind `table` is a column of another table than leads; `title` is what people call that.
    """

    kind: Kind
    name: str = ""
    detail: str = ""
    title: str = field(default="", compare=False)

    def __str__(self) -> str:
        match self.kind:
            case "field" | "table":
                return self.name
            case "company":
                return f"company.{self.name}"
            case "consent":
                return f"consent.{self.name}" + (f":{self.detail}" if self.detail else "")
            case "custom":
                return f"custom:{self.name}" + (f":{self.detail}" if self.detail else "")
            case "external":
                return f"external:{self.name}"
        return "skip"

    @property
    def slot(self) -> str:
        """What only one column of a file can fill."""
        return f"{self.kind}:{self.name}"

    @property
    def label(self) -> str:
        """The destination in words."""
        match self.kind:
            case "table":
                return self.title or self.name
            case "field":
                return _LABELS[self.name]
            case "company":
                return _COMPANY_LABELS[self.name]
            case "consent":
                meaning = "a yes refuses" if self.detail == "opt_out" else "a yes agrees"
                return f"Consent, {self.name} ({meaning})"
            case "custom":
                return f"Custom field “{self.name}”" + (f" ({self.detail})" if self.detail else "")
            case "external":
                return f"Id in “{self.name}”"
        return "Left out"


SKIP = Target("skip")
_LABELS = {one.name: one.label for one in contact_fields()}
_COMPANY_LABELS = {one.name: one.label for one in company_fields()}
CLEANING = {one.name: one.clean for one in contact_fields() if one.clean}
COMPANY_CLEANING = {one.name: one.clean for one in company_fields() if one.clean}


def all_targets() -> list[str]:
    """Every target with a fixed name, for choices and for the nearest name."""
    return [
        *CLEANING,
        *(f"company.{name}" for name in COMPANY_CLEANING),
        *(f"consent.{channel}" for channel in CHANNELS),
        "skip",
    ]


def slug(text: str) -> str:
    """A name as part of a target: "Prospect ID" → prospect_id."""
    words = re.findall(r"[a-z0-9]+", fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)))
    found = "_".join(words)[:58].strip("_")
    if not found:
        return "column"
    return found if found[0].isalpha() else f"c_{found}"


def parse(text: str, *, column: str = "") -> Target:
    """The target that `text` names. Raises MaropsError `import-unknown-target` with the nearest names."""
    wanted = text.strip()
    if wanted in ("skip", ""):
        return SKIP
    if wanted in CLEANING:
        return Target("field", wanted)
    found = _qualified(wanted)
    if found:
        return found
    raise MaropsError(
        UNKNOWN_TARGET,
        f"There is no field {wanted!r}." + _nearest(wanted, all_targets()),
        errors=[
            FieldError("unknown-target", f"{wanted!r} is no field.", _nearest(wanted, all_targets()), field=column)
        ],
    )


def _qualified(wanted: str) -> Target | None:
    if wanted.startswith("company.") and wanted.removeprefix("company.") in COMPANY_CLEANING:
        return Target("company", wanted.removeprefix("company."))
    head, _, rest = wanted.partition(":")
    if head == "external" and rest:
        return Target("external", slug(rest))
    if head.startswith("consent.") and head.removeprefix("consent.") in CHANNELS:
        return Target("consent", head.removeprefix("consent."), rest) if rest in ("", "opt_in", "opt_out") else None
    if head == "custom" and rest:
        name, _, kind = rest.partition(":")
        return Target("custom", slug(name), kind) if kind in ("", *CUSTOM_TYPES) else None
    return None


def _nearest(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.lower(), list(names), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(close)}?" if close else ""


def nearest(name: str, names: Iterable[str]) -> str:
    """A question that offers the names that were probably meant; empty where none is near."""
    folded = {one.lower(): one for one in names}
    close = difflib.get_close_matches(name.lower(), list(folded), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(repr(folded[one]) for one in close)}?" if close else ""
