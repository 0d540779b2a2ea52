"""Pages to write a rule of data quality as text: a new one, or the next version of one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from marops.domains.accounts.public import actor_of, needs
from marops.domains.contacts.forms import NewRuleForm
from marops.domains.contacts.queries.quality import find_rule, versions_of, would_find
from marops.domains.contacts.rules.quality import QualityRule
from marops.kernel.definitions import CHANGE, draft
from marops.kernel.errors import MaropsError
from marops.kernel.forms import DocumentForm, add_places, posted
from marops.kernel.models import Definition
from marops.kernel.rules import write_yaml

EXAMPLE = """\
title: No country
dimension: completeness
severity: medium
remedy: Look the country up where the company has its seat.
owner: lead_db_admin
when:
  field: contact.country
  is_empty: true
"""


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest version of a rule as text; what is saved is a draft, which the rule's page counts."""
    find_rule(slug)
    row = versions_of(slug)[0]
    in_order = {name: row.document[name] for name in QualityRule.model_fields if name in row.document}
    form = DocumentForm(posted(request), initial={"text": write_yaml(in_order)})
    if form.is_bound and form.is_valid() and _keep(request, slug, form):
        return redirect("contacts:rule", slug=slug)
    return _page(request, form, row)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def make(request: HttpRequest) -> HttpResponse:
    """A new rule as text; it is a draft until somebody puts it in force."""
    form = NewRuleForm(posted(request), initial={"text": EXAMPLE})
    if form.is_bound and form.is_valid() and (row := _keep(request, form.cleaned_data["slug"], form)):
        return redirect("definition", kind="quality", slug=row.slug, version=row.version)
    return _page(request, form, None)


def _page(request: HttpRequest, form: DocumentForm, row: Definition | None) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "contacts/rule_text.html", {"form": form, "row": row}, status=status)


def _keep(request: HttpRequest, slug: str, form: DocumentForm) -> Definition | None:
    """Save a draft; None where it cannot be, which the form then says."""
    given = form.cleaned_data
    try:
        row = draft(actor=actor_of(request), kind="quality", slug=slug, document=given["text"], reason=given["reason"])
    except MaropsError as error:
        add_places(form, error)
        return None
    count = would_find(row)
    said = ngettext(
        "%(ref)s is a draft. It would find %(n)s record.", "%(ref)s is a draft. It would find %(n)s records.", count
    )
    messages.success(request, said % {"ref": row.pinned, "n": f"{count:,}"})
    return row
