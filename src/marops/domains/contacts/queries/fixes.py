"""What a bulk remedy would do to those at fault by a rule, and the fixes that were made."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from marops.domains.accounts.public import names, sees
from marops.domains.contacts.models import Fix
from marops.domains.contacts.permissions import visible_sql
from marops.domains.contacts.queries.deriving import parameters
from marops.domains.contacts.queries.quality import EVERYBODY, Narrowing, at_fault_sql, find_rule
from marops.domains.contacts.queries.words import arrays_of, vocabulary_of
from marops.domains.contacts.rules import countries, languages, sources
from marops.domains.contacts.rules.quality import BulkRemedy, QualityRule, fix_named, slug_of
from marops.domains.contacts.rules.remedies import REMEDIES, Remedy, remedy, tidied
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.definitions import load
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import grants

SHOWN = 20
BEFORE = "CASE WHEN k LIKE 'custom.%%' THEN c.custom -> substr(k, 8) ELSE to_jsonb(c) -> k END"
"""SQL for what the field `k` of `contact c` holds; for statements with parameters."""
_REF = re.compile(r"F-(\d{1,18})", re.IGNORECASE)
_CLEANED = {"source": sources.normalise, "country": countries.normalise, "language": languages.normalise}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A remedy chosen for a rule, with the value it sets where it takes one, for all at fault or some of them."""

    definition: Definition
    bulk: BulkRemedy
    value: str = ""
    narrowed: Narrowing = EVERYBODY

    @property
    def remedy(self) -> Remedy:
        """What the registry knows of it."""
        return remedy(self.bulk.do, self.bulk.field or "")

    def sql(self, actor: Actor, only: str = "") -> tuple[str, dict[str, Any]]:
        """contact_id, after (JSON) and skipped (why this person is left alone, NULL otherwise), with parameters.

        `only` is a condition over `contact c` that narrows it further.
        """
        one = self.remedy
        reasons = " ".join(f"WHEN {condition} THEN '{reason}'" for condition, reason in one.skips)
        condition, params = self.narrowed.sql()
        among, which = self.among()
        source = (
            f"FROM {among} LEFT JOIN contact_likeness l ON l.contact_id = c.id {one.joins}"
            f" WHERE {which} AND {visible_sql(actor, alias='c')} AND {condition}{f' AND {only}' if only else ''}"
        )
        params |= {"value": self.value, **self.words(only)}
        return f"SELECT c.id AS contact_id, {one.becomes} AS after, CASE {reasons} END AS skipped {source}", params

    def among(self) -> tuple[str, str]:
        """Whom it is for: the tables with `contact c`, and a condition over them."""
        return "contact_quality q JOIN contact c ON c.id = q.contact_id", at_fault_sql(self.definition.slug)

    def words(self, only: str = "") -> dict[str, Any]:
        """Values judged in Python that the remedy joins."""
        if self.bulk.do == "tidy_title":
            return _titles(self.definition.slug)
        if self.bulk.do == "standardise":
            return dict(arrays_of(vocabulary_of(self.bulk.field or "")))
        return parameters(self.bulk.do, only)


def _titles(slug: str) -> dict[str, list[str]]:
    """The titles of those at fault that are written in one case, with what becomes of each: words, not people."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.job_title FROM contact_quality q JOIN contact c ON c.id = q.contact_id"
            f" WHERE {at_fault_sql(slug)} AND c.job_title IS NOT NULL"
        )
        found = {title: tidied(title) for (title,) in cursor.fetchall()}
    changed = {title: becomes for title, becomes in found.items() if becomes != title}
    return {"tidy_values": list(changed), "tidy_becomes": list(changed.values())}


def proposed(slug: str, key: str = "", value: str = "", narrowed: Narrowing = EVERYBODY) -> Proposal:
    """The remedy `key` of a rule (its first one for an empty key), ready to be tried or applied.

    Raises MaropsError `not-found` for a rule that there is not, `invalid` for a remedy or a value that it does not
    take.
    """
    row = find_rule(slug)
    rule: QualityRule = load(row)
    bulk = fix_named(rule, key)
    if bulk is None:
        offered = ", ".join(one.key for one in rule.fixes)
        remedy_ = f"It has {offered}." if offered else "Its faults are put right one by one, on the leads' pages."
        said = f"The rule {slug} has no remedy {key!r} for many at once." if key else f"{slug} has no bulk remedy."
        raise MaropsError(INVALID, said, errors=[FieldError("remedy", said, remedy_, "/remedy", field="remedy")])
    return Proposal(row, bulk, _checked(bulk, value), narrowed)


def _checked(bulk: BulkRemedy, value: str) -> str:
    text = value.strip()
    if bulk.do != "set":
        if text:
            raise _wrong("This remedy takes no value.", "Leave it out.")
        return ""
    clean = _CLEANED.get(bulk.field or "")
    kept = clean(text) if clean and text else text
    if not kept:
        said = f"{value!r} is no {bulk.field}." if text else f"Say which {bulk.field} they get."
        raise _wrong(said, "Give a value, such as webinar for a source or DE for a country.")
    return kept


def _wrong(said: str, remedy_: str) -> MaropsError:
    return MaropsError(INVALID, said, errors=[FieldError("value", said, remedy_, pointer="/value", field="value")])


def preview(actor: Actor, proposal: Proposal) -> dict[str, Any]:
    """What the remedy would do: how many would change, twenty of them before and after, who is left alone and why."""
    sql, params = proposal.sql(actor)
    before = f"(SELECT jsonb_object_agg(k, {BEFORE}) FROM jsonb_object_keys(p.after) k)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT skipped, count(*) FROM ({sql}) p GROUP BY 1 ORDER BY 2 DESC, 1", params)
        counts: dict[str | None, int] = dict(cursor.fetchall())
        cursor.execute(
            f"SELECT c.number, c.full_name, {before}, p.after FROM ({sql}) p JOIN contact c ON c.id = p.contact_id"
            " WHERE p.skipped IS NULL ORDER BY c.number LIMIT %(shown)s",
            params | {"shown": SHOWN},
        )
        found = cursor.fetchall()
    personal = sees("personal", grants(actor))
    return {
        "rule": proposal.definition.slug,
        "definition": proposal.definition.pinned,
        "remedy": proposal.bulk.key,
        "title": proposal.bulk.title,
        "says": REMEDIES[proposal.bulk.do].says,
        "value": proposal.value or None,
        "narrowed": proposal.narrowed.chosen(),
        "contacts": counts.get(None, 0),
        "skipped": [{"reason": why, "contacts": number} for why, number in counts.items() if why],
        "rows": [_sample(row, personal=personal) for row in found],
    }


def _sample(row: Sequence[Any], *, personal: bool) -> dict[str, Any]:
    number, name, before, after = row
    ref = f"L-{number}"
    hidden = {} if personal else {"full_name", "given_name", "family_name", "street"}
    was, becomes = _plain(before), _plain(after)
    changed = [key for key, value in becomes.items() if value != was.get(key)]
    return {
        "ref": ref,
        "name": name or ref if personal else ref,
        "before": {key: None if key in hidden else was.get(key) for key in changed},
        "after": {key: None if key in hidden else becomes[key] for key in changed},
    }


def _plain(values: Any) -> dict[str, Any]:
    import json

    given = json.loads(values) if isinstance(values, str) else values
    return {key: value for key, value in given.items() if key != "company_id"}


def fixes(slug: str = "") -> QuerySet[Fix]:
    """Fixes, the newest first; of one rule, whatever its version."""
    found = Fix.objects.order_by("-number")
    return found.filter(rule__startswith=f"quality/{slug}@") if slug else found


def find_fix(ref: str) -> Fix:
    """The fix of this reference or number. Raises MaropsError `not-found`."""
    text = ref.strip()
    match = _REF.fullmatch(text)
    number = match[1] if match else text
    found = Fix.objects.filter(number=int(number)).first() if number.isdecimal() and len(number) < 19 else None
    if found is None:
        raise MaropsError(NOT_FOUND, f"There is no fix {ref!r}.")
    return found


def fix_json(one: Fix, people: dict[str, str] | None = None) -> dict[str, Any]:
    """A fix as REST and `--json` print it."""
    who = people if people is not None else names([one.actor_id, one.undone_by])
    times = {name: iso_utc(value)
             for name, value in (("at", one.at), ("undone_at", one.undone_at))}  # fmt: skip
    return {
        "ref": one.ref,
        "rule": slug_of(one.rule),
        "definition": one.rule,
        "remedy": f"{one.remedy}:{one.field}" if one.field else one.remedy,
        "title": REMEDIES[one.remedy].title if one.remedy in REMEDIES else one.remedy,
        "value": one.value or None,
        "narrowed": one.narrowed,
        "contacts": one.contacts,
        "skipped": [{"reason": why, "contacts": number} for why, number in one.skipped.items()],
        "by": who.get(one.actor_id, one.actor_id),
        **times,
        "undone_by": who.get(one.undone_by, one.undone_by) or None,
        "restored": one.restored,
    }
