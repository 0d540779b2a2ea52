"""Pages on which a list of people comes in from a file and goes out as one. Files are read at once and kept nowhere."""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions.roster import load_people, preview_people
from marops.domains.team.catalogue import catalogue
from marops.domains.team.pages.frame import tabs
from marops.domains.team.pages.people import narrowing
from marops.domains.team.permissions import MANAGE, VIEW, Policy
from marops.domains.team.queries.roster import NO_ROLES
from marops.domains.team.queries.roster_out import table_out
from marops.domains.team.queries.roster_plan import LoadPlan
from marops.domains.team.rules.tables import LARGEST, XLSX, as_csv, as_xlsx
from marops.kernel.forms import problems_on
from marops.kernel.secrets import opened, sealed
from marops.kernel.workspace import today

SHOWN = 200
EXAMPLE = """\
name,email,role,share,manager,location,joined,Scoring leads,Scoring leads (self)
Vera Okafor,vera@example.com,VP of Marketing Operations,100%,,Berlin,2021-03-01,,
Mina Costa,mina@example.com,Marketing Operations Coordinator,80%,Vera Okafor,Porto,2025-09-15,1,2
"""


class RosterForm(forms.Form):
    """A file, or its text."""

    file = forms.FileField(label=gettext_lazy("File"), help_text=gettext_lazy("CSV or XLSX, up to 2 MB."))
    text = forms.CharField(
        label=gettext_lazy("Or paste the table"), max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )  # fmt: skip

    use_required_attribute = False

    def full_clean(self) -> None:
        """Either is enough; but neither is shown as one that may be left out, for one of the two is needed."""
        for one in self.fields.values():
            one.required = False
        super().full_clean()
        for one in self.fields.values():
            one.required = True

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        data = super().clean() or {}
        if not data.get("file") and not data.get("text", "").strip():
            raise forms.ValidationError(_("Choose a file, or paste a table with its headings."))
        return data

    def content(self) -> bytes:
        """The bytes, wherever they came from."""
        upload = self.cleaned_data.get("file")
        return bytes(upload.read(LARGEST + 1)) if upload else self.cleaned_data["text"].encode()


class ColumnForm(forms.Form):
    """Which column of a file holds the roles."""

    role_column = forms.ChoiceField(label=gettext_lazy("The role stands in the column"))

    def __init__(self, *args: Any, columns: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["role_column"]
        chosen.choices = [*((one, one) for one in columns), (NO_ROLES, _("none: people come in without roles"))]


@require_http_methods(["GET", "POST"])
@needs(MANAGE)
def load(request: HttpRequest) -> HttpResponse:
    """Choose a file, see what it would change and what is wrong with it, then load it."""
    context: dict[str, Any] = {"tabs": tabs(request, "people"), "example": EXAMPLE, "fields": _fields()}
    if request.method == "POST" and request.POST.get("kept"):
        kept, column = request.POST["kept"], request.POST.get("role_column", "")
        if "again" in request.POST:
            plan = preview_people(actor=actor_of(request), data=_opened(kept), role_column=column)
            context |= _shown(plan) | {"kept": kept, "role_column": column}
            return render(request, "team/people_import.html", context)
        plan = load_people(actor=actor_of(request), data=_opened(kept), role_column=column)
        messages.success(request, _said(plan))
        return redirect("team:people")
    form = RosterForm(request.POST, request.FILES) if request.method == "POST" else RosterForm()
    if form.is_bound and form.is_valid():
        data = form.content()
        with problems_on(form):
            plan = preview_people(actor=actor_of(request), data=data)
            # The table travels with the page, sealed: nothing of it lies on the disk until it is loaded.
            return render(request, "team/people_import.html", context | _shown(plan) | {"kept": _sealed(data)})
    return render(request, "team/people_import.html", context | {"form": form}, status=422 if form.is_bound else 200)


def _sealed(data: bytes) -> str:
    return sealed(base64.b64encode(zlib.compress(data)).decode("ascii"))


def _opened(kept: str) -> bytes:
    return zlib.decompressobj().decompress(base64.b64decode(opened(kept)), LARGEST + 1)


def _fields() -> str:
    return _("name, email, role, share, role since, manager, location, zone, calendar, joined, weekly hours, pay,"
             " currency, pay from")  # fmt: skip


def _said(plan: LoadPlan) -> str:
    return _("Loaded: %(words)s.") % {"words": _counted(plan)}


def _counted(plan: LoadPlan) -> str:
    """What becomes of people, in a few words; what nobody does is left out."""
    counts = plan.counts
    said = [
        words % counts
        for name, words in (
            ("created", _("%(created)s join")), ("updated", _("%(updated)s change")),
            ("unchanged", _("%(unchanged)s stay as they are")), ("refused", _("%(refused)s rows are refused")),
        )
        if counts[name]
    ]  # fmt: skip
    return ", ".join(said) or _("nothing changes")


def _shown(plan: LoadPlan) -> dict[str, Any]:
    counts = plan.counts
    return {
        "plan": plan,
        "counts": counts,
        "answer": _("Which column says what roles people have?")
        if plan.role_unknown
        else _("With this file %(words)s.") % {"words": _counted(plan)},
        "columns": [{"heading": one.heading, "means": _means(one)} for one in plan.columns],
        "findings": plan.findings[:SHOWN],
        "more": max(0, len(plan.findings) - SHOWN),
        "changes": [one for one in plan.changes if one.differs][:SHOWN],
        "role_unknown": plan.role_unknown,
        "column_form": ColumnForm(columns=plan.role_unknown),
        "writes": counts["created"] + counts["updated"],
    }


def _means(one: Any) -> str:
    if one.skill:
        side = _("by themselves") if one.by == "self" else _("by the manager")
        return f"{catalogue().skill_name(one.skill)}, {side}"
    return one.column.replace("_", " ") or _("not read")


@require_GET
@needs(VIEW)
def save(request: HttpRequest) -> HttpResponse:
    """The list as a file, narrowed like the page; columns as far as the reader may see them."""
    headers, rows = table_out(Policy.of(actor_of(request)), narrowing(request))
    name = f"people-{today():%Y-%m-%d}"
    if request.GET.get("as") == "xlsx":
        answer = HttpResponse(as_xlsx(headers, rows, "People"), content_type=XLSX)
        answer["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    else:
        answer = HttpResponse(as_csv(headers, rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
