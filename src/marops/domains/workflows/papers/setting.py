"""Papers as values that a template prints: words in the reader's language, pictures as files of their own."""

import re
from dataclasses import asdict
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from marops.domains.workflows.papers.brief import Brief, shape_of
from marops.domains.workflows.papers.options import Options
from marops.domains.workflows.papers.pieces import Setting, clipped, day_words
from marops.domains.workflows.papers.printing import picture


def brief_words() -> dict[str, str]:
    """The headings of the workflow page."""
    return {
        "waiting": _("waiting"),
        "four": _("Four ways to ask where the bottleneck is"),
        "causes": _("Why work waits"),
        "proposal": _("Proposal"),
        "true": _("What must be true"),
        "know": _("How we would know"),
        "wait": _("If we wait"),
        "evidence": _("What this rests on"),
    }


def of_brief(told: Brief) -> dict[str, Any]:
    """The workflow page for its template."""
    found = asdict(told)
    found |= {
        "words": brief_words(),
        "head": head_of_brief(told),
        "company": told.setting.company,
        "program": program(told.setting),
        "map": picture(told.map),
        "map_alt": alternative(told.map),
        "map_ratio": shape_of(told.map),
    }
    for name in ("setting", "pictures", "causes_picture", "map_narrow"):
        found.pop(name)
    return found


def options_words() -> dict[str, str]:
    """The headings of the comparison."""
    return {
        "flip": _("What would turn it round"),
        "following": _("The next constraint"),
        "assumed": _("What each option assumes"),
        "nothing": _("Nothing was simulated by month."),
    }


def of_options(told: Options) -> dict[str, Any]:
    """The comparison for its template."""
    found = asdict(told)
    found |= {
        "words": options_words(),
        "head": head_of_options(told),
        "company": told.setting.company,
        "program": program(told.setting),
        "map": picture(told.bands),
        "map_alt": alternative(told.bands),
        "map_ratio": shape_of(told.bands),
    }
    for name in ("setting", "bands", "bands_narrow"):
        found.pop(name)
    return found


def head_of_brief(told: Brief) -> dict[str, str]:
    """The line above the workflow page."""
    return head(told.setting, _("workflow page"))


def head_of_options(told: Options) -> dict[str, str]:
    """The line above the comparison."""
    return head(told.setting, _("%(workflow)s, scenarios compared") % {"workflow": told.workflow})


def head(setting: Setting, what: str) -> dict[str, str]:
    """The line above: whose and what, which version and when."""
    said = []
    if setting.version:
        said.append(_("Version %(n)s") % {"n": setting.version})
    if setting.at:
        said.append(day_words(setting.at))
    left = ", ".join(one for one in (clipped(setting.company, 60), what) if one)
    return {"left": left, "right": ", ".join(said)}


def program(setting: Setting) -> str:
    """What made it."""
    return f"Marops {setting.program}".strip()


def alternative(svg: str) -> str:
    """What a picture shows, in words."""
    found = re.search(r"<desc[^>]*>(.*?)</desc>", svg, re.DOTALL)
    return " ".join(strip_tags(found[1]).split())[:500] if found else ""
