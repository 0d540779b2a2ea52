"""One lead's page: what is to be done, the path, the story by days, the score's course, the promise."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import names
from marops.domains.contacts.public import contact_fields
from marops.domains.routing.charts import Course, course, used
from marops.domains.routing.rules import CHANNELS, REASONS
from marops.kernel.clock import now
from marops.kernel.numbers import points as shown_points

THEM, SALES, ENGINE = "them", "sales", "engine"
_WHOSE: Mapping[str, str] = {
    **dict.fromkeys(
        ("page.viewed", "form.submitted", "email.clicked", "email.opened", "web.tracked", "meeting.requested",
         "meeting.held", "consent.recorded", "lead.created"), THEM,
    ),
    **dict.fromkeys(
        ("lead.routed", "lead.touched", "lead.accepted", "lead.rejected", "lead.worked", "lead.won", "lead.lost",
         "sla.reminded", "sla.missed", "sla.escalated", "sla.met", "opportunity.created", "opportunity.changed",
         "opportunity.stage_changed", "opportunity.won", "opportunity.lost"), SALES,
    ),
}  # fmt: skip
_KINDS = {"human": "human", "ai": "ai", "system": "auto"}
_REASONS = {"lead.scored": "score", "lead.stage_changed": "stage", "lead.routed": "owner"}
_BIG = frozenset(
    {"lead.created", "lead.routed", "lead.stage_changed", "form.submitted", "meeting.requested", "lead.accepted",
     "lead.rejected", "lead.won", "lead.lost", "sla.missed", "opportunity.created", "opportunity.won"}
)  # fmt: skip
# Of these, several of one day are one line.
_GATHERED = {
    "page.viewed": lambda n: ngettext("Read one page", "Read %(n)s pages", n) % {"n": n},
    "email.clicked": lambda n: (
        ngettext("Followed one link in an e-mail", "Followed %(n)s links in e-mails", n) % {"n": n}
    ),
    "lead.updated": lambda n: ngettext("Got new values", "Got new values %(n)s times", n) % {"n": n},
}
STAGE_KINDS = {"mql": "info", "sal": "info", "sql": "info", "opportunity": "info", "customer": "good"}


# --- What is to be done -----------------------------------------------------------------------------------------------


def answer(story: Mapping[str, Any]) -> str:
    """The page's sentence: how good, where, with whom, and how long a first touch may still take."""
    said, sla = _headline(story), story["routing"].get("sla")
    if not sla or sla["state"] not in ("runs", "missed"):
        return said
    due = _at(sla["due_at"])
    if due is None:
        return said
    span = _span(abs((due - now()).total_seconds()))
    if sla["state"] == "missed":
        return f"{said} " + _("The first touch is %(span)s late.") % {"span": span}
    return f"{said} " + _("%(span)s left for a first touch.") % {"span": span}


def _headline(story: Mapping[str, Any]) -> str:
    score, stage, routing = story["score"], story["stage"], story["routing"]
    if score.get("value") is None:
        return _("New here: the engine has not looked at this lead yet.")
    words = cell_words(score)
    said = _("%(words)s: %(value)s of %(most)s") % {
        "words": words[:1].upper() + words[1:],
        "value": shown_points(score["value"], score["mql_from"]),
        "most": f"{score['fit']['of'] + score['engagement']['of']:.0f}",
    }
    if not routing.get("owner"):
        return _("%(said)s, and nobody has this lead yet.") % {"said": said}
    waits = _("Waits in %(owner)s") if routing["owner_kind"] == "queue" else _("With %(owner)s")
    at = _(", at stage %(stage)s") % {"stage": stage["label"]} if stage.get("label") else ""
    return f"{said}. {waits % {'owner': routing['owner']}}{at}."


def acts(disposition: Mapping[str, Any], *, mine: bool, may_dispose: bool, may_assign: bool) -> dict[str, Any]:
    """The one main action of this reader, and the others.

    Whoever owns the lead says what becomes of it; whoever only may hand it over does that first.
    """
    speaks = may_dispose and (mine or not may_assign)
    said = set(disposition["next"]) if speaks else set()
    order = [
        ("accepted", _("Accept")), ("working", _("I am on it")), ("won", _("Won")), ("lost", _("Lost")),
        ("rejected", _("Reject")),
    ]  # fmt: skip
    offered = [{"word": word, "label": label} for word, label in order if word in said]
    plain = [one for one in offered if one["word"] not in ("lost", "rejected")]
    ends = [one for one in offered if one["word"] in ("lost", "rejected")]
    # Who has not taken a lead rejects it; who has, loses it. The other word is on the page with a note.
    fitting = "rejected" if disposition.get("state") == "none" else "lost"
    return {
        "main_word": plain[0] if plain else None,
        "words": plain[1:],
        "with_reason": [one for one in ends if one["word"] == fitting],
        "reasons": list(REASONS.items()),
        "channels": list(CHANNELS.items()) if speaks else [],
        "hand_over_first": may_assign and not plain,
        "may_assign": may_assign,
        "may_dispose": may_dispose,
    }


def promise(sla: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The promise of a first touch as the page shows it: its word, its moment, and how much of its time is gone."""
    if not sla:
        return None
    words = {
        "runs": (_("runs"), "info"), "missed": (_("overdue"), "bad"), "met": (_("kept"), "good"),
        "late": (_("touched late"), "warn"), "ended": (_("ended"), "draft"),
    }  # fmt: skip
    started, due, met = _at(sla["started_at"]), _at(sla["due_at"]), _at(sla["met_at"])
    word, kind = words[sla["state"]]
    end = met or now()
    return {
        **sla, "word": word, "kind": kind, "due": due, "met": met, "open": sla["state"] in ("runs", "missed"),
        "took": _worked(sla["minutes"]) if sla.get("minutes") is not None else "",
        "used": used(started, due, end) if started and due else "0",
    }  # fmt: skip


# --- The path ---------------------------------------------------------------------------------------------------------


def path(stage: Mapping[str, Any], sla: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The stages up to where sales closes: reached with their time, passed over, the one now, and those to come.

    Ways out of the path are shown only when the lead took one; stages that were left out are then left out.
    """
    out = bool(stage.get("out"))
    steps = [
        one for one in stage["path"]
        if one["now"] or (not one.get("out") and (one.get("at") or not (out or one.get("optional"))))
    ]  # fmt: skip
    here = next((place for place, one in enumerate(steps) if one["now"]), -1)
    return [_step(one, place, here, stage, sla) for place, one in enumerate(steps)]


def _step(
    one: Mapping[str, Any], place: int, here: int, stage: Mapping[str, Any], sla: Mapping[str, Any] | None
) -> dict[str, Any]:
    if place == here:
        since = _at(stage.get("since"))
        waited = _("%(span)s so far") % {"span": _span((now() - since).total_seconds())} if since else ""
        return {"name": one["label"], "state": "now", "note": f"{_short(since)}, {waited}" if since else ""}
    if place > here:
        due = _at(sla["due_at"]) if sla and sla["state"] == "runs" and place == here + 1 else None
        note = _("touch due %(when)s") % {"when": _short(due)} if due else ""
        return {"name": one["label"], "state": "next", "note": note}
    if one.get("how") == "passed":
        return {"name": one["label"], "state": "passed", "note": _("passed over")}
    at = _at(one.get("at"))
    return {"name": one["label"], "state": "done" if at else "passed", "note": _short(at) if at else _("not reached")}


# --- The story --------------------------------------------------------------------------------------------------------


def story_tabs(timeline: Sequence[Mapping[str, Any]], shown: str) -> list[dict[str, Any]]:
    """Whose doings are shown: all, the lead's own, those of sales, those of the engine."""
    counts = dict.fromkeys((THEM, SALES, ENGINE), 0)
    for entry in timeline:
        counts[_whose(entry)] += 1
    labels = {"": _("All"), THEM: _("The lead"), SALES: _("Sales"), ENGINE: _("Engine")}
    return [
        {
            "label": label, "url": f"?show={whose}#story" if whose else "?#story",
            "count": counts[whose] if whose else len(timeline), "current": whose == shown,
        }
        for whose, label in labels.items()
        if not whose or counts[whose]
    ]  # fmt: skip


def days(timeline: Sequence[Mapping[str, Any]], ref: str, shown: str = "") -> list[dict[str, Any]]:
    """The story by days, newest first. Several page views of a day are one line, and of a day's scores the last."""
    zone = timezone.get_current_timezone()
    told = [(at, entry) for entry in timeline if (at := _at(entry["at"])) and (not shown or _whose(entry) == shown)]
    people = names([entry["by"] for _at_, entry in told if entry["actor"] == "human"])
    found = []
    for day, group in groupby(told, key=lambda one: timezone.localtime(one[0], zone).date()):
        entries = list(_entries(list(group), ref, people))
        found.append({"label": _day_label(day), "entries": entries})
    return found


def _entries(
    day: Sequence[tuple[datetime, Mapping[str, Any]]], ref: str, people: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    counts = {kind: sum(entry["kind"] == kind for _at_, entry in day) for kind in (*_GATHERED, "lead.scored")}
    for at, entry in day:
        kind = entry["kind"]
        gathered = kind in _GATHERED and counts[kind] > 1
        if (gathered or kind == "lead.scored") and kind in seen:
            continue
        seen.add(kind)
        section = _REASONS.get(kind)
        yield {
            "at": at,
            "kind": "them"
            if _whose(entry) == THEM and entry["actor"] != "human"
            else _KINDS.get(entry["actor"], "auto"),
            "what": _GATHERED[kind](counts[kind]) if gathered else _plain(entry),
            "text": people.get(str(entry["by"]), "") if entry["actor"] == "human" else "",
            "because_url": reverse("routing:because", args=[ref, section]) if section else "",
            "big": kind in _BIG,
        }


def _plain(entry: Mapping[str, Any]) -> str:
    """What a fact says, without its last stop; of a score the places behind the point are left out."""
    says = str(entry["says"]).rstrip(".")
    return re.sub(r"(\d)\.\d+", r"\1", says) if entry["kind"] == "lead.scored" else says


def _whose(entry: Mapping[str, Any]) -> str:
    return _WHOSE.get(entry["kind"], ENGINE)


def _day_label(day: Any) -> str:
    today = timezone.localtime(now()).date()
    words = date_format(day, "D j M" if day.year == today.year else "D j M Y")
    return _("Today, %(day)s") % {"day": words} if day == today else words


# --- The score --------------------------------------------------------------------------------------------------------


def score_course(history: Sequence[Mapping[str, Any]], score: Mapping[str, Any]) -> dict[str, Any]:
    """The course of the score, with the words beneath it."""
    points = [(at, float(one["value"])) for one in history if (at := _at(one["at"])) and one["value"] is not None]
    limit = score.get("mql_from", 0)
    drawn: Course | None = course(points, until=now(), threshold=score.get("mql_from"))
    return {
        "course": drawn,
        "course_from": _short(points[0][0], time=False) if points else "",
        "course_label": _("Score from %(first)s to %(last)s; an MQL from %(threshold)s")
        % {
            "first": shown_points(points[0][1], limit),
            "last": shown_points(points[-1][1], limit),
            "threshold": shown_points(limit, limit),
        }
        if points
        else "",
    }


def cell_words(score: Mapping[str, Any]) -> str:
    """What a cell of the matrix means: the letter is the fit, the number the engagement."""
    fits = {"A": _("fits very well"), "B": _("fits well"), "C": _("fits in part"), "D": _("hardly fits")}
    keen = {1: _("very keen"), 2: _("keen"), 3: _("some interest"), 4: _("no sign of interest")}
    parts = (fits.get(score.get("grade", ""), ""), keen.get(score.get("level", 0), ""))
    return ", ".join(part for part in parts if part)


def rows(score: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    """The contributions of one part of the score, as bars take them."""
    return [
        {"label": one["label"], "value": one["points"]} for one in score.get("contributions", []) if one["part"] == part
    ]


# --- Who it is --------------------------------------------------------------------------------------------------------

_FIRST = (
    "Job title", "Company", "Country", "City", "E-mail", "Phone", "Mobile phone", "Industry",
    "Employees of the company", "Language",
)  # fmt: skip


def known(contact: Mapping[str, Any]) -> dict[str, Any]:
    """What everybody wants to know of a person first; the rest of the usual fields, then those of this workspace."""
    fields, usual = contact["fields"], {one.label for one in contact_fields()}
    company = contact.get("company")
    first = [
        {"label": label, "value": fields[label]}
        | ({"url": reverse("contacts:company", args=[company["ref"]])} if label == "Company" and company else {})
        for label in _FIRST
        if label in fields
    ]
    named = {one["label"] for one in first} | {"Name"}
    rest = {label: value for label, value in fields.items() if label in usual and label not in named}
    return {
        "who": first,
        "rest": rest,
        "more": {label: value for label, value in fields.items() if label not in usual},
    }


def origins(contact: Mapping[str, Any], sources: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where each value came from, and how it was spelled there."""
    found = sources.get("fields") or {}
    aged = {one["label"]: age_words(one) for one in contact.get("ages", ())}
    return [
        {
            "label": label, "value": value, "original": contact["originals"].get(label, ""),
            "from": _from_words(found.get(label)), "age": aged.get(label, ""),
        }
        for label, value in contact["fields"].items()
        if label in found or contact["originals"].get(label)
    ]  # fmt: skip


def age_words(one: Mapping[str, Any]) -> str:
    """How long ago a value was given, and how likely it still is true."""
    months = round(one["months"])
    share = f"{one['fresh']:.0%}".replace("%", " %")
    if months < 1:
        return _("given this month, %(share)s likely to hold") % {"share": share}
    given = ngettext("given a month ago", "given %(n)s months ago", months) % {"n": months}
    return _("%(given)s, %(share)s likely to hold") % {"given": given, "share": share}


def oldest(contact: Mapping[str, Any]) -> str:
    """The value that is least likely to hold, in a sentence; empty while all are younger than their half-life."""
    worst = next((one for one in contact.get("ages", ()) if one["aged"]), None)
    if worst is None:
        return ""
    said = _("%(label)s: %(age)s. Half of such values change within %(n)s months.")
    return said % {"label": worst["label"], "age": age_words(worst), "n": worst["half_life_months"]}


def _from_words(origin: Mapping[str, Any] | None) -> str:
    if not origin:
        return ""
    brought = str(origin.get("import") or "")
    if derived := origin.get("derived_from"):
        return _("derived from %(what)s (%(fix)s)") % {"what": derived, "fix": brought}
    return _("%(import)s, row %(row)s") % {"import": brought, "row": origin["row"]} if brought[:2] == "I-" else brought


# --- Words ------------------------------------------------------------------------------------------------------------


def _at(text: str | datetime | None) -> datetime | None:
    return parse_datetime(text) if isinstance(text, str) else text


def _short(at: datetime | None, *, time: bool = True) -> str:
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localtime(now())
    if local.date() == today.date() and time:
        return _("today %(time)s") % {"time": date_format(local, "H:i")}
    if local.year != today.year:
        return date_format(local, "j M Y")
    return date_format(local, "j M, H:i" if time and abs((today - local).days) < 30 else "j M")


def _span(seconds: float) -> str:
    """A length of time in its two largest units."""
    minutes = int(seconds // 60)
    days_, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days_:
        return f"{days_} d {hours} h" if hours and days_ < 10 else f"{days_} d"
    return _worked(hours * 60 + minutes)


def _worked(minutes: int) -> str:
    """A length of working time: never in days, which are of another length there."""
    hours, rest = divmod(minutes, 60)
    if hours and not rest:
        return f"{hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
