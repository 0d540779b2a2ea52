"""Pictures of the policy: how much of everything an AI could ask for is allowed, and what became of it week by week."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from marops.domains.policy.queries.governance import Week
from marops.kernel.drawing import num

WIDTH, HEIGHT = 260.0, 12.0


def shares(asks: Mapping[str, int]) -> dict[str, str]:
    """Each part in percent; a little is never called nothing."""
    total = sum(asks.values()) or 1
    return {name: _percent(n / total) for name, n in asks.items()}


def _percent(part: float) -> str:
    if 0 < part < 0.01:
        return "< 1 %"
    return f"{part * 100:.0f} %"


def asks_bar(asks: Mapping[str, int], ident: str = "asks") -> Any:
    """A stacked bar of the asks: filled, hatched, hollow."""
    total = sum(asks.values()) or 1
    said = shares(asks)
    free, gated = (max(0.0, WIDTH * asks[name] / total) for name in ("free", "gated"))
    label = _("Of all asks %(free)s are free, %(gated)s need a gate, %(never)s are never allowed") % said
    rest = max(1.0, WIDTH - free - gated)
    return format_html(
        '<svg class="chart asks" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<defs><pattern id="{id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="hatch-g" width="6" height="6"/>'
        '<path class="hatch-l" d="M0.5 0V6"/></pattern></defs>'
        '<rect class="hollow" x="{rx}" y="0.5" width="{rw}" height="{ih}"/>'
        '<rect fill="url(#{id}-hatch)" x="{gx}" y="0" width="{gw}" height="{h}"/>'
        '<rect class="pos" x="0" y="0" width="{fw}" height="{h}"/></svg>',
        w=num(WIDTH), h=num(HEIGHT), ih=num(HEIGHT - 1), label=label, id=ident, fw=num(free), gx=num(free),
        gw=num(gated), rx=num(free + gated + 0.5), rw=num(rest - 1),
    )  # fmt: skip


BAR, GAP, HIGH, FOOT = 34.0, 12.0, 96.0, 18.0
"""A week of the picture: how wide its bar is and how far from the next; how high the tallest is; room for the day."""


def weeks_picture(weeks: Sequence[Week]) -> Any:
    """Week by week what was refused, held for readers and overridden by people: three lines of bars, each on its own.

    What was done freely is many times as much; it stands in words above, or it would press all else flat.
    """
    most = max((max(one.no, one.waits, one.overridden) for one in weeks), default=0) or 1
    inside = format_html_join("", "{}", ((_week(one, at, most),) for at, one in enumerate(weeks)))
    total = {name: sum(getattr(one, name) for one in weeks) for name in ("no", "waits", "overridden")}
    label = _("In %(n)s weeks %(no)s refused, %(waits)s held for readers, %(overridden)s overridden by people") % {
        "n": len(weeks), **total,
    }  # fmt: skip
    wide = len(weeks) * (BAR + GAP)
    return format_html(
        '<svg class="chart policy-weeks" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<defs><pattern id="weeks-hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="hatch-g" width="6" height="6"/>'
        '<path class="hatch-l" d="M0.5 0V6"/></pattern></defs>{inside}'
        '<path class="axis" d="M0 {y}H{w}"/></svg>',
        w=num(wide), h=num(HIGH + FOOT), y=num(HIGH), label=label, inside=inside,
    )  # fmt: skip


def _week(one: Week, at: int, most: int) -> Any:
    left, third = at * (BAR + GAP), BAR / 3
    bars = ((one.no, "refused", ""), (one.waits, "held", "url(#weeks-hatch)"), (one.overridden, "human", ""))
    drawn = format_html_join(
        "", '<rect class="{}" fill="{}" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (css, fill or "none", num(left + place * third), num(HIGH - n / most * HIGH * 0.88), num(third - 1),
             num(n / most * HIGH * 0.88))
            for place, (n, css, fill) in enumerate(bars) if n
        ),
    )  # fmt: skip
    said = _("%(day)s: %(no)s refused, %(waits)s held, %(over)s overridden") % {
        "day": date_format(one.day, "j M"), "no": one.no, "waits": one.waits, "over": one.overridden,
    }  # fmt: skip
    return format_html(
        '<g><title>{said}</title>{drawn}<text class="tick" x="{x}" y="{y}" text-anchor="middle">{day}</text></g>',
        said=said, drawn=drawn, x=num(left + BAR / 2), y=num(HIGH + FOOT - 4),
        day=date_format(one.day, "j M") if at % 2 == 0 else "",
    )  # fmt: skip
