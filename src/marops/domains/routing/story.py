"""What a lead's story says about its owner, and why; about its promise, and what became of it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops.domains.accounts.public import names
from marops.domains.register.public import queue_names
from marops.domains.routing.dealing import BY_HAND, seats_from
from marops.domains.routing.models import Assignment, LeadDisposition, LeadSla, PoolDeal
from marops.domains.routing.rules import CHANNELS, MOVES, REASONS, STATES, Pool, Route
from marops.kernel import memo
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.definitions import find, load
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition
from marops.kernel.rules_sentence import sentence
from marops.methods.turns import deal


def routing(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """The owner, since when, the rules in the order they were weighed, the candidates, and the reason in words."""
    row = Assignment.objects.select_related("queue").filter(contact_id=contact_id).first()
    own = {"sla": sla(contact_id), "disposition": disposition(contact_id)}
    if row is None:
        return own | {"owner": None, "rules": [], "why": "Nobody owns this lead yet: the engine has not routed it."}
    document: Route | None = load(find(row.definition)) if "@" in row.definition else None
    return own | {
        "owner": _owner(row),
        "owner_kind": "queue" if row.queue else "person",
        "since": iso_utc(row.routed_at),
        "rule": row.rule,
        "cause": "by_hand" if row.definition == BY_HAND else row.because.get("cause", "route"),
        "definition": row.definition,
        "rules": _weighed(row, document) if document else [],
        "candidates": candidates(row, document) if document else [],
        "turn": row.because.get("turn"),
        "stays": row.because.get("stays"),
        "why": " ".join(filter(None, (_words(row, document), _stayed(row)))),
    }


def _owner(row: Assignment) -> str:
    if row.queue:
        return row.queue.name
    return _name(row.owner_id)


def _name(account_id: UUID | str | None) -> str:
    return names([account_id]).get(str(account_id), "somebody who left") if account_id else ""


def _weighed(row: Assignment, document: Route) -> list[dict[str, Any]]:
    passed = set(row.because.get("not_matched", []))
    return [
        {
            "name": rule.name,
            "label": rule.label,
            "when": sentence(rule.when),
            "result": "matched" if rule.name == row.rule else "not matched" if rule.name in passed else "not reached",
        }
        for rule in document.rules
    ]


# --- R6: why this one -------------------------------------------------------------------------------------------------


def candidates(row: Assignment, document: Route) -> list[dict[str, Any]]:
    """Everybody of the pool as they stood when this lead's turn came, worked out again from the record of the deal."""
    known = as_uuid(row.because.get("deal", ""))
    kept = PoolDeal.objects.filter(id=known).first() if known else None
    rule = document.rule(row.rule)
    if kept is None or rule is None or rule.pool is None:
        return []
    return stood(kept, rule.pool, int(row.because["turn"]))


def stood(kept: PoolDeal, pool: Pool, turn: int) -> list[dict[str, Any]]:
    """How everybody stood before a turn of a deal, and who took it. The same turn always gives the same answer."""
    before = deal(seats_from(kept.seats, pool.hours), turn - kept.turn - 1, turn=kept.turn)
    taker = deal(before.seats, 1, turn=turn - 1).takers()
    seats = {seat.name: (number, seat) for number, seat in enumerate(before.seats)}
    whole = sum(seat.weight for seat in before.seats) or 1
    told = []
    for one in kept.seats:
        number, seat = seats.get(one["ref"], (-1, None))
        had = before.taken[number] if seat else 0
        full = seat is not None and seat.room == 0
        told.append(
            {
                "ref": one["ref"],
                "name": one["name"],
                "state": "full" if full else one["state"],
                "says": _says_state(one, had, full=full),
                "weight": one["weight"],
                "share": one["weight"] / whole if seat else 0.0,
                "owed": round(seat.credit / 10**9, 3) if seat else None,
                "open": one["open"] + had,
                "last_turn": seat.last if seat else one["last"],
                "chosen": bool(taker) and number == taker[0],
            }
        )
    return told


def _says_state(one: Mapping[str, Any], had: int, *, full: bool) -> str:
    if full or one["state"] == "full":
        return _("full: %(open)s open leads, %(today)s today") % {
            "open": one["open"] + had,
            "today": one["today"] + had,
        }
    if one["state"] == "absent":
        until = parse_datetime(one["until"])
        return _("away until %(until)s") % {"until": date_format(until, "j M Y, H:i") if until else one["until"]}
    words: Mapping[str, str] = {
        "works": _("at work"),
        "unasked": _("hours do not count here"),
        "off": _("off work"),
        "closed": _("off work; this pool deals only to people at work"),
        "had": _("had this lead already"),
        "gone": _("has no account, or left"),
    }
    return words.get(one["state"], str(one["state"]))


def _words(row: Assignment, document: Route | None) -> str:
    if document is None:
        return _by_hand(row)
    cause = row.because.get("cause", "route")
    if cause in ("duplicate", "company"):
        return _followed(row, cause)
    if cause == "sla":
        return f"{_upper(_name(row.because.get('had')))} did not touch the lead in the time promised, so it went on."
    if row.rule and row.owner_id:
        return _of_pool(row, document) or f"The rule “{document.label(row.rule)}” was the first that matched."
    if row.rule:
        return _of_queue(row, document.label(row.rule))
    rules = len(document.rules)
    none = "The route has no rules yet" if not rules else f"None of its {rules} rules matched"
    if gone := row.because.get("queue_gone"):
        return f"{none}, and its fallback queue “{gone}” was not there; so the lead went to “{_owner(row)}”."
    return f"{none}, so the lead went to the fallback queue “{_owner(row)}”."


def _of_queue(row: Assignment, rule: str) -> str:
    """Why a rule's lead lies in a queue: the rule says so, nobody could take it, or what it names was not there."""
    gone = row.because.get("queue_gone")
    if row.because.get("full"):
        said = f"The rule “{rule}” matched, but nobody of its pool could take the lead"
        return (
            f"{said}, and the fallback queue “{gone}” was not there; so “{_owner(row)}” has it." if gone else f"{said}."
        )
    if gone:
        return f"The rule “{rule}” names the queue “{gone}”, which was not there; so the fallback took it."
    return f"The rule “{rule}” was the first that matched."


def _upper(words: str) -> str:
    """With a capital first, for the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def _queue(slug: str) -> str:
    """A queue by its name; one that is gone by the short name it had."""
    known = queue_names().get(slug)
    return f"the queue “{known}”" if known else f"the queue “{slug}”, which is gone since"


def _stayed(row: Assignment) -> str:
    """That a rule would have moved the lead, had sales not been at work on it."""
    stays = row.because.get("stays")
    if not stays:
        return ""
    said = {"won": "had won it"}.get(stays["state"], "had it in work")
    rule, version = _label(stays["definition"], stays["rule"]), stays["definition"].partition("/")[2]
    return f"The rule “{rule}” of {version} would have moved it; it stayed, for sales {said}."


def _by_hand(row: Assignment) -> str:
    reason = str(row.because.get("reason") or "").strip()
    if taken := row.because.get("taken"):
        return f"Taken by hand from {_queue(taken)}."
    said = "Handed over by hand"
    if use := row.because.get("ai_use"):
        said = f"Handed over by an AI, under the use {use}"
    elif row.because.get("cause") == "absence":
        said = "Handed over because the owner was away"
    ends = "" if reason.endswith((".", "!", "?")) else "."
    return f"{said}: {reason}{ends}" if reason else f"{said}."


def _of_pool(row: Assignment, document: Route) -> str:
    found = candidates(row, document)
    chosen = next((one for one in found if one["chosen"]), None)
    if chosen is None:
        return ""
    able = [one for one in found if one["owed"] is not None and one["state"] != "full"]
    rule = f"The rule “{document.label(row.rule)}” was the first that matched"
    if len(able) == 1:
        return f"{rule}, and {chosen['name']} was the only one of its pool who could take the lead."
    others = f"{len(able)} of {len(found)}" if len(able) < len(found) else f"all {len(found)}"
    return f"{rule}. Of its pool {others} could take it, and it was the turn of {chosen['name']}."


def _followed(row: Assignment, cause: str) -> str:
    with_whom = row.because.get("like") or row.because.get("with")
    if cause == "duplicate":
        return f"{_upper(_owner(row))} owns {with_whom}, who has the same phone or mailbox."
    leads = row.because.get("company_leads")
    if leads:
        return f"{_upper(_owner(row))} owns {leads} lead{'' if leads == 1 else 's'} of the same company."
    return f"{_upper(_owner(row))} got {with_whom} of the same company, who came together with this lead."


# --- The promise, and what became of it -------------------------------------------------------------------------------


def sla(contact_id: UUID) -> dict[str, Any] | None:
    """How the promise of a first touch stands; None where none was made."""
    row = LeadSla.objects.filter(contact_id=contact_id).first()
    if row is None:
        return None
    at = now()
    state = (
        "met" if row.met_at and not row.missed_at else "late" if row.met_at else "ended" if row.ended_at
        else "missed" if row.missed_at or row.due_at <= at else "runs"
    )  # fmt: skip
    return {
        "clock": row.clock,
        "state": state,
        "started_at": iso_utc(row.started_at),
        "due_at": iso_utc(row.due_at),
        "met_at": iso_utc(row.met_at),
        "missed_at": iso_utc(row.missed_at),
        "minutes": row.minutes,
        "calendar": row.calendar,
        "zone": row.zone,
        "definition": row.definition,
        "rounds": row.rounds,
    }


def disposition(contact_id: UUID) -> dict[str, Any]:
    """What sales last said of the lead, and what may be said next."""
    row = LeadDisposition.objects.filter(contact_id=contact_id).first()
    state = row.state if row else "none"
    return {
        "state": state,
        "label": STATES[state],
        "reason": row.reason if row else None,
        "reason_label": REASONS.get(row.reason or "", "") if row else "",
        "note": row.note if row else "",
        "at": iso_utc(row.at) if row else None,
        "by": names([row.by]).get(row.by, row.by) if row else None,
        "next": [word for word in STATES if word in MOVES[state]],
    }


def _said_routed(fact: Mapping[str, Any]) -> str:
    told = fact["properties"] or {}
    to = _queue(told["queue"]) if told.get("queue") else _name(told.get("owner"))
    cause = "by_hand" if told.get("by_hand") and told.get("cause") != "absence" else told.get("cause", "route")
    because = {
        "by_hand": "handed over by an AI" if fact["actor_type"] == "ai" else "handed over by a person",
        "absence": "because the owner was away",
        "duplicate": "who has another lead with the same number",
        "company": "who has the company's other leads",
        "sla": "because nobody had touched the lead in time",
        "fallback": "because nobody else could have it",
    }.get(cause, f"by the rule “{_label(fact['definition'], told['rule'])}”" if told.get("rule") else "")
    return f"Went to {to}{f', {because}' if because else ''}."


def _label(definition: str | None, rule: str) -> str:
    """What the rule was called in the version that decided."""
    known = Definition.objects.filter(kind="route")
    slug, _at, version = (definition or "").partition("/")[2].partition("@")
    row = memo.once(
        ("route", definition),
        lambda: known.filter(slug=slug, version=int(version)).first() if version.isdecimal() else None,
    )
    return load(row).label(rule) if row else rule


def _said_touched(fact: Mapping[str, Any]) -> str:
    told = fact["properties"] or {}
    return f"Sales got in touch: {CHANNELS.get(told.get('channel', ''), 'something').lower()}."


def _with_reason(words: str) -> Callable[[Mapping[str, Any]], str]:
    def says(fact: Mapping[str, Any]) -> str:
        reason = (fact["properties"] or {}).get("reason")
        return f"{words}: {REASONS.get(reason, reason).lower()}." if reason else f"{words}."

    return says


def _said_met(fact: Mapping[str, Any]) -> str:
    minutes = (fact["properties"] or {}).get("minutes")
    return "First touch in time." if minutes is None else f"First touch in time, after {minutes} working minutes."


def _said_escalated(fact: Mapping[str, Any]) -> str:
    to = (fact["properties"] or {}).get("to", "")
    who = _name(to) if as_uuid(to) else "nobody" if to in ("", "nobody") else _queue(to)
    return f"{_upper(who)} heard of the missed promise."


SAYINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "lead.routed": _said_routed,
    "lead.touched": _said_touched,
    "lead.accepted": _with_reason("Sales accepted the lead"),
    "lead.rejected": _with_reason("Sales rejected the lead"),
    "lead.worked": _with_reason("Sales works on the lead"),
    "lead.won": _with_reason("The lead was won"),
    "lead.lost": _with_reason("The lead was lost"),
    "sla.reminded": lambda _fact: "The owner was reminded that a first touch is due.",
    "sla.missed": lambda _fact: "No first touch in the time promised.",
    "sla.met": _said_met,
    "sla.escalated": _said_escalated,
}
"""What a lead's timeline says of routing, promises and sales."""
