"""Pages of quality: the database, one rule with those at fault, and remedies in bulk."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.contacts.actions import undo_fix
from marops.domains.contacts.charts import NARROW, WIDE, Trend, trend
from marops.domains.contacts.forms import FixForm
from marops.domains.contacts.jobs import start_fix
from marops.domains.contacts.permissions import FIX, VIEW
from marops.domains.contacts.queries.fixes import find_fix, fix_json, fixes, preview, proposed
from marops.domains.contacts.queries.quality import (
    Narrowing,
    find_rule,
    people_at_fault,
    rule_summary,
    summary,
    versions_of,
    would_find,
)
from marops.domains.contacts.queries.vocabularies import words_title
from marops.domains.contacts.rules import countries, sources
from marops.domains.contacts.rules.quality import QualityRule
from marops.domains.contacts.story import in_words
from marops.domains.contacts.story import label as field_label
from marops.kernel.definitions import ACTIVATE, CHANGE, UNDECIDED, activate, find, kinds, load
from marops.kernel.differences import differences
from marops.kernel.errors import MaropsError
from marops.kernel.forms import add_problem, posted
from marops.kernel.jobs import JOB_FAILED
from marops.kernel.models import Job
from marops.kernel.permissions import may
from marops.kernel.rest import cursor, place
from marops.kernel.rules_sentence import inner

PER_PAGE = 50
SHOWN_GROUPS = 12
_KINDS = {"high": "bad", "medium": "warn", "low": ""}


def _severities() -> dict[str, str]:
    return {"high": _("high"), "medium": _("medium"), "low": _("low")}


def _dimensions() -> dict[str, str]:
    return {
        "completeness": _("Completeness"),
        "validity": _("Validity"),
        "freshness": _("Freshness"),
        "consistency": _("Consistency"),
        "uniqueness": _("Uniqueness"),
        "policy": _("Policy"),
    }


# --- the database ----------------------------------------------------------------------------------------------------


@require_GET
@needs(VIEW)
def database(request: HttpRequest) -> HttpResponse:
    """What is wrong with the records, by rule, source, import and owner."""
    narrowed = _narrowing(request)
    found = summary(actor_of(request), narrowed)
    wanted = request.GET.get("dimension", ""), request.GET.get("severity", ""), request.GET.get("owner", "")
    rules = [_shown(one) for one in found["rules"] if _wanted(one, *wanted)]
    checked = found["score"] is not None
    points = found["trend"] if checked else []
    context = {
        "found": found,
        "checked": checked,
        "rules": rules,
        "quiet": [one for one in rules if not one["contacts"]],
        "finding": [one for one in rules if one["contacts"]],
        "answer": _answer(found, narrowed),
        "narrowed": narrowed.chosen(),
        "query": urlencode(narrowed.chosen()),
        "charts": _charts(points, "score", most=100.0),
        "points": [_point(one) for one in reversed(points)],
        "groups": _groups(found),
        "filters": _filters(found),
        "may_fix": may(actor_of(request), FIX),
        "fixes": fixes()[:1].exists(),
        "may_change": may(actor_of(request), CHANGE),
    }
    return render(request, "contacts/quality.html", context)


def _wanted(one: dict[str, Any], dimension: str, severity: str, owner: str) -> bool:
    return dimension in ("", one["dimension"]) and severity in ("", one["severity"]) and owner in ("", one["owner"])


def _narrowing(request: HttpRequest) -> Narrowing:
    return Narrowing(request.GET.get("source", ""), request.GET.get("import", ""))


def _filters(found: dict[str, Any]) -> list[dict[str, Any]]:
    owners = sorted({(one["owner"], one["owner_title"]) for one in found["rules"]})
    return [
        {"key": "dimension", "label": _("Kind of fault"), "options": list(_dimensions().items())},
        {"key": "severity", "label": _("Severity"), "options": list(_severities().items())},
        {"key": "owner", "label": _("Who sees to it"), "options": owners},
        *_where_from(found["sources"], found["imports"], "contacts"),
    ]


def _where_from(
    sources_: list[dict[str, Any]], imports: list[dict[str, Any]], counted: str
) -> Iterator[dict[str, Any]]:
    """The filters by source and by import, each choice with its number of records."""
    for key, label, lines in (("source", _("Source"), sources_), ("import", _("Import"), imports)):
        options = [(one["key"] or "-", f"{one['name']} ({one[counted]:,})") for one in lines]
        if lines:
            yield {"key": key, "label": label, "options": options}


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    share = one["share"] or 0.0
    return one | {
        "dimension_words": _dimensions()[one["dimension"]],
        "severity_words": _severities()[one["severity"]],
        "kind": _KINDS[one["severity"]],
        "width": f"{max(share * 84, 1 if share else 0):.1f}",
    }


def _answer(found: dict[str, Any], narrowed: Narrowing) -> str:
    if found["score"] is None:
        return _("No record was checked yet.")
    of = narrowed.words()
    said = _said(found)
    return f"{of[:1].upper()}{of[1:]}: {said[:1].lower()}{said[1:]}" if of else said


def _said(found: dict[str, Any]) -> str:
    worst = next((one for one in found["rules"] if one["contacts"]), None)
    said = _("Quality is %(score)s of 100: %(faulty)s of %(all)s records have a fault") % {
        "score": f"{found['score']:.0f}", "faulty": f"{found['faulty']:,}", "all": f"{found['contacts']:,}",
    }  # fmt: skip
    if worst is None:
        return _("Quality is 100 of 100: no rule finds a fault.")
    most = _("most often: %(title)s (%(count)s).") % {
        "title": inner(worst["title"]),
        "count": f"{worst['contacts']:,}",
    }
    return f"{said}, {most}"


def _charts(points: list[dict[str, Any]], what: str, *, most: float | None = None) -> list[Trend]:
    """The line for wide and for narrow screens; none while there is no second day."""
    values = [(date.fromisoformat(one["day"]), float(one[what] or 0)) for one in points]
    drawn = (trend(values, most=most, width=width) for width in (WIDE, NARROW))
    return [one for one in drawn if one]


def _point(one: dict[str, Any]) -> dict[str, Any]:
    return one | {"date": date.fromisoformat(one["day"])}


def _groups(found: dict[str, Any]) -> list[dict[str, Any]]:
    owners = [one | {"by": _("queue")} for one in found["queues"] if one["key"]]
    owners += [one for one in found["owners"] if one["key"]]
    owners.sort(key=lambda one: (-one["faulty"], one["name"]))
    named = (
        ("source", _("By source"), _("Source"), found["sources"]),
        ("", _("By owner"), _("Owner"), owners),
        ("import", _("By import"), _("Import"), found["imports"]),
    )
    return [
        {"key": key, "title": title, "head": head, "lines": lines[:SHOWN_GROUPS],
         "more": max(0, len(lines) - SHOWN_GROUPS), "drawn": any(len(one.get("trend", ())) > 1 for one in lines)}
        for key, title, head, lines in named
        if lines
    ]  # fmt: skip


# --- one rule --------------------------------------------------------------------------------------------------------


@require_GET
@needs(VIEW)
def rule(request: HttpRequest, slug: str) -> HttpResponse:
    """One rule: what it says, whom it finds, and what can be done for all of them."""
    actor = actor_of(request)
    found = _shown(rule_summary(actor, slug))
    given = request.GET
    narrowed = _narrowing(request)
    after = place(given["after"]) if given.get("after") else ()
    people = people_at_fault(actor, slug, narrowed, limit=PER_PAGE, after=after)
    more = people[PER_PAGE - 1] if len(people) > PER_PAGE else None
    context = {
        "rule": found,
        "answer": _rule_answer(found),
        "people": [_row(one) for one in people[:PER_PAGE]],
        "next": cursor(more["score"], more["number"]) if more else "",
        "query": urlencode(narrowed.chosen()),
        "narrowed": narrowed.words(),
        "first": not after,
        "filters": list(_where_from(found["sources"], found["imports"], "faulty")),
        "groups": _rule_groups(found),
        "charts": _charts(found["trend"], "faulty"),
        "points": [_point(one) for one in reversed(found["trend"])],
        "versions": _versions(slug),
        "drafts": _drafts(slug, found["contacts"]),
        "may_change": may(actor, CHANGE),
        "may_fix": may(actor, FIX) and found["fixes"] and found["contacts"],
        "fixed": [_fix(one) for one in map(fix_json, fixes(slug)[:5])],
    }
    return render(request, "contacts/rule.html", context)


def _rule_groups(found: dict[str, Any]) -> list[dict[str, Any]]:
    named = (
        ("source", _("By source"), _("Source"), found["sources"]),
        ("import", _("By import"), _("Import"), found["imports"]),
    )
    return [
        {
            "key": key,
            "title": title,
            "head": head,
            "lines": [one | {"of": one["faulty"] / one["contacts"]} for one in lines[:SHOWN_GROUPS]],
            "more": max(0, len(lines) - SHOWN_GROUPS),
        }
        for key, title, head, lines in named
        if lines
    ]


def _rule_answer(found: dict[str, Any]) -> str:
    if not found["contacts"]:
        return _("No record has this fault.")
    share = f"{(found['share'] or 0):.1%}".replace(".0%", "%").replace("%", " %")
    said = ngettext(
        "%(count)s record has this fault, %(share)s of all", "%(count)s records have this fault, %(share)s of all",
        found["contacts"],
    ) % {"count": f"{found['contacts']:,}", "share": share}  # fmt: skip
    change = found["change_7d"]
    if not change:
        return f"{said}."
    moved = _("%(n)s more than a week ago") if change > 0 else _("%(n)s fewer than a week ago")
    return f"{said}; {moved % {'n': f'{abs(change):,}'}}."


def _row(one: dict[str, Any]) -> dict[str, Any]:
    country, source = one["country"], one["source"]
    return one | {
        "country": countries.name(country) if country else "",
        "source": sources.label(source) if source else "",
        "others": len(one["faults"]) - 1,
    }


def _versions(slug: str) -> list[dict[str, Any]]:
    rows = versions_of(slug)
    who = names([row.author for row in rows])
    return [
        {
            "version": row.version,
            "at": row.valid_from or row.created_at,
            "who": who.get(row.author, _("Marops")),
            "kind": "human" if row.author in who else "auto",
            "reason": row.reason,
            "state": row.state,
        }
        for row in rows
    ]


def _drafts(slug: str, present: int) -> list[dict[str, Any]]:
    """Versions that are not in force yet, with how many each would find."""
    in_force = find_rule(slug).document
    return [
        {"row": row, "would": would_find(row), "now": present, "differences": differences(in_force, row.document)}
        for row in versions_of(slug)
        if row.state in UNDECIDED
    ]


# --- remedies --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@needs(FIX)
def fix(request: HttpRequest, slug: str) -> HttpResponse:
    """A remedy for those at fault, all or of one source or import: what it would do, then doing it."""
    actor, row = actor_of(request), find_rule(slug)
    document: QualityRule = load(row)
    data = posted(request) or request.GET
    form = FixForm(data)
    narrowed = Narrowing(data.get("source", ""), data.get("import", ""))
    shown: dict[str, Any] = {
        "slug": slug, "rule": document, "form": form, "remedies": _remedies(document, data, narrowed),
        "kept": narrowed.chosen(), "narrowed": narrowed.words(), "query": urlencode(narrowed.chosen()),
    }  # fmt: skip
    if not document.fixes or not form.is_valid():
        return render(request, "contacts/fix_none.html", shown)
    chosen, value = form.cleaned_data["remedy"] or document.fixes[0].key, form.cleaned_data["value"]
    shown |= {"chosen": next((one for one in shown["remedies"] if one["key"] == chosen), None), "value": value}
    if request.method == "GET" and shown["chosen"] and shown["chosen"]["value"] and not value:
        return render(request, "contacts/fix.html", shown)
    try:
        proposal = proposed(slug, chosen, value, narrowed)
        if request.method == "POST":
            job = start_fix(proposal, actor=actor)
            messages.success(request, _("The remedy is being applied. You may leave this page; it goes on."))
            return redirect("contacts:fixing", slug=slug, ref=job.ref)
        shown |= {"preview": previewed(preview(actor, proposal))}
    except MaropsError as error:
        add_problem(form, error)
        return render(request, "contacts/fix.html", shown, status=422)
    return render(request, "contacts/fix.html", shown)


def _remedies(document: QualityRule, data: Any, narrowed: Narrowing) -> list[dict[str, Any]]:
    wanted = data.get("remedy", "") or (document.fixes[0].key if document.fixes else "")
    return [
        {
            "key": one.key, "title": one.title, "value": one.do == "set", "current": one.key == wanted,
            "field": field_label(one.field, {}) if one.field else "", "label": one.title,
            "url": f"?{urlencode({'remedy': one.key, **narrowed.chosen()})}",
            "count": None,
        }
        for one in document.fixes
    ]  # fmt: skip


def previewed(found: dict[str, Any]) -> dict[str, Any]:
    """What a change in bulk would do, in words for its page."""
    rows = [
        one | {
            "changes": [
                {"label": field_label(name, {}), "before": _words(name, one["before"].get(name)),
                 "after": _words(name, value)}
                for name, value in one["after"].items()
            ]
        }
        for one in found["rows"]
    ]  # fmt: skip
    left = sum(one["contacts"] for one in found["skipped"])
    return found | {"rows": rows, "left": left, "answer": _will(found["contacts"], left)}


def _words(name: str, value: Any) -> str:
    return "" if value is None else in_words(name, value)


def _will(change: int, left: int) -> str:
    said = ngettext("%(n)s record would change", "%(n)s records would change", change) % {"n": f"{change:,}"}
    if not left:
        return f"{said}."
    return f"{said}, " + ngettext("%(n)s is left alone.", "%(n)s are left alone.", left) % {"n": f"{left:,}"}


@require_GET
@needs(FIX)
def fixing(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """A remedy while it is applied; once it has ended, what came of it."""
    number = ref.removeprefix("J-")
    job = Job.objects.filter(kind="quality.fix", number=int(number)).first() if number.isdecimal() else None
    if job is None:
        return redirect("contacts:rule", slug=slug)
    if job.state == Job.State.DONE and (done := (job.result or {}).get("fix")):
        if not request.headers.get("HX-Request"):
            return redirect("contacts:fix-done", ref=done)
        return HttpResponse(headers={"HX-Redirect": reverse("contacts:fix-done", args=[done])})
    part = "contacts/fixing_part.html" if request.headers.get("HX-Request") else "contacts/fixing.html"
    return render(request, part, {"job": job, "slug": slug, "poll_url": request.path, "failed": JOB_FAILED.title})


@require_GET
@needs(VIEW)
def fix_list(request: HttpRequest) -> HttpResponse:
    """Every remedy that was applied in bulk, the newest first."""
    rows = list(fixes()[:200])
    people = names([one.actor_id for one in rows] + [one.undone_by for one in rows if one.undone_by])
    shown = [_fix(fix_json(one, people)) for one in rows]
    return render(request, "contacts/fixes.html", {"fixes": shown})


@require_GET
@needs(VIEW)
def fix_done(request: HttpRequest, ref: str) -> HttpResponse:
    """One remedy that was applied, and the way back."""
    one = find_fix(ref)
    if ref != one.ref:
        return redirect("contacts:fix-done", ref=one.ref)
    shown = _fix(fix_json(one))
    return render(request, "contacts/fix_done.html", {"fix": shown, "may_undo": may(actor_of(request), FIX)})


def _fix(one: dict[str, Any]) -> dict[str, Any]:
    title, url = _about(one["definition"])
    left = sum(skip["contacts"] for skip in one["skipped"])
    said = ngettext("%(n)s record was put right", "%(n)s records were put right", one["contacts"])
    answer = said % {"n": f"{one['contacts']:,}"}
    if left:
        answer += ", " + ngettext("%(n)s was left alone", "%(n)s were left alone", left) % {"n": f"{left:,}"}
    if one["undone_at"]:
        answer += "; " + ngettext(
            "%(n)s record has its value back", "%(n)s records have their value back", one["restored"] or 0
        ) % {"n": f"{one['restored'] or 0:,}"}
    field = one["remedy"].partition(":")[2]
    of_field = {"value_words": _words(field, one["value"]) if field else one["value"]}
    times = {name: parse_datetime(one[name]) for name in ("at", "undone_at") if one[name]}
    of = Narrowing(one["narrowed"].get("source", ""), one["narrowed"].get("import", "")).words()
    return (
        one
        | times
        | of_field
        | {
            "rule_title": title,
            "rule_url": url,
            "of": of,
            "query": urlencode(one["narrowed"]),
            "left": left,
            "answer": f"{answer}.",
        }
    )


def _about(pinned: str) -> tuple[str, str]:
    """What a change was for, and where that stands: a rule of quality, or the words of a field."""
    row = find(pinned)
    if row.kind == "quality":
        return load(row).title, reverse("contacts:rule", args=[row.slug])
    if row.kind == "vocabulary":
        return words_title(load(row).field), reverse("contacts:vocabulary", args=[load(row).field])
    return str(kinds()[row.kind].title), reverse("contacts:enrichment")


@require_POST
@needs(ACTIVATE)
def put_in_force(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Put a draft of a rule in force."""
    row = activate(actor=actor_of(request), ref=f"quality/{slug}@{version}")
    messages.success(request, _("%(ref)s is in force; every record is checked again.") % {"ref": row.pinned})
    return redirect("contacts:rule", slug=slug)


@require_POST
@needs(FIX)
def undo(request: HttpRequest, ref: str) -> HttpResponse:
    """Take a fix back."""
    one = undo_fix(actor=actor_of(request), fix_id=find_fix(ref).id)
    said = ngettext("%(n)s record has its value back.", "%(n)s records have their value back.", one.restored or 0)
    messages.success(request, said % {"n": f"{one.restored or 0:,}"})
    return redirect("contacts:fix-done", ref=one.ref)
