"""The answer to "the leads are bad": causes in words, the routing as it ran, the data beneath, and what would change.

Everything rests on `queries.tracing`, which replays the leads, and on `methods.tracing`, which ranks the causes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from marops.domains.accounts.public import Account, names
from marops.domains.contacts.public import Contact, sources
from marops.domains.register.public import Campaign, Source
from marops.domains.routing.permissions import VIEW
from marops.domains.routing.queries.remedies import WITHHOLDS, Effect, Remedy, effect, remedy
from marops.domains.routing.queries.tracing import Leads, Wanted, handed_on, leads_of, shares, thresholds
from marops.domains.routing.rules import REASONS
from marops.engine.asking import query_engine
from marops.engine.session import LAKE_FAILED
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.definitions import active, load, versions
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.permissions import Scope, grants, require
from marops.kernel.workspace import zone
from marops.methods.intervals import wilson
from marops.methods.tracing import Found, Ranking, ranked
from marops.store.duckdb import QueryError

if TYPE_CHECKING:
    from marops.kernel.actions import Act

QUARTER: Final = timedelta(days=91)
_SHOWN: Final = 5
_LEAST: Final = timedelta(microseconds=1)
_TRIED: Final = 4
"""Remedies of so many causes are tried, the proposed one among them."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of cause: which of the three parts it belongs to, what it says of a lead, and what could be changed."""

    part: str
    says: Any
    change: Any
    definition: str = ""


SORTS: Final[Mapping[str, Sort]] = {
    "source": Sort("audience", gettext_lazy("They came from “%(what)s”"), gettext_lazy(
        "Leads from “%(what)s” are nurtured until they ask for something themselves, instead of going to sales."),
        "route/main"),
    "list": Sort("quality", gettext_lazy("They came with the list “%(what)s”"), gettext_lazy(
        "Leads of the list “%(what)s” go to sales only after their title and company were confirmed."), "route/main"),
    "campaign": Sort("audience", gettext_lazy("They came by the campaign “%(what)s”"), gettext_lazy(
        "Leads of the campaign “%(what)s” are nurtured until they ask for something themselves."), "route/main"),
    "signal": Sort("routing", gettext_lazy("One signal alone lifted their score over the threshold: “%(what)s”"),
        gettext_lazy("The signal “%(what)s” is capped, so that it lifts no lead over the threshold by itself."),
        "score/main"),
    "threshold": Sort("routing", gettext_lazy("Their score was only just over the threshold"), gettext_lazy(
        "The threshold rises by a tenth."), "score/main"),
    "stale-rule": Sort("routing", gettext_lazy("The rule “%(what)s” gave them to somebody who had to hand them on"),
        gettext_lazy("The rule “%(what)s” gives them to those who work on them now."), "route/main"),
    "late": Sort("routing", gettext_lazy("%(what)s missed the promised first touch"), gettext_lazy(
        "Leads of %(what)s go to a colleague as soon as the promise is missed."), "route/main"),
    "absent": Sort("routing", gettext_lazy("%(what)s was away when they came"), gettext_lazy(
        "Absences of %(what)s are kept in the plan, so that the route passes over."), "route/main"),
    "profile": Sort("audience", gettext_lazy("The company or the role hardly fits (grade C or worse)"), gettext_lazy(
        "An MQL needs grade B at least."), "score/main"),
    "fault": Sort("quality", gettext_lazy("Their record has a fault: %(what)s"), gettext_lazy(
        "Records with the fault “%(what)s” are put right before they go to sales."), "quality"),
    "open-deal": Sort("quality", gettext_lazy("Their company had an open deal already"), gettext_lazy(
        "Leads of companies with an open deal go to the owner of that deal."), "route/main"),
    "consent": Sort("quality", gettext_lazy("They had refused to be contacted"), gettext_lazy(
        "Who refused to be contacted does not go to sales."), "route/main"),
    "robot": Sort("quality", gettext_lazy("They came under throw-away addresses, as robots do"), gettext_lazy(
        "Leads under throw-away addresses wait until they give one that lasts."), "route/main"),
}  # fmt: skip


REJECTED: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Asked:
    """A complaint: about which leads, of which time."""

    since: datetime
    until: datetime
    wanted: Wanted = REJECTED


def trace(actor: Actor, asked: Asked) -> dict[str, Any]:
    """Why the leads are bad, as pages, REST and commands show it. Raises MaropsError `not-allowed`, `lake-failed`."""
    require(actor, VIEW)
    found = leads_seen(actor, asked.since, asked.until, asked.wanted)
    ranking = ranked(found.complaint, found.to_rank())
    words = _words(found)
    causes = [_cause(one, words) for one in ranking.causes if one.sure or one.excess.value > 0]
    return {
        "since": iso_utc(asked.since), "until": iso_utc(asked.until), "leads": ranking.leads,
        "control": ranking.control, "enough": ranking.enough, "answer": _answer(ranking, causes),
        "causes": [*causes, _unexplained(ranking)], "routing": _routing(found, asked, words),
        "quality": _quality(found, words), "proposal": _proposal(actor, ranking, asked, words),
        "how": _how(ranking),
    }  # fmt: skip


def about(asked: Asked) -> str:
    """About which leads a complaint is, in words."""
    wanted = asked.wanted
    if wanted.ids is not None:
        return ngettext("%(n)s lead that was named", "%(n)s leads that were named", len(wanted.ids)) % {
            "n": f"{len(wanted.ids):,}"
        }
    said = [_("All leads that sales got") if wanted.got else _("Leads that sales rejected")]
    people = names([one for one in wanted.among.get("owner", ()) if one])
    words: dict[str, Callable[[str], str]] = {
        "source": sources.label,
        "owner": lambda one: people.get(one, one),
        "reason": lambda one: str(REASONS.get(one, one)),
    }
    for column, values in wanted.among.items():
        say = words.get(column, str)
        said.append(", ".join(say(one) for one in values))
    first, last = (date_format(timezone.localtime(one, zone()), "j F Y") for one in (asked.since, asked.until - _LEAST))
    return f"{' · '.join(said)}, {first} – {last}"


def leads_named(refs: Sequence[str]) -> list[tuple[str, str | None]]:
    """For each reference (L-number, id, address) the id of the lead, or None where it names nobody or several."""
    from django.db import connection

    from marops.domains.contacts.public import resolve_people

    wanted = sorted({one.strip() for one in refs if one.strip()})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE named (ref text, contact_id uuid, hits int) ON COMMIT DROP")
        cursor.execute("INSERT INTO named (ref) SELECT unnest(%s::text[])", [wanted])
        resolve_people(cast("Act", None), "named")  # of no act: nothing is written but the temporary table
        cursor.execute("SELECT ref, contact_id::text FROM named WHERE contact_id IS NOT NULL")
        known = dict(cursor.fetchall())
    return [(one, known.get(one.strip())) for one in refs]


def seller_named(text: str) -> str:
    """The id of the account that an address, a name or an id names. Raises MaropsError `invalid`."""
    folded = text.strip().casefold()
    for account in Account.objects.only("id", "name", "email"):
        if folded in (str(account.id), account.name.casefold(), account.email.casefold()):
            return str(account.id)
    fault = FieldError("owner", f"Nobody is called {text!r}.", "Give an address of an account.", field="owner")
    raise MaropsError(INVALID, fault.message, errors=[fault])


def leads_seen(actor: Actor, since: datetime, until: datetime, wanted: Wanted = REJECTED) -> Leads:
    """The leads of a time that somebody may see. Raises MaropsError `lake-failed`."""
    condition = "true" if grants(actor).scope(VIEW) is Scope.ALL else _seen(actor)
    try:
        return leads_of(query_engine(), since, until, wanted=wanted, at_least=thresholds(), visible=condition)
    except QueryError as error:  # above all where nothing ever ran, and so no lake is there
        raise MaropsError(LAKE_FAILED, error.what, remedy=error.remedy) from error


def _seen(actor: Actor) -> str:
    """Whom somebody may see who does not see all, as a list of ids: scopes are rules over tables of PostgreSQL."""
    from marops.domains.contacts.public import visible

    ids = ",".join(f"'{one}'" for one in visible(actor).values_list("id", flat=True))
    return f"c.id::VARCHAR IN ({ids})" if ids else "false"


def leads_with(actor: Actor, asked: Asked, cause: str) -> tuple[str, list[dict[str, Any]]]:
    """A cause in words, and the leads complained of that it holds of; `unexplained` names those of no sure cause."""
    require(actor, VIEW)
    found = leads_seen(actor, asked.since, asked.until, asked.wanted)
    none, words = np.zeros_like(found.complaint), _words(found)
    if cause == "unexplained":
        sure = [one.code for one in ranked(found.complaint, found.to_rank()).causes if one.sure]
        rows = found.complaint & ~np.logical_or.reduce([none, *(found.causes[one] for one in sure)])
        says = _("No cause was found that is surely commoner among them")
    else:
        rows = found.complaint & found.causes.get(cause, none)
        sort = SORTS.get(cause.partition(":")[0])
        says = str(sort.says) % {"what": _what(cause, words)} if sort else ""
    return says, _listed(found, rows)


def _listed(found: Leads, rows: Any) -> list[dict[str, Any]]:
    wanted = [one for one, mine in zip(found.table.to_pylist(), rows, strict=True) if mine][:_LISTED]
    people = Contact.objects.only("full_name", "number", "company_name").in_bulk([one["contact_id"] for one in wanted])
    by_id = {str(key): value for key, value in people.items()}
    return [
        {"ref": f"L-{one['number']}", "name": by_id[one["contact_id"]].full_name or "",
         "company": by_id[one["contact_id"]].company_name or "", "source": one["source"], "rule": one["rule"] or "",
         "reason": str(REASONS.get(one["reason"] or "", one["reason"] or "")), "at": one["said_at"]}
        for one in wanted if one["contact_id"] in by_id
    ]  # fmt: skip


_LISTED: Final = 500


def _words(found: Leads) -> Mapping[str, str]:
    """Codes of causes → what people call it: owners by name, signals by label, faults by title."""
    owners = {code.partition(":")[2] for code in found.causes if code.startswith(("late:", "absent:"))}
    owners |= {one for one in found.table["owner"].to_pylist() if one}
    known = {f"owner:{one}": name for one, name in names(sorted(owners)).items()}
    known |= {f"source:{one.slug}": one.name for one in Source.objects.all()}
    known |= {f"campaign:{one.slug}": one.name for one in Campaign.objects.only("slug", "name")}
    for row in active("quality"):
        known[f"fault:{row.slug}"] = load(row).title
    for row in versions("score", "main"):
        for part in ("fit", "engagement"):
            for signal in [*row.document[part].get("signals", ()), *row.document[part].get("activities", ())]:
                known.setdefault(f"signal:{signal['name']}", signal["label"])
    return known


def _what(code: str, words: Mapping[str, str]) -> str:
    sort, _colon, what = code.partition(":")
    key = f"owner:{what}" if sort in ("late", "absent") else code
    return words.get(key, what)


def _cause(one: Found, words: Mapping[str, str]) -> dict[str, Any]:
    sort = SORTS[one.code.partition(":")[0]]
    return {
        "cause": one.code, "says": str(sort.says) % {"what": _what(one.code, words)}, "part": sort.part,
        "share": round(one.share, 4), "control_share": round(one.control_share, 4),
        "excess": round(one.excess.value, 4), "low": round(one.excess.low, 4), "high": round(one.excess.high, 4),
        "leads": one.leads, "sure": one.sure, "with_others": not one.sure and one.excess.low > 0,
    }  # fmt: skip


def _unexplained(ranking: Ranking) -> dict[str, Any]:
    share = ranking.unexplained / max(1, ranking.leads)
    low, high = wilson(share, ranking.leads) if ranking.leads else (0.0, 1.0)
    return {
        "cause": "unexplained", "says": _("No cause was found that is surely commoner among them"), "part": "",
        "share": round(share, 4), "control_share": None, "excess": None, "low": round(low, 4), "high": round(high, 4),
        "leads": ranking.unexplained, "sure": False,
    }  # fmt: skip


def _answer(ranking: Ranking, causes: Sequence[Mapping[str, Any]]) -> str:
    if not ranking.enough:
        return _("%(leads)s leads and %(control)s to compare them with are too few to tell.") % {
            "leads": ranking.leads, "control": ranking.control
        }  # fmt: skip
    sure = [one for one in causes if one["sure"]]
    if not sure:
        return _("Nothing is surely commoner among these %(n)s leads than among those that sales accepted.") % {
            "n": f"{ranking.leads:,}"
        }
    first = sure[0]
    said = _("%(says)s: %(share)s of the %(n)s leads, where %(control)s were to be expected.") % {
        "says": first["says"], "share": f"{first['share']:.0%}", "n": f"{ranking.leads:,}",
        "control": f"{first['control_share']:.0%}",
    }  # fmt: skip
    # What lets such leads through is not what they have in common: both belong into the sentence.
    lets = ("signal:", "stale-rule:")
    let = next((one for one in causes if one["with_others"] and one["cause"].startswith(lets)), None)
    return said if let is None else f"{said.rstrip('.')}; {_small(let['says'])}."


def _small(says: str) -> str:
    """A sentence as it stands after a semicolon."""
    return says[:1].lower() + says[1:]


def _how(ranking: Ranking) -> str:
    return _(
        "Compared with %(control)s leads that sales accepted in the same months and, where the cause is not about where"
        " leads come from, from the same sources. %(n)s possible causes were looked at, of which so many leads could"
        " tell %(told)s apart from chance; the intervals allow for all of these, so that one answer in twenty at most"
        " calls something sure that is chance."
    ) % {"control": f"{ranking.control:,}", "n": ranking.looked_at, "told": ranking.comparisons}


def _routing(found: Leads, asked: Asked, words: Mapping[str, str]) -> dict[str, Any]:
    """The routing as it ran: versions of the route in the period, rules, owners, and what went another way."""
    ran = [
        {"version": row.pinned, "from": iso_utc(row.valid_from), "why": row.reason}
        for row in versions("route", "main") if row.valid_from is not None and row.valid_from < asked.until
    ]  # fmt: skip
    owners = [
        one | {"name": words.get(f"owner:{one['value']}", one["value"])} for one in shares(found, "owner")[:_SHOWN]
    ]
    flagged = {
        sort.replace("-", "_"): _held(found, sort) for sort in ("stale-rule", "late", "absent", "signal", "threshold")
    }
    return {
        "versions": ran[:_SHOWN], "ran_by": shares(found, "route")[:_SHOWN], "rules": shares(found, "rule")[:_SHOWN],
        "owners": owners, "held": flagged,
    }  # fmt: skip


def _held(found: Leads, sort: str) -> int:
    """Of how many of the leads complained of any cause of a sort holds."""
    rows = [holds for code, holds in found.causes.items() if code.partition(":")[0] == sort]
    return int((np.logical_or.reduce(rows) & found.complaint).sum()) if rows else 0


def _quality(found: Leads, words: Mapping[str, str]) -> dict[str, Any]:
    """The data beneath: what sales said, and the faults of the records."""
    faults: list[dict[str, Any]] = [
        {"fault": code.partition(":")[2], "title": _what(code, words), "leads": int((holds & found.complaint).sum())}
        for code, holds in found.causes.items() if code.startswith("fault:")
    ]  # fmt: skip
    reasons = [one | {"says": str(REASONS.get(one["value"], one["value"]))} for one in shares(found, "reason")]
    worst = sorted((one for one in faults if one["leads"]), key=lambda one: -one["leads"])
    return {"reasons": reasons, "faults": worst[:_SHOWN], "sources": shares(found, "source")[:_SHOWN]}


def _proposal(actor: Actor, ranking: Ranking, asked: Asked, words: Mapping[str, str]) -> dict[str, Any] | None:
    """What would change: the remedy of the first sure cause, tried on the last quarter, beside those of others."""
    worth = [one for one in ranking.causes if one.excess.low > 0]
    if not worth or not worth[0].sure:
        return None
    since = asked.until - QUARTER
    quarter = leads_seen(actor, since, asked.until)
    by_sort = {one.code.partition(":")[0]: one.code for one in reversed(worth)}  # of each sort, the strongest
    codes = [one.code for one in worth if one.code in by_sort.values()][:_TRIED]
    first, *others = (_tried(code, quarter, words) for code in codes)
    return first | {
        "tried_on": {"since": iso_utc(since), "until": iso_utc(asked.until), "leads": int(quarter.table.num_rows)},
        "alternatives": others,
    }


def _tried(code: str, quarter: Leads, words: Mapping[str, str]) -> dict[str, Any]:
    sort, what = SORTS[code.partition(":")[0]], _what(code, words)
    change, hours = remedy_of(code, quarter)
    done = effect(query_engine(), quarter, code, change)
    low, high = wilson(done.saved / done.moved, done.moved) if done.moved else (0.0, 1.0)
    return {
        "cause": code, "what": what or str(sort.says), "withholds": code.partition(":")[0] in WITHHOLDS,
        "definition": f"{change.kind}/{change.slug}" if change else sort.definition,
        "may_draft": change is not None, "change": str(sort.change) % {"what": what},
        "moved": done.moved, "saved": done.saved, "lost": done.lost,
        "sooner_hours": None if hours is None else round(hours, 1),
        "saved_share": {
            "value": round(done.saved / done.moved, 4) if done.moved else None,
            "low": round(low, 4), "high": round(high, 4),
        },
        "says": _said(code, done, hours),
    }  # fmt: skip


def remedy_of(code: str, quarter: Leads) -> tuple[Remedy | None, float | None]:
    """The change of a definition that mends a cause, and how many hours sooner leads come to those who work on them.

    A rule's new people are those who have had its leads since; the hours are told of such rules alone.
    """
    if code.partition(":")[0] != "stale-rule":
        return remedy(code), None
    holds = quarter.causes.get(code, np.zeros_like(quarter.complaint))
    found, hours = handed_on(query_engine(), quarter, holds)
    by_id = {str(one.id): one.email for one in Account.objects.filter(id__in=list(found))}
    return remedy(code, [(by_id[one], n) for one, n in found.items() if one in by_id]), hours


def remedy_now(actor: Actor, code: str) -> Remedy | None:
    """The change of a definition that mends a cause, by the last quarter's leads. Raises MaropsError `lake-failed`."""
    at = now()
    if code.partition(":")[0] not in SORTS:
        return None
    return remedy_of(code, leads_seen(actor, at - QUARTER, at))[0]


def _said(code: str, done: Effect, hours: float | None) -> str:
    if not done.moved:
        return _("In the last quarter no lead would have gone another way: it is over, or too rare to try.")
    leads = ngettext("%(n)s lead of the last quarter", "%(n)s leads of the last quarter", done.moved) % {
        "n": f"{done.moved:,}"
    }
    if code.partition(":")[0] in WITHHOLDS:
        return _("%(leads)s would not have gone to sales: %(saved)s that it rejected, %(lost)s that it accepted.") % {
            "leads": leads, "saved": f"{done.saved:,}", "lost": f"{done.lost:,}"
        }  # fmt: skip
    if hours is not None:
        said = _("%(leads)s would have come straight to those who work on them, %(hours)s hours sooner.")
        return said % {"leads": leads, "hours": f"{hours:,.0f}"}
    return _(
        "%(leads)s would have gone another way. Sales rejected %(saved)s more of them than of others; none is lost."
    ) % {"leads": leads, "saved": f"{done.saved:,}"}
