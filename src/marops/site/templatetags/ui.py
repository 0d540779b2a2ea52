"""The parts that pages are built from: `{% load ui %}`. docs/reference lists them; `/parts` shows them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zlib import crc32

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from marops.kernel import ports
from marops.kernel.clock import now
from marops.kernel.numbers import decimals_of, floored
from marops.kernel.shell import Section
from marops.site.templatetags._bundles import bundle
from marops.site.templatetags._drawings import brand as brand_drawing
from marops.site.templatetags._drawings import drawings
from marops.site.templatetags._figures import bars
from marops.site.templatetags._figures import spark as spark_figure

register = template.Library()

_DASH, _MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
_NOTHING = format_html('<span class="quiet">{}</span>', _DASH)
_DRAWN = '<svg class="{}" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>'
_THEMES = ("light", "dark")
_TAKES_KEYS = re.compile(r"<(?:a|button|input|select|summary|textarea)\b")
_STATES = {
    "draft": "draft", "in_review": "info", "review": "info", "active": "good", "done": "good", "running": "info",
    "waiting": "", "stopped": "warn", "late": "warn", "failed": "bad", "retired": "",
}  # fmt: skip
_NOTICE_ICONS = {"good": "check", "warn": "problem", "bad": "problem", "info": "info", "idle": "info"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


# --- Help by AI -------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def ai_help(context: template.Context, what: str, subject: object = "") -> SafeString:
    """A button that asks the AI for help with this page; nothing while no AI helps, or not this person."""
    actor = getattr(context.get("request"), "actor", None)
    offers = (filler.value(actor, what, str(subject)) for filler in ports.helpers) if actor else ()
    found = next((one for one in offers if one), None)
    return format_html('<a class="btn" href="{}">{}</a>', found[1], found[0]) if found else SafeString("")


# --- Drawings and bundles ---------------------------------------------------------------------------------------------


@register.simple_tag
def asset(name: str) -> str:
    """The address of a bundle; empty when the interface was not built."""
    return bundle(name)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A line icon in the colour of the words beside it. It is decoration: words or a label must say the same."""
    return format_html(_DRAWN, f"ico {css}".strip(), 16, 16, mark_safe(drawings("icons")[name]))  # noqa: S308


@register.simple_tag
def brand() -> SafeString:
    """The mark of Marops."""
    return format_html(_DRAWN, "ico", 20, 20, mark_safe(brand_drawing()))  # noqa: S308


@register.simple_tag(takes_context=True)
def emblem(context: template.Context, name: str, css: str = "") -> SafeString | str:
    """The drawing of a role's persona; nothing where the administrator switched emblems off (`emblems` is false)."""
    if not name or not context.get("emblems", True):
        return ""
    return format_html(_DRAWN, f"emblem {css}".strip(), 48, 48, mark_safe(drawings("emblems")[name]))  # noqa: S308


@register.simple_tag(takes_context=True)
def root_attributes(context: template.Context) -> SafeString | str:
    """What the reader chose once and the page must know before it is drawn: theme, and whether single keys are off."""
    request = context.get("request")
    cookies: Mapping[str, str] = request.COOKIES if request else {}
    theme = cookies.get("marops_theme") or context.get("theme")
    chosen = format_html(' data-theme="{}"', theme) if theme in _THEMES else ""
    keys = mark_safe(' data-keys="off"') if cookies.get("marops_keys") == "off" else ""
    return format_html("{}{}", chosen, keys)


@register.simple_tag(takes_context=True)
def chosen_theme(context: template.Context) -> str:
    """The reader's theme: light, dark or system."""
    request = context.get("request")
    theme = request.COOKIES.get("marops_theme") if request else None
    return theme if theme in _THEMES else "system"


@register.simple_tag(takes_context=True)
def single_keys(context: template.Context) -> bool:
    """Whether shortcuts of one key are on for this reader."""
    request = context.get("request")
    return not request or request.COOKIES.get("marops_keys") != "off"


# --- Words and numbers ------------------------------------------------------------------------------------------------


@register.simple_tag
def when(value: datetime | date | None, style: str = "auto") -> SafeString:
    """A moment in the reader's zone. Styles: auto, time, date, full, ago. The full moment stands in the title."""
    if value is None:
        return _NOTHING
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.date_format(value, "j M Y"))
    local = timezone.localtime(value)
    full = f"{formats.date_format(local, 'D j M Y, H:i:s')} {local.tzname() or ''}"
    words = _moment_words(local, style)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full, words)


def _moment_words(local: datetime, style: str) -> str:
    if style == "ago":
        return _ago(now() - local)
    layouts = {"time": "H:i", "date": "j M Y", "full": "D j M Y, H:i"}
    if style in layouts:
        words = formats.date_format(local, layouts[style])
        return f"{words} {local.tzname() or ''}" if style == "full" else words
    today = timezone.localtime(now()).date()
    clock = formats.date_format(local, "H:i")
    if local.date() == today:
        return gettext("Today %(time)s") % {"time": clock}
    if local.date() == today - timedelta(days=1):
        return gettext("Yesterday %(time)s") % {"time": clock}
    return formats.date_format(local, "j M, H:i" if local.year == today.year else "j M Y")


def _ago(passed: timedelta) -> str:
    if passed < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(span)s ago") % {"span": duration(passed)}


@register.filter
def duration(value: timedelta | float | None) -> str:
    """A length of time in its two largest units: 0.3 s, 12 min, 2 h 10 min, 3 d 4 h; from ten days on in days."""
    if value is None:
        return _DASH
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < _MINUTE:
        return f"{number(seconds, 0 if seconds >= 10 else 1)} s"
    days, rest = divmod(int(seconds), _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // _MINUTE
    if days >= 10:
        return f"{number(days, 0)} d"
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


@register.filter
def number(value: float | None, decimals: int | None = None) -> str:
    """A number with the reader's separators, a true minus, and a dash when there is none."""
    if value is None:
        return _DASH
    if decimals is not None:  # Django cuts decimals off instead of rounding
        value = round(value, decimals)
    text = formats.number_format(value, decimals, use_l10n=True, force_grouping=True)
    return text.replace("-", _MINUS, 1)


@register.filter
def points(value: float | None, threshold: float = 0) -> str:
    """Points of a score: cut off where rounding up could read as a threshold that was not reached."""
    return _DASH if value is None else number(float(floored(value, threshold)), decimals_of(threshold))


@register.filter
def signed(value: float | None, decimals: int | None = None) -> str:
    """A number that always shows its sign, as in a change."""
    return f"+{number(value, decimals)}" if value is not None and value > 0 else number(value, decimals)


@register.filter
def share(value: float | None, decimals: int = 0) -> str:
    """A share between 0 and 1, in percent."""
    return _DASH if value is None else f"{number(value * 100, decimals)} %"


@register.simple_tag
def estimate(value: Mapping[str, Any] | None, decimals: int | None = None, unit: str = "") -> SafeString:
    """A number with its interval in lighter ink; what cannot be said says why."""
    if not value or value.get("value") is None:
        why = (value or {}).get("why") or gettext("There is not enough to tell.")
        return format_html('<abbr class="quiet" title="{}">{}</abbr>', why, gettext("cannot tell"))
    said = format_html("{}{}", number(value["value"], decimals), f" {unit}" if unit else "")
    if value.get("low") is None:
        return said
    low, high = number(value["low"], decimals), number(value["high"], decimals)
    return format_html('{} <span class="iv">({}{}{})</span>', said, low, _DASH, high)


@register.filter
def breakable(value: object) -> SafeString | object:
    """An address that may break after its at sign."""
    if not isinstance(value, str) or "@" not in value:
        return value
    return mark_safe(conditional_escape(value).replace("@", "@<wbr>"))  # noqa: S308


@register.filter
def initial(name: str | None) -> str:
    """The first letter of a name, for the round mark of a person."""
    return (name or "?").strip()[:1].upper() or "?"


# --- Marks and small controls -----------------------------------------------------------------------------------------


@register.simple_tag
def pill(text: str, kind: str = "") -> SafeString:
    """A state as a word with a mark. Kinds: good, warn, bad, info, draft, none; a state's own name works too."""
    return format_html('<span class="{}">{}</span>', f"pill {_STATES.get(kind, kind)}".strip(), text)


@register.filter
def state_word(state: str) -> str:
    """The word for a state of a definition or a job, as people say it."""
    words = {
        "draft": gettext("draft"),
        "in_review": gettext("in review"),
        "active": gettext("active"),
        "retired": gettext("retired"),
        "waiting": gettext("waits its turn"),
        "running": gettext("running"),
        "stopped": gettext("stopped"),
        "done": gettext("done"),
        "failed": gettext("failed"),
    }
    return words.get(state, state)


@register.simple_tag
def touch(kind: str, text: str) -> SafeString:
    """Who did it: `human`, `ai` or `auto` (also `system`, `automatic`), as a mark and a word."""
    known = {"system": "auto", "automatic": "auto", "ai_assisted": "ai"}
    return format_html('<span class="touch {}">{}</span>', known.get(kind, kind), text)


@register.simple_tag
def because(url: str, text: str = "") -> SafeString:
    """The link that says why. It opens beside the page, or is a page of its own where there are no scripts."""
    return format_html(
        '<a class="why" href="{}" data-drawer aria-expanded="false" aria-controls="drawer">{}</a>',
        url,
        text or gettext("Because…"),
    )


@register.inclusion_tag("parts/copy.html")
def copy(value: str, shown: str = "") -> dict[str, Any]:
    """A value with a button that copies it."""
    return {"value": value, "shown": shown or value}


@register.simple_block_tag(takes_context=True)
def menu(
    context: template.Context, content: str, label: str, sign: str = "", css: str = "btn", start: bool = False
) -> str:
    """A button that unfolds links and buttons: `{% menu label sign="more" %}…{% endmenu %}`."""
    return _render("menu", context, content=content, label=label, sign=sign, css=css, start=start)


# --- The page pattern -------------------------------------------------------------------------------------------------


@register.simple_block_tag(takes_context=True)
def title(
    context: template.Context,
    content: str,
    name: str,
    above: str = "",
    above_url: str = "",
    ref: str = "",
    state: str = "",
    kind: str = "",
    owner: str = "",
    sign: str = "",
) -> str:
    """The title line. Inside stand the actions, one of them with the class `main-act`."""
    given = {"name": name, "above": above, "above_url": above_url, "ref": ref, "state": state, "kind": kind}
    return _render("title", context, content=content, owner=owner, sign=sign, **given)


@register.simple_block_tag
def answer(content: str) -> SafeString:
    """The sentence that answers the page's question, with its number."""
    # What stands between the tags is rendered, and so escaped, already; only its edges are trimmed.
    return format_html('<p class="answer">{}</p>', mark_safe(content.strip()))  # noqa: S308


@register.simple_block_tag(takes_context=True)
def band(
    context: template.Context,
    content: str,
    heading: str,
    note: str = "",
    link: str = "",
    url: str = "",
    ident: str = "",
) -> str:
    """A group of the page with its heading, a quiet note and a link at the end."""
    ident = ident or f"band-{crc32(heading.encode()):x}"
    return _render("band", context, content=content, heading=heading, note=note, link=link, url=url, ident=ident)


@register.simple_block_tag(takes_context=True)
def empty(
    context: template.Context, content: str, heading: str, sign: str = "squire", action: str = "", url: str = ""
) -> str:
    """An empty page that teaches: one worked example, one button."""
    return _render("empty", context, content=content, heading=heading, sign=sign, action=action, url=url)


@register.simple_block_tag(takes_context=True)
def notice(context: template.Context, content: str, heading: str = "", kind: str = "info") -> str:
    """Something to know before going on. Kinds: info, good, warn, bad, idle."""
    return _render("notice", context, content=content, heading=heading, kind=kind, sign=_NOTICE_ICONS[kind])


@register.simple_block_tag
def will(content: str) -> SafeString:
    """The sentence before a button that says what will happen."""
    return format_html('<p class="will">{}</p>', mark_safe(content.strip()))  # noqa: S308


def _render(part: str, context: template.Context, **values: Any) -> str:
    shared = {"emblems": context.get("emblems", True)}
    return render_to_string(f"parts/{part}.html", {**shared, **values}, request=None)


# --- Tables -----------------------------------------------------------------------------------------------------------


@register.simple_block_tag(takes_context=True)
def table(
    context: template.Context, content: str, label: str, stacks: bool = True, walks: bool = False, pad: bool = False
) -> str:
    """A dense table. `stacks`: rows become cards on narrow screens. `walks`: j and k walk rows with data-href.

    Where nothing in it takes the keyboard, the table itself does, so that a wide one can be scrolled.
    """
    still = not _TAKES_KEYS.search(content)
    return _render("table", context, content=content, label=label, stacks=stacks, walks=walks, pad=pad, still=still)


@register.inclusion_tag("parts/sort_head.html", takes_context=True)
def sort_head(context: template.Context, label: str, key: str, css: str = "", first: str = "asc") -> dict[str, Any]:
    """A column head that sorts by `?sort=key` and `?sort=-key`; `first` is the order of the first click."""
    current: str = context["request"].GET.get("sort") or context.get("sort") or ""
    wanted = {key: f"-{key}", f"-{key}": key}.get(current, f"-{key}" if first == "desc" else key)
    order = {key: "ascending", f"-{key}": "descending"}.get(current, "none")
    return {"label": label, "css": css, "order": order, "url": _query(context, sort=wanted, page=None)}


@register.inclusion_tag("parts/filter_bar.html", takes_context=True)
def filter_bar(
    context: template.Context, filters: Sequence[Mapping[str, Any]] = (), search: str = "", said: str = ""
) -> dict[str, Any]:
    """Search, filters and what is set, all of it in the address.

    A filter is a mapping with `key`, `label`, and `options` (pairs of value and words) or none for free text. One with
    `said` comes from a link: it is a chip in those words and stands in no form; with it go the parameters of `takes`.
    """
    given = context["request"].GET
    shown = [{**entry, "value": given.get(entry["key"], "")} for entry in filters]
    keys = {"q", "page", *(entry["key"] for entry in filters if "said" not in entry)}
    return {
        "filters": [entry for entry in shown if "said" not in entry],
        "chips": [_chip(context, entry) for entry in shown if entry["value"]],
        "search": search,
        "query": given.get("q", ""),
        "kept": [(key, value) for key, values in given.lists() if key not in keys for value in values],
        "clear": _query(context, page=None, **{key: None for entry in filters for key in _keys(entry)}),
        "said": said,
    }


def _chip(context: template.Context, entry: Mapping[str, Any]) -> dict[str, str]:
    words = {str(value): str(label) for value, label in entry.get("options") or ()}
    without = _query(context, page=None, **dict.fromkeys(_keys(entry)))
    said = entry.get("said") or words.get(entry["value"], entry["value"])
    return {"label": entry["label"], "value": said, "url": without}


def _keys(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (entry["key"], *entry.get("takes", ()))


@register.inclusion_tag("parts/paging.html", takes_context=True)
def paging(context: template.Context, page: "Page[Any]", noun: str = "") -> dict[str, Any]:
    """The pages of a list, by `?page=`."""
    pages = page.paginator
    links = [
        {"number": entry, "current": entry == page.number, "url": _query(context, page=entry)}
        if isinstance(entry, int)
        else {"gap": True}
        for entry in pages.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    ]
    return {
        "page": page,
        "noun": noun,
        "links": links if pages.num_pages > 1 else [],
        "earlier": _query(context, page=page.number - 1) if page.has_previous() else "",
        "later": _query(context, page=page.number + 1) if page.has_next() else "",
    }


def _query(context: template.Context, **changes: object) -> str:
    """The address of this page with some of its parameters changed; `None` takes one away."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}"


# --- Forms ------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """One field of a form: label above, help and errors below."""
    kind = getattr(bound.field.widget, "input_type", "")
    return {"field": bound, "check": kind == "checkbox" and not bound.use_fieldset, "group": bound.use_fieldset}


@register.inclusion_tag("parts/error_summary.html")
def error_summary(form: BaseForm, focus: bool = True) -> dict[str, Any]:
    """The errors of a form with links to their fields; it takes the focus."""
    wrong = [bound for bound in form if bound.errors]
    general = form.non_field_errors() if form.is_bound else []
    count = sum(len(bound.errors) for bound in wrong) + len(general)
    heading = ngettext("One thing to put right", "%(count)s things to put right", count) % {"count": count}
    return {"wrong": wrong, "general": general, "heading": heading, "count": count, "focus": focus}


@register.inclusion_tag("parts/form_body.html")
def form_body(
    form: BaseForm, submit: str, sentence: str = "", cancel_url: str = "", focus: bool = True
) -> dict[str, Any]:
    """All of a form inside its `<form>`: summary, fields, the sentence before the button, the button."""
    return {"form": form, "submit": submit, "sentence": sentence, "cancel_url": cancel_url, "focus": focus}


# --- Stories ----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("parts/timeline.html")
def timeline(days: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Days with `label` and `entries`; an entry has at, kind (human, ai, auto, them), what, text, because_url, big."""
    return {"days": days}


@register.inclusion_tag("parts/contributions.html")
def contributions(
    rows: Sequence[Mapping[str, Any]], label: str, total: float, of: str = "", decimals: int = 0, scale: float = 0
) -> dict[str, Any]:
    """Bars of what raised and lowered a number. A row has `label` and `value`; `scale` fixes the longest bar."""
    values = [float(row["value"]) for row in rows]
    drawn = bars([*values, float(scale), *([-float(scale) / 3] if scale and min(values, default=0) < 0 else [])])
    pairs = [{"label": row["label"], "value": row["value"], "bar": bar} for row, bar in zip(rows, drawn, strict=False)]
    return {"rows": pairs, "label": label, "total": total, "of": of, "decimals": decimals}


@register.inclusion_tag("parts/stage_path.html")
def stage_path(stages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Stages with `name`, `note` and `state` (done, now, next)."""
    return {"stages": stages}


@register.inclusion_tag("parts/pairs.html")
def pairs(rows: Iterable[Mapping[str, Any] | tuple[str, Any]]) -> dict[str, Any]:
    """Facts as pairs: (label, value), or mappings with label, value, url, because_url."""
    return {"rows": [row if isinstance(row, Mapping) else {"label": row[0], "value": row[1]} for row in rows]}


@register.inclusion_tag("parts/tabs.html")
def tabs(entries: Iterable[Mapping[str, Any]], label: str) -> dict[str, Any]:
    """Views of one object: label, url, count, current."""
    return {"entries": entries, "label": label}


@register.inclusion_tag("parts/comments.html")
def comments(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Remarks: author, at, text, edited."""
    return {"entries": entries}


@register.inclusion_tag("parts/versions.html")
def versions(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Versions, newest first: version, at, who, kind (human, ai, auto), reason, state, url, diff_url, restore_url."""
    return {"entries": entries}


@register.inclusion_tag("parts/job.html", takes_context=True)
def job(
    context: template.Context, run: Any, poll_url: str = "", stop_url: str = "", url: str = "", every: str = "2s"
) -> dict[str, Any]:
    """A job with its progress. It asks `poll_url` for itself (this same part) every two seconds until it has ended."""
    ended = run.state in ("done", "failed", "stopped")
    return {
        "run": run,
        "ended": ended,
        "poll_url": "" if ended else poll_url,
        "stop_url": "" if ended or run.stop_asked else stop_url,
        "url": url,
        "every": every,
        "csrf_token": context.get("csrf_token", ""),
    }


@register.simple_tag
def job_state(run: Any) -> SafeString:
    """The state of a job as a pill."""
    if run.stop_asked and run.state == "running":
        return pill(gettext("stopping"), "warn")
    return pill(state_word(run.state), run.state)


@register.inclusion_tag("parts/spark.html")
def spark(
    values: Sequence[float],
    label: str,
    lows: Sequence[float] = (),
    highs: Sequence[float] = (),
    target: float | None = None,
    target_text: str = "",
) -> dict[str, Any]:
    """A sparkline with its interval and its target. `label` says in words what it shows."""
    return {"figure": spark_figure(values, lows, highs, target), "label": label, "target_text": target_text}


# --- Desks ------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("parts/needs.html", takes_context=True)
def needs(context: template.Context, entries: Iterable[Any]) -> dict[str, Any]:
    """What waits for this person: title, url, button, detail, due or due_words, due_note, urgency, icon, at_once."""
    return {"entries": entries, "csrf_token": context.get("csrf_token", "")}


@register.inclusion_tag("parts/board.html")
def board(section: Section) -> dict[str, Any]:
    """A small table of what somebody looks after: a `shell.Section`."""
    columns = [{"words": words, "number": place in section.numbers} for place, words in enumerate(section.columns)]
    rows = [
        {
            "url": row.url,
            "cells": [
                {"words": words, "number": column["number"], "label": column["words"]}
                for words, column in zip(row.cells, columns, strict=True)
            ],
        }
        for row in section.rows
    ]
    return {"label": section.heading, "columns": columns, "rows": rows}


@register.inclusion_tag("parts/figures.html")
def figures(entries: Iterable[Any]) -> dict[str, Any]:
    """What this person answers for: title, value, note, state, tone, moved, owner, url, trend, target, target_text."""
    return {"entries": entries}


@register.inclusion_tag("parts/changes.html")
def changes(entries: Iterable[Any]) -> dict[str, Any]:
    """What happened lately: at, what, by, by_kind (human, ai, auto), moved, url."""
    return {"entries": entries}


@register.simple_tag
def left(due: datetime) -> str:
    """How much time is left until a moment, or how long it is past."""
    passed = now() - due
    words = gettext("%(span)s late") if passed > timedelta(0) else gettext("%(span)s left")
    return words % {"span": duration(abs(passed))}


@register.inclusion_tag("parts/toast.html", takes_context=True)
def toast(context: template.Context, text: str, undo_url: str = "") -> dict[str, Any]:
    """A note that goes by itself, with a way back."""
    return {"text": text, "undo_url": undo_url, "csrf_token": context.get("csrf_token", "")}


@register.filter
def undo_url(message: Any) -> str:
    """The way back of a Django message: the address after `undo:` in its extra tags."""
    tags = str(getattr(message, "extra_tags", "") or "")
    ways = (tag.removeprefix("undo:") for tag in tags.split() if tag.startswith("undo:"))
    return next((quote(way, safe="/?=&%-_.~:") for way in ways if re.match(r"/(?![/\\])", way)), "")
