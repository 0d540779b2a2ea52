"""The map to scale: one axis of working hours, a lane for each role or platform, a card for each step on whose bar
waiting is hatched and work is solid. Since waiting and work share the scale, hand-overs are vertical lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.domains.workflows.charts.maps import MapRework, MapStep, WorkflowMap, comes_back
from marops.domains.workflows.charts.marks import cut, drawing, hours, num, number, path, tag, text, wide

WIDTHS = (1152.0, 1560.0, 2080.0, 2800.0, 3800.0)
"""How wide a map may be: the narrowest at which no lane piles up its cards. Wider than the first it is scrolled."""
CARD, PITCH, PAD, CHANNEL, TOP = 52.0, 60.0, 7.0, 22.0, 26.0
_BAR_Y, _BAR = 34.0, 12.0
_NAME_MOST = 190.0
_MIN_LABEL, _MAX_LABEL = 96.0, 190.0
_TICK_ROOM = 62.0


@dataclass(slots=True)
class Card:
    """A step in its place. `x` is where its time begins, `done` where its bar ends, `right` where the card does."""

    step: MapStep
    x: float
    work_x: float
    done: float
    right: float
    lane: int
    row: int = 0
    y: float = 0.0


@dataclass(slots=True)
class Lane:
    """A lane in its place. `channels`: rows above its cards in which work comes back."""

    name: str
    rows: int = 1
    channels: list[list[tuple[float, float]]] = field(default_factory=list)
    y: float = 0.0
    height: float = 0.0


@dataclass(slots=True)
class _Back:
    rework: MapRework
    words: str
    down_x: float
    up_x: float
    level: int = 0


def to_scale(told: WorkflowMap, *, ident: str = "map", widths: Sequence[float] = WIDTHS) -> SafeString:
    """The picture, in the narrowest of `widths` at which no lane piles up its cards."""
    sheet = _Sheet(told, ident, widths)
    body = [*sheet.ground(), *sheet.ways(), *sheet.backs(), *sheet.cards_drawn(), *sheet.words()]
    return drawing(
        [definitions(ident), *body],
        width=sheet.width,
        height=sheet.height,
        ident=ident,
        title=told.title,
        says=told.says,
        linked=told.linked,
        css="chart wide" if sheet.width > WIDTHS[0] else "chart",
    )


def lane_names(told: WorkflowMap) -> SafeString:
    """The names of the lanes again, to stand still while a wide map is scrolled; nothing for a map that is not."""
    sheet = _Sheet(told, "")
    if sheet.width <= WIDTHS[0]:
        return SafeString("")
    body = [tag("rect", class_="lane-paper", x=0.0, y=0.0, width=sheet.left - 4, height=sheet.height)]
    body += list(sheet.names())
    return drawing(
        body, width=sheet.left - 4, height=sheet.height, ident="lanes", title=_("Lanes"), says=", ".join(told.lanes()),
        css="chart lanes",
    )  # fmt: skip


def definitions(ident: str) -> str:
    """The hatching of what waits, the glow of the constraint."""
    return (
        f'<defs><pattern id="{ident}-hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="hatch-g" width="6" height="6"/>'
        '<path class="hatch-l" d="M0.5 0V6"/></pattern>'
        f'<filter id="{ident}-blur" x="-20%" y="-60%" width="140%" height="220%">'
        '<feGaussianBlur stdDeviation="8"/></filter></defs>'
    )


class _Sheet:
    """A map while it is laid out and drawn."""

    def __init__(self, told: WorkflowMap, ident: str, widths: Sequence[float] = WIDTHS) -> None:
        self.told, self.ident = told, ident
        names = told.lanes()
        longest = max((wide(one, strong=True) for one in names), default=0.0)
        self.left = min(_MAX_LABEL, max(_MIN_LABEL, longest + 20.0))
        self.cards: dict[str, Card] = {}
        self.lanes: list[Lane] = []
        crowded = 2 if len(told.steps) <= 15 else 3
        for width in widths:
            self.width = width
            self.lanes = [Lane(one) for one in names]
            self.scale = self._scale()
            self._place()
            if max((one.rows for one in self.lanes), default=1) <= crowded:
                break
        self.back_ways = self._route_back()
        self._stack()

    # -- where things stand ------------------------------------------------------------------------------------------

    def _scale(self) -> float:
        """Units of an hour, so that every card ends within the picture."""
        room = self.width - 6.0 - self.left
        fits = [room / max(self.told.total, 1e-6)]
        fits += [(room - _least(one)) / one.start for one in self.told.steps if one.start > 0]
        fits += [(room - _figure(one)) / one.end for one in self.told.steps if one.end > 0]
        return max(min(fits), 0.01)

    def x(self, hour: float) -> float:
        """Where an hour stands."""
        return self.left + hour * self.scale

    def _place(self) -> None:
        """Cards into the first row of their lane that is free where they stand."""
        rows: dict[int, list[float]] = {}
        lanes = {one.name: at for at, one in enumerate(self.lanes)}
        self.cards = {}
        for step in sorted(self.told.steps, key=lambda one: (one.start, one.end)):
            x, done = self.x(step.start), self.x(step.end)
            right = max(x + _needed(step), done + _figure(step))
            card = Card(step, x, self.x(step.start + step.waited), done, min(right, self.width - 2), lanes[step.lane])
            ends = rows.setdefault(card.lane, [])
            card.row = next((at for at, end in enumerate(ends) if end + 4 <= x), len(ends))
            ends[card.row : card.row + 1] = [card.right]
            self.cards[step.key] = card
        for lane, ends in rows.items():
            self.lanes[lane].rows = len(ends)

    def _stack(self) -> None:
        """Lanes under each other, each as high as its cards and the ways back above them need."""
        y = TOP
        for lane in self.lanes:
            lane.y = y
            lane.height = len(lane.channels) * CHANNEL + lane.rows * PITCH - (PITCH - CARD) + 2 * PAD
            y += lane.height
        for card in self.cards.values():
            lane = self.lanes[card.lane]
            card.y = lane.y + PAD + len(lane.channels) * CHANNEL + card.row * PITCH
        self.height = y + 6.0

    def _route_back(self) -> list[_Back]:
        """Work that comes back runs in a row of its own above the lane it comes back to."""
        found = []
        for rework in self.told.reworks:
            source, target = self.cards.get(rework.source), self.cards.get(rework.target)
            if source is None or target is None or source is target:
                continue
            words = comes_back(rework, target.step.name)
            up_x = self._free_x(source, target)
            down_x = target.right - 12 if target.right - 12 < up_x - 8 else min(target.x + 9, up_x)
            ends = sorted((down_x, up_x))
            start = self._label_x(ends[0], words)
            room = (min(ends[0], start) - 8, max(ends[1], start + wide(words, strong=True)) + 12)
            back = _Back(rework, words, down_x, up_x)
            back.level = _level(self.lanes[target.lane].channels, room)
            found.append(back)
        return found

    def _label_x(self, start: float, words: str) -> float:
        return max(self.left + 4, min(start + 14, self.width - 8 - wide(words, strong=True)))

    def _free_x(self, source: Card, target: Card) -> float:
        """Where a way back leaves its card: past as few other cards and upright lines as can be."""
        between = range(min(source.lane, target.lane), max(source.lane, target.lane) + 1)
        others = [one for one in self.cards.values() if one.lane in between and one not in (source, target)]
        if source.lane == target.lane:
            others = [one for one in others if one.row < source.row]
        lines = [card.x for card in self.cards.values()]
        wish = max(source.x + 10, min(source.right - 10, (source.work_x + source.done) / 2 - 40))

        def cost(x: float) -> float:
            crossed = sum(one.x - 3 <= x <= one.right + 3 for one in others)
            near = sum(abs(x - line) < 7 for line in lines)
            return crossed * 40 + near * 60 + abs(x - wish) * 0.2

        room = max(1, int((source.right - source.x - 16) / 4))
        return min((source.x + 8 + 4 * at for at in range(room + 1)), key=cost)

    # -- what is drawn -----------------------------------------------------------------------------------------------

    def ground(self) -> Iterator[str]:
        """Lanes with their names and hours, the lines of the days."""
        hot = {card.lane for card in self.cards.values() if card.step.hot}
        bottom = self.height - 6
        for at in hot:
            lane = self.lanes[at]
            yield tag("rect", class_="lane-hot", x=0.0, y=lane.y, width=self.width, height=lane.height)
        for hour, words in ticks(self.told, self.scale):
            x = self.x(hour)
            yield path(f"M{num(x)} {num(TOP - 4)}V{num(bottom)}", "grid")
            if x + wide(words) / 2 < self.width:
                yield text(words, x, 14, "t-quiet t-mid")
        yield from self.names()
        yield path(f"M0 {num(bottom)}H{num(self.width)}", "lane-line")

    def names(self) -> Iterator[str]:
        """The lines above the lanes, their names and how much work is in them."""
        hot = {card.lane for card in self.cards.values() if card.step.hot}
        for at, lane in enumerate(self.lanes):
            yield path(f"M0 {num(lane.y)}H{num(self.width)}", "lane-line")
            middle = lane.y + PAD + len(lane.channels) * CHANNEL + CARD / 2
            worked = sum(card.step.worked for card in self.cards.values() if card.lane == at)
            said = cut(lane.name, self.left - 16, strong=True)
            css = "t-strong" if at in hot else "t-lane"
            yield text(said, 8, middle - 3, css, "" if said == lane.name else lane.name)
            yield text(_("%(hours)s of work") % {"hours": hours(worked)}, 8, middle + 15, "t-quiet")

    def ways(self) -> Iterator[str]:
        """Hand-overs: upright, at the moment at which the next step begins."""
        for way in self.told.ways:
            source, target = self.cards.get(way.source), self.cards.get(way.target)
            if source is None or target is None:
                continue
            rare = way.share < 0.995
            yield from self._way(source, target, rare=rare)

    def _way(self, source: Card, target: Card, *, rare: bool) -> Iterator[str]:
        css = "way rare" if rare else "way"
        level = source.y + _BAR_Y + _BAR / 2
        if source.y == target.y and source.done <= target.x:
            yield path(f"M{num(source.done)} {num(level)}H{num(target.x)}", css)
            if target.x - source.right > 8:
                yield path(f"M{num(target.x - 5)} {num(level - 3.5)}l4.5 3.5l-4.5 3.5", "way")
            return
        x = min(max(source.done, target.x), max(target.done, target.x))
        down = target.y > source.y
        start = source.y + CARD if down else source.y
        end = target.y if down else target.y + CARD
        if x - source.done > 2:
            yield path(f"M{num(source.done)} {num(level)}H{num(x)}V{num(end)}", css)
        else:
            yield path(f"M{num(x)} {num(start)}V{num(end)}", css)
        tip = -4.4 if down else 4.4
        yield path(f"M{num(x - 3.5)} {num(end + tip)}L{num(x)} {num(end)}L{num(x + 3.5)} {num(end + tip)}", "way")

    def backs(self) -> Iterator[str]:
        """Work that comes back: dashed, with its share."""
        for back in self.back_ways:
            source, target = self.cards[back.rework.source], self.cards[back.rework.target]
            y, x, to = self._channel_y(back), back.up_x, back.down_x
            start = source.y + CARD if source.y + CARD < y else source.y
            turn = 8.0 if to < x else -8.0
            if abs(to - x) < 16:
                turn = 0.0
            bend = 8.0 if start > y else -8.0
            yield path(
                f"M{num(x)} {num(start)}V{num(y + bend)}Q{num(x)} {num(y)} {num(x - turn)} {num(y)}"
                f"H{num(to + turn)}Q{num(to)} {num(y)} {num(to)} {num(y + 6)}V{num(target.y - 1)}",
                "way back",
            )
            yield path(f"M{num(to - 3.5)} {num(target.y - 5)}L{num(to)} {num(target.y)}l3.5 -5", "way tip")

    def _channel_y(self, back: _Back) -> float:
        lane = self.lanes[self.cards[back.rework.target].lane]
        return lane.y + PAD + (back.level + 1) * CHANNEL - 6

    def cards_drawn(self) -> Iterator[str]:
        """The steps."""
        for card in sorted(self.cards.values(), key=lambda one: one.step.hot):
            yield from self._card(card)

    def _card(self, card: Card) -> Iterator[str]:
        step, x, y, width = card.step, card.x, card.y, card.right - card.x
        if step.note:
            yield tag(
                "rect", class_="glow", x=x - 2.5, y=y - 2.5, width=width + 5, height=CARD + 5, rx=10.0,
                filter=f"url(#{self.ident}-blur)",
            )  # fmt: skip
        inside = [f"<title>{escape(_said(step))}</title>"]
        css = "stepcard hot" if step.hot else "stepcard" if step.share > 0.5 else "stepcard seldom"
        inside.append(tag("rect", class_=css, x=x, y=y, width=width, height=CARD, rx=6.0))
        inside.append(shape(step.shape, x + 13, y + 16.5))
        noted = 20 + wide(step.note, strong=True) if step.note else 0.0
        inside.append(_heading(step, x + 24, y + 21, card.right - noted))
        bar_y = y + _BAR_Y
        if card.work_x > card.x:
            inside.append(
                tag(
                    "rect", class_="f-wait", x=x, y=bar_y, width=card.work_x - x, height=_BAR,
                    fill=f"url(#{self.ident}-hatch)",
                )
            )  # fmt: skip
        worked = max(card.done - card.work_x, 1.5 if step.worked else 0)
        if worked:
            inside.append(tag("rect", class_=f"f-{step.shape}", x=card.work_x, y=bar_y, width=worked, height=_BAR))
        if step.note:
            inside.append(text(step.note, card.right - 10, y + 21, "t-warn t-end"))
        elif step.worked or step.waited:
            inside.append(text(hours(step.worked), card.work_x + worked + 6, bar_y + 10.5, "t-quiet"))
        body = "".join(inside)
        yield f'<a href="{escape(step.url)}" class="stepway">{body}</a>' if step.url else f"<g>{body}</g>"

    def words(self) -> Iterator[str]:
        """What stands on lines: shares, work that lies ready early."""
        for back in self.back_ways:
            x = self._label_x(min(back.down_x, back.up_x), back.words)
            yield text(back.words, x, self._channel_y(back) - 5, "t-warn t-over")
        taken: list[tuple[float, float, float]] = []
        for way in self.told.ways:
            source, target = self.cards.get(way.source), self.cards.get(way.target)
            if source is None or target is None:
                continue
            if way.share < 0.995:
                words = number(way.share * 100) + " %"
                x, y = (
                    min(max(source.done, target.x), max(target.done, target.x)) + 5,
                    (source.y + CARD + 12 if target.y > source.y else source.y - 5),
                )
                if source.y == target.y:
                    x, y = source.right + 5, source.y + _BAR_Y + 2
                yield text(words, x, y, "t-quiet t-over")
            elif (said := self._early(source, target, way.slack)) and said not in taken:
                taken.append(said)
                yield text(_early_words(source.step.name, way.slack, said[2]), said[0], said[1], "t-quiet t-over")

    def _early(self, source: Card, target: Card, slack: float) -> tuple[float, float, float] | None:
        """Where there is room to say that work lies ready: place, and how wide it may be."""
        if slack < max(0.08 * self.told.total, 2.0):
            return None
        y = source.y + _BAR_Y + _BAR / 2
        others = [one.x for one in self.cards.values() if one.y == source.y and one.x > source.x]
        room = min([target.x, *others]) - source.right - 14
        return (source.right + 7, y - 5, room) if room > 80 else None


def _early_words(name: str, slack: float, room: float) -> str:
    whole = _("%(step)s is ready %(hours)s early") % {"step": name, "hours": hours(slack)}
    return whole if wide(whole) <= room else _("%(hours)s early") % {"hours": hours(slack)}


def _figure(step: MapStep) -> float:
    """The room that its hours need beside its bar."""
    return 4.0 if step.note else wide(hours(step.worked)) + 15


def _least(step: MapStep) -> float:
    """How wide a card has to be at least: for the first words of its name."""
    return min(_needed(step), _needed(step) if step.note else 140.0)


def _needed(step: MapStep) -> float:
    """How wide a card has to be for its words."""
    name = min(wide(step.name, strong=True), _NAME_MOST)
    platform = wide(step.platform_words)
    note = wide(step.note, strong=True)
    return max(24 + name + (platform + 8 if platform else 0) + 14, 24 + name + note + 32 if note else 0)


def _heading(step: MapStep, x: float, y: float, right: float) -> str:
    name = cut(step.name, min(_NAME_MOST, right - x - 6), strong=True)
    inside = tag("tspan", escape(name), class_="t-strong")
    rest = right - x - wide(name, strong=True) - 13
    if step.platforms and (rest > 50 or wide(step.platform_words) <= rest):
        inside += tag("tspan", escape(cut(step.platform_words, rest)), class_="t-quiet", dx=7.0)
    return tag("text", inside, x=x, y=y)


def _said(step: MapStep) -> str:
    """A step in a sentence, for who points at it or does not see it."""
    told = {"name": step.name, "worked": hours(step.worked), "waited": hours(step.waited), "lane": step.lane}
    words = _("%(name)s, %(lane)s: %(worked)s of work, %(waited)s of waiting") % told
    return f"{words}; {', '.join(step.platforms)}" if step.platforms else words


def shape(css: str, x: float, y: float) -> str:
    """The mark of a touch: a circle for people, a diamond for AI, a square for machines."""
    if css == "human":
        return tag("circle", class_="f-human", cx=x, cy=y, r=4.0)
    if css == "ai":
        return tag("path", class_="f-ai", d=f"M{num(x)} {num(y - 5)}l5 5l-5 5l-5 -5Z")
    return tag("rect", class_="f-auto", x=x - 4, y=y - 4, width=8.0, height=8.0)


def _level(channels: list[list[tuple[float, float]]], room: tuple[float, float]) -> int:
    """The first row in which nothing stands yet between these ends; it is taken."""
    for level, taken in enumerate(channels):
        if all(room[1] < start or end < room[0] for start, end in taken):
            taken.append(room)
            return level
    channels.append([room])
    return len(channels) - 1


def ticks(told: WorkflowMap, scale: float) -> Iterator[tuple[float, str]]:
    """Lines of the axis: round numbers of days, or of hours where all takes less than two days."""
    last = max(told.total, max((one.end for one in told.steps), default=0.0))
    yield 0.0, _("start")
    if last < 2 * told.day:
        each = next((one for one in (0.25, 0.5, 1, 2, 4, 8) if one * scale >= _TICK_ROOM), 8)
        for at in range(1, int(last / each) + 2):
            yield at * each, hours(at * each)
        return
    each = tick_days(told, scale)
    for at in range(1, int(last / (each * told.day)) + 2):
        yield at * each * told.day, _("day %(n)s") % {"n": at * each}


def tick_days(told: WorkflowMap, scale: float) -> int:
    """Working days from a line of the axis to the next."""
    return next((one for one in (1, 2, 5, 10, 20, 50, 100, 200) if one * told.day * scale >= _TICK_ROOM), 500)


def column_days(told: WorkflowMap, widths: Sequence[float] = WIDTHS) -> int:
    """Working days from a line of the picture's axis to the next; 0 where it counts hours."""
    last = max(told.total, max((one.end for one in told.steps), default=0.0))
    return 0 if last < 2 * told.day else tick_days(told, _Sheet(told, "", widths).scale)


def is_crowded(told: WorkflowMap) -> bool:
    """Would the picture be so wide that one sees a small part of it at a time?"""
    return _Sheet(told, "").width > WIDTHS[2]


def by_platform(told: WorkflowMap, without: str) -> WorkflowMap:
    """The same map with a lane for each platform; steps on several stand with their first."""
    steps: Sequence[MapStep] = [
        replace(one, lane=one.platforms[0] if one.platforms else without, platforms=(one.lane,)) for one in told.steps
    ]
    return replace(told, steps=tuple(steps))
