"""Pages of predictive scores: all of them, one with its pictures, a version beside the one in force, and leads."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.scoring.permissions import VIEW
from marops.domains.scoring.prediction import charts
from marops.domains.scoring.prediction.documents import compare_url, models
from marops.domains.scoring.prediction.jobs import CHECK, TRAIN
from marops.domains.scoring.prediction.learning import too_few
from marops.domains.scoring.prediction.looks import known_lately
from marops.domains.scoring.prediction.queries import (
    KIND,
    bands,
    in_force,
    last_check,
    likeliest,
    newest,
    version_of,
    waiting,
)
from marops.domains.scoring.prediction.rules import Prediction
from marops.domains.scoring.queries.boards import LEADS
from marops.kernel.clock import now
from marops.kernel.definitions import ACTIVATE, CHANGE, UNDECIDED, activate, load, versions
from marops.kernel.jobs import start_job
from marops.kernel.models import Definition, Job
from marops.kernel.permissions import may

_SHAPES, _BEFORE = 12, 8
_RUNNING = ("waiting", "running")


@require_GET
@needs(VIEW)
def predictions(request: HttpRequest) -> HttpResponse:
    """Every predictive score, side by side."""
    rows = models()
    trained = [one for one in rows if one["trained"]]
    answer = _("Nothing is foretold yet: a model has to be trained and put in force.")
    if trained:
        leads = sum(one["leads"] for one in trained)
        answer = _("%(leads)s open leads have a likelihood.") % {"leads": f"{leads:,}"}
    return render(request, "scoring/predictions.html", {"rows": rows, "answer": answer})


@require_GET
@needs(VIEW)
def prediction(request: HttpRequest, slug: str) -> HttpResponse:
    """One predictive score: how good it is, what it looks at, and who is how likely; or what it waits for."""
    row = in_force(slug) or newest(slug)
    document: Prediction = load(row)
    actor, counts, check = actor_of(request), bands(slug), last_check(slug)
    outcomes = known_lately(slug, document, now())
    report = document.report
    context = {
        "slug": slug,
        "row": row,
        "model": document,
        "learnt": document.model,
        "report": report,
        "answer": _answer(document, outcomes.won, outcomes.lost),
        "outcomes": outcomes,
        "lacks": too_few(outcomes, document.least),
        "says": document.outcome.says,
        "bands": _bands(document, counts, slug, may(actor, LEADS)),
        "check": check,
        "drifted": [one for one in check.figures["drift"]["fields"] if one["alarm"]] if check else [],
        "compared": _compared(report),
        "excluded": _excluded(report),
        "silent": _silent(report),
        "picture": _picture(report, check),
        "shapes": _shapes(document),
        "importance": _importance(document),
        "versions": _versions(slug),
        "waiting": _waits(slug),
        "job": _job(slug),
        "may_change": may(actor, CHANGE),
    }
    return render(request, "scoring/prediction.html", context)


def _answer(document: Prediction, won: int, lost: int) -> str:
    report = document.report
    if document.model is None:
        if min(won, lost) < document.least:
            told = {"won": f"{won:,}", "lost": f"{lost:,}", "least": f"{document.least:,}"}
            return _("Not enough outcomes yet: %(won)s won, %(lost)s lost; %(least)s of each are needed.") % told
        return _("It has not learnt anything yet: %(won)s leads came to a yes, %(lost)s did not.") % {
            "won": f"{won:,}",
            "lost": f"{lost:,}",
        }
    if not report.get("lift_10"):
        return _("It learnt from what became of earlier leads.")
    told = {"lift": f"{report['lift_20']:.1f}", "captured": f"{report['captured_20']:.0%}"}
    return _("The best fifth of leads came to a yes %(lift)s times as often as usual: %(captured)s of all.") % told


def _bands(document: Prediction, counts: Mapping[str, int], slug: str, linked: bool) -> list[dict[str, Any]]:
    most = max(counts.values(), default=0) or 1
    url = reverse("scoring:prediction-leads", args=[slug])
    return [
        {
            "label": one.label,
            "from": one.from_percent,
            "leads": (leads := counts.get(one.name, 0)),
            "width": f"{360 * leads / most:.1f}",
            "url": f"{url}?band={one.name}" if linked and leads else "",
        }
        for one in document.bands
    ]


def _compared(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    told = report.get("compare") or {}
    titles = (("new", _("This version")), ("old", _("The version before it")), ("rules", _("Score by rules")))
    return [{"title": title, "which": key, **told[key]} for key, title in titles if key in told]


def _excluded(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is left out, what matters first; without fields that say nothing."""
    found = report.get("excluded") or []
    rows = [one for one in found if one["kind"] != "constant"]
    rank = {"leak": 0, "copy": 0, "later": 1, "fair": 2, "asked": 3}
    return sorted(rows, key=lambda one: rank.get(one["kind"], 4))


def _silent(report: Mapping[str, Any]) -> str:
    """The fields that say the same of every lead, or nothing."""
    return ", ".join(one["field"] for one in report.get("excluded") or [] if one["kind"] == "constant")


def _picture(report: Mapping[str, Any], check: Any) -> Any:
    series = []
    if report.get("reliability"):
        series.append((_("When it was trained"), "d1", report["reliability"]))
    if check and check.figures.get("reliability") and not check.figures.get("notes"):
        series.append((_("Since then"), "hollow", check.figures["reliability"]))
    return charts.reliability(series, "foretold") if series else None


def _shapes(document: Prediction) -> list[dict[str, Any]]:
    if document.model is None:
        return []
    terms = [one for one in document.model.ordered() if one.weight > 0.005][:_SHAPES]
    rows = {one.field: charts.rows_of(document, one) for one in terms}
    most = max((abs(points) for found in rows.values() for _words, points in found), default=1)
    return [
        {"label": document.label(one.field), "svg": charts.shape(document, one, f"shape-{at}", most)}
        for at, one in enumerate(terms)
    ]


def _importance(document: Prediction) -> list[dict[str, Any]]:
    if document.model is None:
        return []
    terms = list(document.model.ordered())
    most = terms[0].weight or 1 if terms else 1
    return [
        {"label": document.label(one.field), "weight": one.weight, "width": f"{240 * one.weight / most:.1f}"}
        for one in terms
    ]


def _waits(slug: str) -> dict[str, Any] | None:
    row = waiting(slug)
    return {"pinned": row.pinned, "url": compare_url(row)} if row else None


def _job(slug: str) -> Job | None:
    return (
        Job.objects.filter(kind__in=(TRAIN, CHECK), arguments__prediction=slug, state__in=_RUNNING)
        .order_by("-number")
        .first()
    )


def _versions(slug: str) -> list[dict[str, Any]]:
    found = versions(KIND, slug)[:_BEFORE]
    who = names([one.author for one in found])
    return [
        {
            "version": one.version,
            "at": one.valid_from or one.created_at,
            "who": who.get(one.author, one.author),
            "kind": "human" if one.author in who else "auto",
            "reason": one.reason,
            "state": one.state,
            "draft": one.state in UNDECIDED,
            "compare": compare_url(one) if one.document.get("model") else "",
        }
        for one in found
    ]


@require_GET
@needs(VIEW)
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """A version beside the one it was to replace and the score by rules, on the same leads; and who changes band."""
    given = request.GET.get("version", "")
    row = version_of(slug, int(given)) if given.isdecimal() else waiting(slug) or in_force(slug) or newest(slug)
    document: Prediction = load(row)
    report = document.report
    labels = {one.name: one.label for one in document.bands}
    moved = [one for one in report.get("moves", []) if one["from"] != one["to"]]
    stayed = sum(one["leads"] for one in report.get("moves", []) if one["from"] == one["to"])
    context = {
        "slug": slug,
        "row": row,
        "model": document,
        "report": report,
        "rows": _drawn(_compared(report)),
        "answer": _compared_answer(report),
        "against": report.get("against"),
        "moves": [
            {**one, "from": labels.get(one["from"], one["from"]), "to": labels.get(one["to"], one["to"])}
            for one in moved
        ],
        "moved": sum(one["leads"] for one in moved),
        "stayed": stayed,
        "pictures": _pictures(report),
        "excluded": _excluded(report),
        "silent": _silent(report),
        "watch": report.get("watch") or [],
        "is_draft": row.state in UNDECIDED,
    }
    return render(request, "scoring/prediction_compare.html", context)


def _drawn(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An interval on a line from 0.4 to 1: below a half is worse than chance."""

    def x(area: float) -> float:
        return 320 * (min(max(area, 0.4), 1.0) - 0.4) / 0.6

    return [
        {
            **one,
            "x": f"{x(one['auc']):.1f}",
            "low": f"{x(one['auc_low']):.1f}",
            "width": f"{x(one['auc_high']) - x(one['auc_low']):.1f}",
            "half": f"{x(0.5):.1f}",
        }
        if one.get("auc") is not None
        else one
        for one in rows
    ]


def _compared_answer(report: Mapping[str, Any]) -> str:
    told = report.get("compare") or {}
    new, other = told.get("new"), told.get("old") or told.get("rules")
    if not new or new.get("auc") is None:
        return _("This version has learnt nothing.")
    if not other or other.get("auc") is None:
        return _("It puts %(auc)s of 100 pairs of leads in the right order.") % {"auc": round(100 * new["auc"])}
    said = {
        "new": round(100 * new["auc"]),
        "old": round(100 * other["auc"]),
        "other": _("the version in force") if told.get("old") else _("the score by rules"),
    }
    if other["behind_low"] > 0:
        return (
            _("It is better than %(other)s: of 100 pairs of leads it puts %(new)s in the right order, not %(old)s.")
            % said
        )
    if other["behind_high"] < 0:
        return (
            _("It is worse than %(other)s: of 100 pairs of leads it puts %(new)s in the right order, not %(old)s.")
            % said
        )
    return (
        _(
            "It cannot be told from %(other)s yet: of 100 pairs of leads %(new)s are in the right order, against"
            " %(old)s."
        )
        % said
    )


def _pictures(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    told = report.get("compare") or {}
    titles = (("new", _("This version"), "d1"), ("old", _("The version before it"), "d2"))
    return [
        {
            "title": title,
            "ece": told[key]["ece"],
            "svg": charts.reliability([(title, css, told[key]["reliability"])], f"foretold-{key}"),
        }
        for key, title, css in titles
        if told.get(key, {}).get("reliability")
    ]


@require_GET
@needs(VIEW)
def leads(request: HttpRequest, slug: str) -> HttpResponse:
    """Open leads that one may see, the likeliest first."""
    row = in_force(slug) or newest(slug)
    document: Prediction = load(row)
    band = request.GET.get("band", "")
    chosen = next((one for one in document.bands if one.name == band), None)
    rows = likeliest(actor_of(request), slug, band=chosen.name if chosen else "", limit=100)
    labels = {one.name: one.label for one in document.bands}
    context = {
        "slug": slug,
        "row": row,
        "model": document,
        "chosen": chosen,
        "rows": [{**one, "band_label": labels.get(one["band"], one["band"])} for one in rows],
        "answer": _("Whom to call first, by what became of earlier leads.")
        if rows
        else _("Nobody has a likelihood here."),
    }
    return render(request, "scoring/prediction_leads.html", context)


@require_POST
@needs(CHANGE)
def train(request: HttpRequest, slug: str) -> HttpResponse:
    """Start the training; what it leaves is a draft."""
    newest(slug)
    one = _job(slug) or start_job(TRAIN, {"prediction": slug}, actor=actor_of(request))
    return redirect("job", ref=one.ref)


@require_POST
@needs(VIEW)
def measure(request: HttpRequest, slug: str) -> HttpResponse:
    """Measure the model in force on what is known by now."""
    newest(slug)
    one = _job(slug) or start_job(CHECK, {"prediction": slug}, actor=actor_of(request))
    return redirect("job", ref=one.ref)


@require_POST
@needs(ACTIVATE)
def put_in_force(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Put a version in force; somebody other than its author has to, where there is somebody."""
    row: Definition = activate(actor=actor_of(request), ref=f"{KIND}/{slug}@{version}")
    messages.success(request, _("%(ref)s is in force; every open lead gets its likelihood anew.") % {"ref": row.pinned})
    return redirect("scoring:prediction", slug=slug)
