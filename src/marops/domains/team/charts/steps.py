"""A role between those it comes from and those it leads to, as a picture whose cards lead on."""

from collections.abc import Sequence

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.domains.team.rules.roles import Beside
from marops.kernel.drawing import broken, cut, drawing, num, path, tag, text

WIDTH, CARD, HEIGHT, GAP = 900.0, 250.0, 44.0, 8.0
HEAD, PAD = 24.0, 10.0


def steps(title: str, before: Sequence[Beside], after: Sequence[Beside]) -> SafeString:
    """The whole picture; it reads from left to right."""
    rows = max(len(before), len(after), 1)
    height = HEAD + rows * (HEIGHT + GAP)
    middle = HEAD + (rows * (HEIGHT + GAP) - GAP) / 2
    right = WIDTH - CARD
    body = [text(_("Comes from"), 0, 14, "label"), text(_("Leads to"), right, 14, "label")]
    body += _side(before, 0.0, height, (CARD, (WIDTH - CARD) / 2), middle)
    body += _side(after, right, height, (right, (WIDTH + CARD) / 2), middle)
    body.append(_card(Beside(title, "", True), (WIDTH - CARD) / 2, middle - HEIGHT / 2, "rolecard inside on"))
    says = _("%(title)s between %(before)s roles before it and %(after)s after it.")
    told = {"title": title, "before": len(before), "after": len(after)}
    return drawing(
        body, width=WIDTH, height=height, ident="steps", title=_("Previous and next roles"), says=says % told,
        css="chart role-steps", linked=True,
    )  # fmt: skip


def _side(rows: Sequence[Beside], x: float, height: float, ends: tuple[float, float], middle: float) -> list[str]:
    """Cards below each other around the middle, and a line from each to the role."""
    edge, inner = ends
    top = middle - (len(rows) * (HEIGHT + GAP) - GAP) / 2
    found = []
    for place, one in enumerate(rows):
        y = top + place * (HEIGHT + GAP)
        at, bend = y + HEIGHT / 2, (edge + inner) / 2
        curve = f"M{num(edge)} {num(at)}C{num(bend)} {num(at)} {num(bend)} {num(middle)} {num(inner)} {num(middle)}"
        card = _card(one, x, y, f"rolecard {'inside' if one.inside else 'outside'}")
        found += [path(curve, f"step {one.basis}"), card]
    return found


def _card(one: Beside, x: float, y: float, css: str) -> str:
    room = CARD - 2 * PAD
    names = broken(one.title, room * 0.95)
    if len(names) > 1 and not one.says:
        lines = [text(cut(line, room), x + PAD, y + 19 + 16 * n) for n, line in enumerate(names[:2])]
    else:
        name = cut(one.title, room, strong=one.inside)
        lines = [text(name, x + PAD, y + (19 if one.says else 27), "", one.title if len(names) > 1 else "")]
    if one.says:
        lines.append(text(cut(one.says, room), x + PAD, y + 35, "quiet", one.says))
    card = tag("g", tag("rect", x=x, y=y, width=CARD, height=HEIGHT, rx=6.0) + "".join(lines), class_=css)
    return tag("a", card, href=one.url, class_="rolelink") if one.url else card
