"""A workflow to take along: its map as a picture, its document, and models for other tools."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows.carrying import as_file, map_bpmn, map_prosimos
from marops.domains.workflows.permissions import VIEW


def offers(slug: str, *, asked: bool) -> list[tuple[str, str]]:
    """What can be taken along, in words and addresses. `asked`: there is a bottleneck, and so a page about it."""
    every = [
        (_("One-pager, PDF"), "brief-pdf"),
        (_("Map, SVG"), "svg"),
        (_("Document, YAML"), "yaml"),
        (_("Document, JSON"), "json"),
        (_("BPMN 2.0"), "bpmn"),
        (_("Prosimos model, zip"), "prosimos"),
    ]
    return [(words, reverse(f"workflows:{name}", args=[slug])) for words, name in every if asked or name != "brief-pdf"]


@require_GET
@needs(VIEW)
def bpmn(request: HttpRequest, slug: str) -> HttpResponse:
    """The workflow as BPMN 2.0."""
    return _file(map_bpmn(slug).encode(), f"{slug}.bpmn", "application/xml")


@require_GET
@needs(VIEW)
def prosimos(request: HttpRequest, slug: str) -> HttpResponse:
    """The workflow and its crew as a model of Prosimos 2.1; what such a model cannot say is in it as a text."""
    return _file(map_prosimos(slug, actor=actor_of(request))[0], f"{slug}-prosimos.zip", "application/zip")


@require_GET
@needs(VIEW)
def as_yaml(request: HttpRequest, slug: str) -> HttpResponse:
    """The document as YAML."""
    return _file(as_file(slug, "yaml").encode(), f"{slug}.yaml", "application/yaml")


@require_GET
@needs(VIEW)
def as_json(request: HttpRequest, slug: str) -> HttpResponse:
    """The document as JSON."""
    return _file(as_file(slug, "json").encode(), f"{slug}.json", "application/json")


def _file(content: bytes, name: str, media_type: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{name.replace("@", "-")}"'
    return answer
