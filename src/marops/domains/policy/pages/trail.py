"""The trail: what AI did, waited for and was refused; one act with all it rests on; proof and evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.policy import public
from marops.domains.policy.draft_forms import EvidenceForm
from marops.domains.policy.jobs import VERIFY
from marops.domains.policy.pages.frame import OPEN, Row, tabs
from marops.domains.policy.permissions import TRAIL
from marops.domains.policy.queries import overrides, register, shown
from marops.domains.policy.queries.narrowing import Narrowed
from marops.domains.policy.queries.policies import policy_of
from marops.domains.policy.queries.told import page_json
from marops.domains.policy.rules.domain import ACTION
from marops.domains.policy.rules.wording import listed
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Job

DAYS = 30
SHOWN = 25
VERDICTS = {
    "yes": (gettext_lazy("yes"), "good"), "waits": (gettext_lazy("waits"), "warn"), "no": (gettext_lazy("no"), "bad"),
}  # fmt: skip


@require_GET
@needs(TRAIL)
def trail(request: HttpRequest) -> HttpResponse:
    """Acts, the newest first, by use and answer."""
    return _page(request)


_NARROWS = ("use", "verdict", "person", "term", "why", "days", "since", "until")


def _page(request: HttpRequest, form: EvidenceForm | None = None) -> HttpResponse:
    given, line = {name: request.GET.get(name, "") for name in _NARROWS}, _line(request)
    found = register.trail(_asked(given, line), request.GET.get("after") or None, SHOWN)
    uses = {one["use"]: one["document"]["title"] for one in register.register()}
    people = names(shown.people())
    kept = {**given, **(line["query"] if line else {})}
    older = {name: value for name, value in kept.items() if value} | {"after": found["next"]} if found["next"] else {}
    context = {
        "tabs": tabs(request, "trail"), "answer": _answer(),
        "rows": [_row(one, uses, people) for one in found["items"]],
        "filters": _filters(given, uses, people), "narrowed": any(given.values()),
        "line": line, "older": f"?{urlencode(older)}" if older else "", "newest": not request.GET.get("after"),
        "proof": _proof(), "form": form or EvidenceForm(initial={"use": given["use"]}), "days": DAYS,
        "overrides": overrides.overrides(now() - timedelta(days=DAYS)),
    }  # fmt: skip
    return render(request, "policy/trail.html", context, status=422 if form and form.is_bound else 200)


def _asked(given: dict[str, str], line: Row | None) -> Narrowed:
    """What the address asks for; what it says that there is none of is left out, and so is its chip."""
    if given["verdict"] not in VERDICTS:
        given["verdict"] = ""
    try:
        first, last = public.time_between(given["since"], given["until"])
    except MaropsError:
        given["since"], given["until"], first, last = "", "", None, None
    return replace(Narrowed.of(given, first, last), among=line["among"] if line else None)


def _filters(given: dict[str, str], uses: Mapping[str, str], people: Mapping[str, str]) -> list[Row]:
    """Selects for what people choose, and chips for what a link of another page brought."""
    known = sorted(people.items(), key=lambda one: one[1])
    found: list[Row] = [
        {"key": "use", "label": _("Use"), "options": sorted({**uses, **shown.unknown_uses(uses)}.items())},
        {"key": "verdict", "label": _("Answer"), "options": [(key, words) for key, (words, _kind) in VERDICTS.items()]},
        {"key": "person", "label": _("For"), "options": known},
        {
            "key": "days",
            "label": _("Time"),
            "options": [(str(n), _("last %(n)s days") % {"n": n}) for n in (7, 30, 90)],
        },
    ]
    if given["since"] or given["until"]:
        said = _("%(first)s to %(last)s") % {"first": given["since"] or "…", "last": given["until"] or "…"}
        found.append(
            {"key": "since" if given["since"] else "until", "label": _("Days"), "said": said, "takes": ("until",)}
        )
    if given["term"]:
        found.append({"key": "term", "label": _("What"), "said": str(ACTION.answers.get(given["term"], given["term"]))})
    if given["why"]:
        found.append({"key": "why", "label": _("Reason"), "said": given["why"][:90]})
    return found


def _line(request: HttpRequest) -> Row | None:
    """The line of the page whose acts are asked for, where it is one."""
    query = {name: request.GET.get(name, "") for name in ("version", "line")}
    if query["line"] != "none" and not (query["line"].isdecimal() and len(query["line"]) < 6):
        return None
    policy, at = policy_of(query["version"]), None if query["line"] == "none" else int(query["line"])
    told = page_json(policy)
    lines = [*told["lines"], *told["details"]]
    if at is not None and at >= len(lines):
        return None
    return {"head": "" if at is None else lines[at]["head"], "version": policy.row.version, "days": shown.QUARTER,
            "query": query, "among": shown.acts_of(policy, lines, at)}  # fmt: skip


def _row(one: Row, uses: Row, people: Mapping[str, str]) -> Row:
    words, kind = VERDICTS[one["verdict"]]
    return one | {
        "at": datetime.fromisoformat(one["at"]), "use_title": uses.get(one["use"], one["use"]), "said": words,
        "for_name": people.get(one["on_behalf_of"], one["on_behalf_of"] or "–"), "kind": kind,
        "known": one["use"] in uses,
        "does": str(ACTION.answers.get(one["term"], one["term"])),
    }  # fmt: skip


def _answer() -> str:
    counts = overrides.counts(now() - timedelta(days=DAYS))
    if not any(counts.values()):
        return _("AI did nothing in the last %(days)s days.") % {"days": DAYS}
    done, waited, refused = counts["yes"], counts["waits"], counts["no"]
    said = [_("AI did nothing")]
    if done:
        said = [ngettext("AI did %(n)s thing", "AI did %(n)s things", done) % {"n": f"{done:,}"}]
    if waited:
        said.append(ngettext("waited for people once", "waited for people %(n)s times", waited) % {"n": f"{waited:,}"})
    if refused:
        said.append(ngettext("was refused once", "was refused %(n)s times", refused) % {"n": f"{refused:,}"})
    return _("%(said)s in the last %(days)s days.") % {"said": listed(said), "days": DAYS}


def _proof() -> Row:
    """The newest run that verified the trail."""
    job = Job.objects.filter(kind=VERIFY).order_by("-number").first()
    if job is None:
        return {}
    result = job.result or {}
    acts, seals, open_still = (int(result.get(name) or 0) for name in ("acts", "seals", "unsealed"))
    under = ngettext("under %(n)s seal", "under %(n)s seals", seals) % {"n": f"{seals:,}"}
    said = ngettext("%(n)s act", "%(n)s acts", acts) % {"n": f"{acts:,}"}
    unsealed = ngettext("%(n)s was not sealed yet then.", "%(n)s were not sealed yet then.", open_still)
    return {
        "said": f"{said} {under}", "unsealed": unsealed % {"n": f"{open_still:,}"} if open_still else "",
        "job": job, "url": reverse("job", args=[job.ref]), "running": job.state in OPEN,
        "result": result, "failed": bool(job.problem), "at": job.ended_at,
    }  # fmt: skip


@require_POST
@needs(TRAIL)
def verify(request: HttpRequest) -> HttpResponse:
    """Have the whole trail recomputed."""
    job = Job.objects.filter(kind=VERIFY, state__in=OPEN).first() or public.start_verifying(actor_of(request))
    return redirect("job", job.ref)


@require_POST
@needs(TRAIL)
def evidence(request: HttpRequest) -> HttpResponse:
    """Have the evidence of some days gathered; the file is on the job's page."""
    form = EvidenceForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    since, until = (day.isoformat() if (day := form.cleaned_data[name]) else "" for name in ("since", "until"))
    job = public.start_evidence(actor_of(request), form.cleaned_data["use"], since, until)
    messages.success(request, _("The file will be on this page when it is written."))
    return redirect("job", job.ref)


@require_GET
@needs(TRAIL)
def act(request: HttpRequest, act: UUID) -> HttpResponse:
    """One act: the answer, the rules and reasons behind it, and what stood at that moment."""
    found = public.act_of(actor_of(request), act)
    uses = {one["use"]: one["document"]["title"] for one in register.register()}
    row = _row(found, uses, {})
    context = {
        "tabs": tabs(request, "trail"), "row": row, "answer": _says(row), "rules": _rules(found),
        "pairs": _pairs(found, row), "facts": _facts(found["facts"]), "because": found["reasons"],
    }  # fmt: skip
    return render(request, "policy/act.html", context)


_FACTS = {
    "approvals": gettext_lazy("People who had approved exactly this"),
    "consented": gettext_lazy("Those it is about consented"), "reversible": gettext_lazy("It can be taken back"),
    "stopped": gettext_lazy("A kill switch was thrown"), "recipients": gettext_lazy("People it would reach"),
    "recipients_today": gettext_lazy("People reached in the 24 hours before"),
    "records": gettext_lazy("Records it is about"),
    "records_today": gettext_lazy("Records handled in the 24 hours before"),
    "spent": gettext_lazy("Money it would spend"), "spent_today": gettext_lazy("Money spent in the 24 hours before"),
    "regimes": gettext_lazy("Countries whose law it falls under"),
}  # fmt: skip


def _facts(facts: Row) -> list[tuple[Any, str]]:
    """What stood at that moment, in words; what is said elsewhere on the page is left out."""
    return [(label, _in_words(facts[name])) for name, label in _FACTS.items() if name in facts]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _says(row: Row) -> str:
    told = {"use": row["use_title"], "does": row["does"]}
    if row["verdict"] == "yes":
        return _("%(use)s did it: %(does)s.") % told
    if row["verdict"] == "waits":
        return _("%(use)s had to wait for people: %(does)s.") % told
    return _("%(use)s was refused: %(does)s.") % told


def _rules(found: Row) -> Sequence[tuple[str, str, str]]:
    """(id, sentence, address) of the rules behind the answer, as they stood in that version."""
    try:
        rules = (
            {one.id: one for one in policy_of(found["policy"].rpartition("@")[2]).document.rules}
            if found["policy"]
            else {}
        )
    except MaropsError:
        rules = {}
    return [
        (name, rules[name].says, f"{reverse('policy:rule', args=[name])}") if name in rules else (name, "", "")
        for name in found["rules"]
    ]


def _pairs(found: Row, row: Row) -> list[Any]:
    people = names([one for one in (found["on_behalf_of"], found["actor"]) if as_uuid(one)])
    version = found["policy"].rpartition("@")[2]
    use_url = reverse("policy:use", args=[found["use"]]) if row["known"] else ""
    pairs: list[Any] = [
        {"label": _("Use"), "value": f"{row['use_title']} v{found['use_version'] or '–'}", "url": use_url},
        (_("For"), people.get(found["on_behalf_of"], found["on_behalf_of"])),
        (_("Who"), people.get(found["actor"], found["actor"])), (_("About"), found["subject"] or "–"),
        (_("In the policy's words"), row["does"]),
        {"label": _("Policy"), "value": found["policy"] or _("none in force"),
         "url": reverse("policy:version", args=[int(version)]) if version.isdigit() else ""},
    ]  # fmt: skip
    reach = [
        (_("People reached"), found["recipients"]), (_("Records"), found["records"]), (_("Money"), found["spent"]),
        (_("Tokens"), found["tokens"]),
    ]  # fmt: skip
    pairs += [(label, f"{value:,}") for label, value in reach if value]
    pairs += [(label, value) for label, value in (
        (_("Cost"), f"{found['cost']:,.4f}" if found["cost"] else ""), (_("Prompt"), found["prompt"]),
        (_("Readers were told"), found["disclosure"]),
    ) if value]  # fmt: skip
    if found["draft"]:
        pairs.append(
            {"label": _("Draft"), "value": _("what was read"), "url": reverse("policy:draft", args=[found["draft"]])}
        )
    return pairs
