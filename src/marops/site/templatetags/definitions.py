"""What pages of definitions offer to do about a version."""

from django import template

from marops.domains.accounts.public import actor_of
from marops.kernel.definitions import UNDECIDED, find, versions
from marops.kernel.models import Definition
from marops.site import review_pages

register = template.Library()


@register.simple_tag(takes_context=True)
def decision(context: template.Context, kind: str, slug: str, version: int) -> review_pages.Can:
    """`{% decision "score" slug 4 as can %}`: may the reader approve it, ask for approval, or does it wait?"""
    return review_pages.can(actor_of(context["request"]), find(f"{kind}/{slug}@{version}"))


@register.simple_tag
def undecided(kind: str, slug: str) -> list[Definition]:
    """`{% undecided "lifecycle" "main" as drafts %}`: the versions that are drafts or in review, newest first."""
    return [row for row in versions(kind, slug) if row.state in UNDECIDED]
