"""Pictures as SVG text: elements, escaped; how wide words are; numbers in few letters. Colours are the stylesheet's."""

from collections.abc import Sequence
from html import escape

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

MINUS = "−"
_NARROW = frozenset("fijlrtI.,:;'|!()[]-– ")
_WIDE = frozenset("mwMWQ@%")


def num(value: float) -> str:
    """A coordinate."""
    return f"{value:.1f}".removesuffix(".0")


def wide(words: str, *, strong: bool = False) -> float:
    """About how many units a text of 13 takes; good enough to keep texts apart."""
    total = 0.0
    for letter in words:
        if letter in _NARROW:
            total += 3.9
        elif letter in _WIDE:
            total += 11.0
        elif ord(letter) > 0x2E80:
            total += 13.2
        else:
            total += 8.4 if letter.isupper() else 7.2
    return total * (1.07 if strong else 1.02)


def cut(words: str, room: float, *, strong: bool = False) -> str:
    """As much of a text as has room, with an ellipsis where something is left out."""
    if wide(words, strong=strong) <= room:
        return words
    while words and wide(words + "…", strong=strong) > room:
        words = words[:-1]
    return words.rstrip(" ,–-") + "…"


def broken(words: str, room: float) -> list[str]:
    """A text in as many lines as it takes; a share stays in one piece, a word too long for a line is cut."""
    lines: list[str] = []
    for word in words.replace(" %", "\u00a0%").split(" "):
        if lines and wide(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(cut(word, room))
    return lines


def tag(name: str, inside: str = "", **given: str | float | None) -> str:
    """One element. Underscores in names are hyphens, a trailing one is left out (`class_`); None is not written."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else num(value)}"'
        for key, value in given.items()
        if value is not None
    )
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def text(words: str, x: float, y: float, css: str = "", title: str = "") -> str:
    """A line of text."""
    told = f"<title>{escape(title)}</title>" if title else ""
    return tag("text", told + escape(words), class_=css or None, x=x, y=y)


def path(d: str, css: str) -> str:
    """A stroke."""
    return tag("path", class_=css, d=d)


def drawing(
    body: Sequence[str],
    *,
    width: float,
    height: float,
    ident: str,
    title: str,
    says: str,
    css: str = "chart",
    linked: bool = False,
) -> SafeString:
    """The whole picture, with its name and what it shows in words for those who do not see it. `linked`: what is in it
    can be reached, so it is read as a group and not as one image.
    """
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" role="{}" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>',
        css, num(width), num(height), num(width), num(height), "group" if linked else "img",
        ident, ident, ident, title, ident, says,
        mark_safe("".join(body)),  # noqa: S308  # made by `tag`, which escapes
    )  # fmt: skip


def number(value: float, decimals: int = 0, *, signed: bool = False) -> str:
    """A number with separators and a real minus sign; nothing is never negative."""
    said = f"{abs(value):,.{decimals}f}"
    if not said.strip("0.,"):
        return said
    if value < 0:
        return MINUS + said
    return f"+{said}" if signed else said


def as_file(picture: str, style: str) -> str:
    """A picture as a file of its own, with colours written in. Links become groups: elsewhere they lead nowhere."""
    begun = picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    start = begun.index(">") + 1
    body = begun[start:]
    while (at := body.find("<a ")) >= 0:
        body = f"{body[:at]}<g{body[body.index('>', at) :]}"
    return f"{begun[:start]}<style>{style}</style>{body.replace('</a>', '</g>')}"
