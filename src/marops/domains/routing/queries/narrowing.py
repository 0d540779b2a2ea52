"""What a list of leads is narrowed to: where it stands in the database, and what happened, which the facts know."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marops.domains.register.public import queue_names
from marops.domains.routing.rules import CLOSED
from marops.engine.behind import Behind, Happened, behind
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.rules import Rule, parse

NOTHING = Happened()
_IMPORT = re.compile(r"(?:I-)?(\d{1,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """What a list of leads is narrowed to, and its order (`score`, `newest`, `name` …; `-score` is the best first)."""

    words: str = ""
    stage: str = ""
    grade: str = ""
    owner: str = ""
    source: str = ""
    country: str = ""
    sort: str = ""
    rule: Mapping[str, Any] | None = None
    sla: str = ""
    disposition: str = ""
    level: str = ""
    imported: str = ""
    """An import (I-7): the leads that it made or changed."""
    happened: Happened = NOTHING
    """What they did, or what became of them, in a time: the rows behind a figure."""

    def as_rule(self) -> Rule:
        """The filter in the rule language, which is what the database is asked."""
        plain = {
            "stage.name": self.stage,
            "score.grade": self.grade,
            "contact.source": self.source,
            "contact.country": self.country,
        }
        _check_choices({"stage.name": ("stage", self.stage), "score.grade": ("grade", self.grade)})
        if self.disposition != OPEN:
            _check_choices({"disposition.state": ("disposition", self.disposition)})
        parts: list[Mapping[str, Any]] = [{"field": name, "is": value} for name, value in plain.items() if value]
        if self.owner:
            parts.append(_owner_rule(self.owner))
        if self.rule:
            parts.append(self.rule)
        if self.level.isdecimal():
            parts.append({"field": "score.level", "is": int(self.level)})
        return parse({"all": parts} if parts else {"everyone": True})


OPEN = "open"
"""As a disposition: sales has neither won nor lost nor rejected the lead."""
_RUNS = "met_at IS NULL AND ended_at IS NULL"
SLA_STATES: Mapping[str, str] = {
    "open": _RUNS,
    "overdue": f"{_RUNS} AND missed_at IS NOT NULL",
    "met": "met_at IS NOT NULL",
    "missed": "missed_at IS NOT NULL",
}
"""How the promise of a first touch stands → which rows of the clocks those are."""


def beside_conditions(narrowed: LeadFilter, counted: Behind | None = None) -> tuple[list[str], list[Any]]:
    """What is asked of tables beside the line, which have few rows: the leads are looked up in them, not they for each.

    Raises MaropsError `invalid` for words that there are not.
    """
    if narrowed.sla and narrowed.sla not in SLA_STATES:
        said = f"There is no sla {narrowed.sla!r}."
        raise MaropsError(
            INVALID, said, errors=[FieldError("choice", said, f"Use {', '.join(SLA_STATES)}.", field="sla")]
        )
    conditions: list[str] = []
    params: list[Any] = []
    if narrowed.sla:
        clocks = f"clock = 'first_touch' AND {SLA_STATES[narrowed.sla]}"
        conditions.append(f"l.contact_id IN (SELECT contact_id FROM lead_sla WHERE {clocks})")
    if narrowed.disposition in ("none", OPEN):
        ends = "" if narrowed.disposition == "none" else " WHERE state = ANY(%s)"
        conditions.append(f"l.contact_id NOT IN (SELECT contact_id FROM lead_disposition{ends})")
        params += [list(CLOSED)] if ends else []
    elif narrowed.disposition:
        conditions.append("l.contact_id IN (SELECT contact_id FROM lead_disposition WHERE state = %s)")
        params.append(narrowed.disposition)
    for some in (counted, of_import(narrowed.imported) if narrowed.imported else None):
        if some is not None:
            conditions.append("l.contact_id IN (SELECT unnest(%s::uuid[]))")
            params.append(some.array)
    return conditions, params


def _check_choices(given: Mapping[str, tuple[str, str]]) -> None:
    """A filter's value must be one of those there are. Raises MaropsError `invalid` that lists them."""
    for name, (parameter, value) in given.items():
        found = REGISTRY.find_field(name) if value else None
        known = [one.value for one in found.known_choices()] if found else []
        if known and value not in known:
            fault = FieldError(
                "choice", f"There is no {parameter} {value!r}.", f"Use {', '.join(known)}.", field=parameter
            )
            raise MaropsError(INVALID, fault.message, errors=[fault])


def _owner_rule(owner: str) -> dict[str, Any]:
    """An owner as people write one: a queue's short name or name, or a person's id, name or address."""
    from marops.domains.accounts.public import Account

    folded = owner.strip().casefold()
    for slug, name in queue_names().items():
        if folded in (slug, name.casefold()):
            return {"field": "owner.queue", "is": slug}
    for account in Account.objects.all():
        if folded in (str(account.id), account.name.casefold(), account.email.casefold()):
            return {"field": "owner.account", "is": str(account.id)}
    fault = FieldError(
        "owner", f"Nobody and no queue is called {owner!r}.", "marops leads lists the owners.", field="owner"
    )
    raise MaropsError(INVALID, fault.message, errors=[fault])


# --- What happened ----------------------------------------------------------------------------------------------------


def import_number(ref: str) -> int:
    """The number of an import as people write it. Raises MaropsError `invalid`."""
    found = _IMPORT.fullmatch(ref.strip())
    if found is None:
        fault = FieldError("import", f"{ref!r} is not an import.", "Write it as its page does: I-7.", field="import")
        raise MaropsError(INVALID, fault.message, errors=[fault])
    return int(found[1])


def of_import(ref: str) -> Behind:
    """The leads that an import made or changed, as they are known today."""
    from marops.engine.asking import query_engine

    found = query_engine().arrow(
        "SELECT DISTINCT CAST(contact_id AS VARCHAR) AS who FROM facts WHERE kind IN ('lead.created', 'lead.updated')"
        " AND subject_type = 'import' AND subject_id = ? AND contact_id IS NOT NULL",
        [str(import_number(ref))],
    )
    return Behind(tuple(found.column("who").to_pylist()), found.num_rows)


def counted(narrowed: LeadFilter) -> Behind | None:
    """The rows of the figure that the list is about."""
    return behind(narrowed.happened) if narrowed.happened else None
