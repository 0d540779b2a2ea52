"""Pages of the AI that helps: which one it is, what it is asked, and what came of it."""

from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marops.connectors.assistant import actions, queries
from marops.connectors.assistant.asking import ask
from marops.connectors.assistant.forms import DraftForm, PageForm, ProviderForm, WordsForm, values_of
from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.permissions import MANAGE
from marops.connectors.assistant.reading import summary_arguments
from marops.connectors.assistant.rules import HELPS, harmless
from marops.connectors.assistant.uses import lacking, propose_entries
from marops.domains.accounts.public import actor_of, needs
from marops.domains.capture.public import IMPORT, may_import, plan_import
from marops.kernel import files
from marops.kernel.definitions import CHANGE
from marops.kernel.errors import NOT_ALLOWED, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.jobs import start_job
from marops.kernel.models import Definition, File, Job
from marops.kernel.permissions import may, require

_FORM = ["GET", "HEAD", "POST"]
_TRIAL = [{"role": "user", "content": "Answer with the one word: yes"}]
_TRIAL_SECONDS = 20


def _titles() -> dict[str, str]:
    return {
        "draft": _("Draft definitions from a sentence"), "words": _("Propose vocabularies for data quality"),
        "columns": _("Propose where columns of a file go"), "summary": _("Summarise pages"),
    }  # fmt: skip


# --- Which AI helps ---------------------------------------------------------------------------------------------------


@require_http_methods(_FORM)
@needs(MANAGE)
def provider(request: HttpRequest) -> HttpResponse:
    """Which AI helps, what it costs, and for what the register names it."""
    one = queries.provider()
    initial = {name: getattr(one, name) for name in actions.SHOWN} if one else None
    form = ProviderForm(posted(request), initial=initial)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.set_up(
                actor=actor_of(request), values=values_of(form.cleaned_data), key=form.cleaned_data["key"] or None
            )
            messages.success(request, _("Kept."))
            return redirect("assistant:provider")
    context = {
        "one": one, "form": form, "answer": _answer(one), "lines": _lines(), "jobs": queries.lately(),
        "lacks": len(lacking(one)) if one else 0, "lacks_key": bool(one and not one.key and not one.inside),
    }  # fmt: skip
    return render(request, "assistant/provider.html", context, status=422 if form.is_bound else 200)


def _answer(one: Provider | None) -> str:
    if one is None or not one.on:
        return _("No AI helps here; nothing depends on one.")
    count = len(queries.uses_in_force())
    told = {"model": one.model, "vendor": one.vendor}
    where = _where(one)
    if not count:
        return (
            _("%(model)s of %(vendor)s is set up, and may do nothing: no use of it is in the register.") % told + where
        )
    words = ngettext("%(n)s kind of help", "%(n)s kinds of help", count) % {"n": count}
    return _("%(model)s of %(vendor)s may be asked for %(words)s.") % (told | {"words": words}) + where


def _where(one: Provider) -> str:
    """Where it runs, for the policy decides by that."""
    if not one.inside:
        return " " + _("It runs with a vendor.")
    if one.inside_why:
        return " " + _("It stands on the open internet and counts as our own: %(why)s") % {"why": one.inside_why}
    return " " + _("It runs in our own network.")


def _lines() -> list[dict[str, Any]]:
    """Each kind of help with its entry in the register, which alone makes it possible."""
    rows = Definition.objects.filter(kind=queries.USE, slug__in=[one.use for one in HELPS.values()])
    newest: dict[str, Definition] = {}
    for row in rows.order_by("version"):
        if row.state != Definition.State.RETIRED and (row.slug not in newest or row.state == Definition.State.ACTIVE):
            newest[row.slug] = row
    titles = _titles()
    return [
        {
            "title": titles[one.name], "use": one.use, "row": newest.get(one.use),
            "url": _review_url(newest.get(one.use)),
        }
        for one in HELPS.values()
    ]  # fmt: skip


def _review_url(row: Definition | None) -> str:
    return reverse("definition", args=[row.kind, row.slug, row.version]) if row else ""


@require_POST
@needs(MANAGE)
def entries(request: HttpRequest) -> HttpResponse:
    """Draft the entries that the register lacks."""
    one = queries.provider()
    made = propose_entries(actor_of(request), one) if one else []
    said = ngettext("%(n)s entry is a draft; somebody has to put it in force.",
                    "%(n)s entries are drafts; somebody has to put them in force.", len(made))  # fmt: skip
    messages.success(request, said % {"n": len(made)} if made else _("The register has them all."))
    return redirect("assistant:provider")


@require_POST
@needs(MANAGE)
def trial(request: HttpRequest) -> HttpResponse:
    """Ask it one word, to see whether it answers; nothing of the house goes out."""
    one = queries.provider()
    if one is None:
        return redirect("assistant:provider")
    one.seconds = min(one.seconds, _TRIAL_SECONDS)
    try:
        said = ask(one, _TRIAL, as_json=False)
    except MaropsError as fault:
        messages.error(request, f"{fault.kind.title}: {fault.detail}")
    else:
        told = {"words": said.text[:60], "tokens": said.tokens}
        messages.success(request, _("It answers: “%(words)s” (%(tokens)s tokens).") % told)
    return redirect("assistant:provider")


@require_POST
@needs(MANAGE)
def remove(request: HttpRequest) -> HttpResponse:
    """Forget it and its key."""
    actions.remove(actor=actor_of(request))
    messages.success(request, _("Forgotten, with its key."))
    return redirect("assistant:provider")


# --- What it is asked -------------------------------------------------------------------------------------------------


@require_http_methods(_FORM)
@needs(CHANGE)
def draft(request: HttpRequest) -> HttpResponse:
    """A definition out of a sentence."""
    form = DraftForm(posted(request), initial=request.GET.dict())
    return _asking(request, "draft", form, _("What should it do?"), _("Your sentence, the fields that this workspace"
                   " knows and the shape of such a definition go to the AI; no record of a person does."))  # fmt: skip


@require_http_methods(_FORM)
@needs(CHANGE)
def words(request: HttpRequest) -> HttpResponse:
    """A vocabulary of a field."""
    form = WordsForm(posted(request), initial=request.GET.dict())
    return _asking(request, "words", form, _("Which words should people use?"),
                   _("The values that occur at least five times go to the AI with their counts, and no record of a"
                     " person. What comes back is a draft of a rule of data quality."))  # fmt: skip


@require_http_methods(_FORM)
@needs("policy.view")
def summary(request: HttpRequest) -> HttpResponse:
    """A page in a few sentences."""
    came = urlsplit(request.headers.get("Referer", ""))
    before = came.path + (f"?{came.query}" if came.query else "") if came.netloc == request.get_host() else ""
    wanted = request.GET.get("page", before)
    form = PageForm(posted(request), initial={"page": "" if wanted.startswith("/ai/") else wanted})
    return _asking(request, "summary", form, _("Which page?"), _("The page goes to the AI as you see it, as far as the"
                   " policy lets it read such data."))  # fmt: skip


def _asking(request: HttpRequest, name: str, form: forms.Form, answer: str, sentence: str) -> HttpResponse:
    """A form that asks the AI; what it says becomes the arguments of a job."""
    one = queries.provider()
    if form.is_bound and form.is_valid():
        with problems_on(form):
            queries.in_use()
            return redirect("assistant:asked", ref=_start(request, name, form.cleaned_data).ref)
    context = {
        "form": form, "title": _titles()[name], "answer": answer, "sentence": sentence,
        "one": one if one and one.on else None, "in_force": name in queries.uses_in_force(),
        "use": HELPS[name].use,
    }  # fmt: skip
    return render(request, "assistant/asking.html", context, status=422 if form.is_bound else 200)


def _start(request: HttpRequest, name: str, given: dict[str, Any]) -> Job:
    actor = actor_of(request)
    arguments: dict[str, Any] = {key: str(value) for key, value in given.items()} | {"for": actor.id}
    if name == "summary":
        arguments |= summary_arguments(request, given["page"])
    return start_job(f"assistant.{name}", arguments, actor=actor)


@require_http_methods(_FORM)
def columns(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """What of a file would go out, and the button that asks."""
    actor = actor_of(request)
    tables = may_import(actor)
    if not tables:
        require(actor, IMPORT)
    row: File = files.file_for(actor, file_id)
    plan = plan_import(files.path_of(row), name=row.name, table=request.POST.get("table", ""))
    if (plan.table or "leads") not in tables:
        raise MaropsError(NOT_ALLOWED)
    if request.method == "POST":
        queries.in_use()
        asked = {"file": str(row.id), "table": plan.table or "leads", "for": actor.id}
        return redirect("assistant:asked", ref=start_job("assistant.columns", asked, actor=actor).ref)
    one = queries.provider()
    context = {
        "row": row, "headers": [(column.name, harmless(column.name)) for column in plan.columns],
        "one": one if one and one.on else None, "in_force": "columns" in queries.uses_in_force(),
        "use": HELPS["columns"].use, "title": _titles()["columns"],
    }  # fmt: skip
    return render(request, "assistant/columns.html", context)


@require_safe
@needs("jobs.view")
def asked(request: HttpRequest, ref: str) -> HttpResponse:
    """What came of a question."""
    actor = actor_of(request)
    one = queries.asked(actor, ref)
    came = one.result or {}
    context = {
        "run": one, "came": came, "outcome": _outcome(one, came), "again": _again(one),
        "title": _titles()[queries.help_of(one).name],
        "done": one.state == Job.State.DONE, "stops": may(actor, "jobs.manage"), "draft": came.get("draft", ""),
        "ended": one.state in (Job.State.DONE, Job.State.FAILED, Job.State.STOPPED),
    }  # fmt: skip
    return render(request, "assistant/asked.html", context)


def _again(one: Job) -> str:
    """The form with what was asked, for a draft or a vocabulary."""
    name = queries.help_of(one).name
    if name not in ("draft", "words") or one.state == Job.State.RUNNING:
        return ""
    asked = {key: one.arguments[key] for key in ("kind", "slug", "field", "sentence") if one.arguments.get(key)}
    return reverse(f"assistant:{name}") + "?" + urlencode(asked)


def _outcome(one: Job, came: dict[str, Any]) -> tuple[str, str]:
    """Where to go from here, and in which words."""
    if one.state != Job.State.DONE:
        return "", ""
    if "definition" in came:
        ref, _at, version = str(came["definition"]).partition("@")
        kind, _slash, slug = ref.partition("/")
        return reverse("definition", args=[kind, slug, version]), _("Read the draft")
    if "columns" in came:
        query = QueryDict(mutable=True)
        query["table"] = came["table"] or "leads"
        for line in came["columns"]:
            name, _is, target = str(line).partition("=")
            query[name] = target
        return reverse("capture:plan", args=[came["file"]]) + "?" + query.urlencode(), _("Look at the columns")
    return reverse("policy:draft", args=[came["draft"]]), _("Read the summary")
