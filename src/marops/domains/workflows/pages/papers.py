"""The pages that are taken to a meeting: the workflow page for the one-to-one, scenarios compared; each also as PDF."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows.asking import kept_answer
from marops.domains.workflows.papers import kept, setting
from marops.domains.workflows.papers.brief import Brief
from marops.domains.workflows.papers.options import Options
from marops.domains.workflows.permissions import VIEW
from marops.kernel.actors import Actor
from marops.kernel.definitions import find, load
from marops.kernel.errors import MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.shares import SHARE
from marops.kernel.shell import Found


@require_GET
@needs(VIEW)
def brief(request: HttpRequest, slug: str) -> HttpResponse:
    """The workflow page: map, bottleneck, evidence, one proposal. Before anybody asked it says how to."""
    page = kept.brief_of(slug, actor=actor_of(request))
    context = {**_of_brief(page), "slug": slug, "asked": kept.is_asked(page)}
    return render(request, "workflows/brief.html", {**context, "may_share": may(actor_of(request), SHARE)})


@require_GET
@needs(VIEW)
def brief_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as a PDF of one page."""
    return _file(kept.brief_pdf(slug, actor=actor_of(request)), f"{slug}-workflow-page.pdf")


@require_GET
@needs(VIEW)
def comparison(request: HttpRequest, slug: str) -> HttpResponse:
    """Scenarios compared: the latest answer that was kept, or that of `?answer=`."""
    row = find(f"workflow/{slug}")
    context: dict[str, Any] = {"slug": slug, "title": load(row).title, "may_share": may(actor_of(request), SHARE)}
    asked = request.GET.get("answer", "")
    try:
        found = kept.comparison_kept(row.slug, asked, actor_of(request))
    except MaropsError as error:
        if error.code != kept.NOTHING_ASKED:
            raise
        return render(request, "workflows/options.html", context)
    pdf_url = reverse("workflows:comparison-pdf", args=[slug])
    context |= _of_options(kept.options_of(row.slug, found), linked=True) | {
        "pdf_url": f"{pdf_url}?{urlencode({'answer': asked})}" if asked else pdf_url,
        "share_id": found.row.id if found.row else "",
    }
    return render(request, "workflows/options.html", context)


@require_GET
@needs(VIEW)
def comparison_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as a PDF of one page."""
    asked = request.GET.get("answer", "")
    found = kept.comparison_kept(find(f"workflow/{slug}").slug, asked, actor_of(request))
    return _file(kept.printed(kept.options_of(slug, found)), f"{slug}-scenarios.pdf")


def _file(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name.replace("@", "-")}"'
    return answer


def _of_brief(page: Brief) -> dict[str, Any]:
    return {
        "page": page,
        "plots": list(zip(page.plots, page.pictures, strict=True)),
        "words": setting.brief_words(),
        "head": setting.head_of_brief(page),
        "program": setting.program(page.setting),
    }


def _of_options(page: Options, *, linked: bool) -> dict[str, Any]:
    urls = _documents(page) if linked else {}
    titles = [one.title for one in page.heads]
    return {
        "page": page,
        "words": setting.options_words(),
        "head": setting.head_of_options(page),
        "rows": [(row.name, list(zip(titles, row.cells, strict=True))) for row in page.rows],
        "assumed": [(one, urls.get(one.key, "")) for one in page.assumed],
        "program": setting.program(page.setting),
    }


def _documents(page: Options) -> Mapping[str, str]:
    """Where the documents of the options are changed, as far as they are kept."""
    rows = Definition.objects.filter(kind="scenario", slug__in=[one.key for one in page.assumed]).order_by("version")
    return {row.slug: reverse("definition", args=["scenario", row.slug, row.version]) for row in rows}


# -- frozen copies for outsiders -------------------------------------------------------------------------------------


def find_brief(actor: Actor, slug: str) -> Found | None:
    """The workflow page, as sharing needs it; None where nobody asked for the bottleneck."""
    if not may(actor, VIEW):
        return None
    try:
        page = kept.brief_of(slug)
    except MaropsError:
        return None
    return Found(page.title, reverse("workflows:brief", args=[slug])) if kept.is_asked(page) else None


def frozen_brief(actor: Actor, slug: str) -> str:
    """The copy that an outsider gets."""
    return render_to_string("workflows/_brief.html", _of_brief(kept.brief_of(slug)))


def find_comparison(actor: Actor, ident: str) -> Found | None:
    """The comparison of this id, as sharing needs it."""
    row = kept.comparison_row(ident) if may(actor, VIEW) else None
    if row is None:
        return None
    page = kept.options_of(row.workflow, kept.Kept(kept_answer(row), row))
    url = f"{reverse('workflows:comparison', args=[row.workflow])}?{urlencode({'answer': str(row.id)})}"
    return Found(page.question, url)


def frozen_comparison(actor: Actor, ident: str) -> str:
    """The copy that an outsider gets."""
    row = kept.comparison_row(ident)
    if row is None:
        raise MaropsError(kept.NOTHING_ASKED)
    page = kept.options_of(row.workflow, kept.Kept(kept_answer(row), row))
    return render_to_string("workflows/_options.html", _of_options(page, linked=False))
