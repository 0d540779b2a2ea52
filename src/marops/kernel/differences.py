"""What changed between two versions of a document, in words that its owner understands.

Conditions are told as sentences, entries of a list by their label, and everything else by its path.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from marops.kernel.errors import MaropsError
from marops.kernel.rules import parse
from marops.kernel.rules_sentence import sentence

_NAMES: Final = ("name", "slug", "key", "grade", "id", "person")
_LABELS: Final = ("label", "title", "name", "grade", "slug", "key", "id", "person")
_LONG: Final = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents differ: a JSON pointer into the newer (the older where it is gone), and words."""

    pointer: str
    words: str
    before: Any = None
    after: Any = None

    def as_json(self) -> dict[str, Any]:
        """As REST and `--json` print it."""
        return {"pointer": self.pointer, "words": self.words, "before": self.before, "after": self.after}


def differences(before: Any, after: Any) -> list[Difference]:
    """Every place where two JSON documents differ, in the order of the newer one."""
    return list(_walk(before, after, "", ()))


def _walk(before: Any, after: Any, pointer: str, path: tuple[str, ...]) -> Iterator[Difference]:
    if before == after:
        return
    if (was := _condition(before)) and (now := _condition(after)):
        yield Difference(pointer, f"{_way(path)}: {was} becomes: {now}", before, after)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _keys(before, after, pointer, path)
    elif _is_named(before) and _is_named(after):
        yield from _entries(before, after, pointer, path)
    else:
        yield Difference(pointer, f"{_way(path)}: {_said(before)} becomes {_said(after)}", before, after)


def _keys(
    before: Mapping[str, Any], after: Mapping[str, Any], pointer: str, path: tuple[str, ...]
) -> Iterator[Difference]:
    for key, value in after.items():
        here, way = _step(pointer, key), (*path, _words(key))
        if key in before:
            yield from _walk(before[key], value, here, way)
        else:
            yield Difference(here, f"{_way(way)} is new: {_said(value)}", None, value)
    for key in before:
        if key not in after:
            way = (*path, _words(key))
            yield Difference(_step(pointer, key), f"{_way(way)} is gone: {_said(before[key])}", before[key], None)


def _entries(before: Sequence[Any], after: Sequence[Any], pointer: str, path: tuple[str, ...]) -> Iterator[Difference]:
    """Lists of named entries are compared by name, so that one more at the top is not a change of all."""
    old, new = {_name(entry): entry for entry in before}, {_name(entry): entry for entry in after}
    for number, (name, entry) in enumerate(new.items()):
        here, label = f"{pointer}/{number}", f"“{_label(entry)}”"
        if name in old:
            yield from _walk(old[name], entry, here, (*path, label))
        else:
            yield Difference(here, f"{_way((*path, label))} is new{_outline(entry)}", None, entry)
    for number, (name, entry) in enumerate(old.items()):
        if name not in new:
            yield Difference(f"{pointer}/{number}", f"{_way((*path, f'“{_label(entry)}”'))} is gone", entry, None)
    kept_before, kept_after = [name for name in old if name in new], [name for name in new if name in old]
    if kept_before != kept_after:
        order = ", ".join(f"“{_label(new[name])}”" for name in kept_after)
        yield Difference(pointer, f"{_way(path)} stand in another order: {order}", kept_before, kept_after)


def _is_named(value: Any) -> bool:
    """A list of entries that each have a name of their own."""
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        return False
    names = [_name(entry) for entry in value]
    return None not in names and len(set(names)) == len(names)


def _name(entry: Mapping[str, Any]) -> str | None:
    return next((str(entry[key]) for key in _NAMES if key in entry), None)


def _label(entry: Mapping[str, Any]) -> str:
    return next(str(entry[key]) for key in _LABELS if entry.get(key))


def _outline(entry: Mapping[str, Any]) -> str:
    """The rest of a new entry in a few words."""
    parts = []
    for key, value in entry.items():
        if condition := _condition(value):
            parts.append(f"{_words(key)}: {condition}")
        elif key not in _LABELS and not isinstance(value, Mapping | list):
            parts.append(f"{_words(key)} {_said(value)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _condition(value: Any) -> str:
    """The sentence of a rule; nothing for what is no rule."""
    if not isinstance(value, Mapping):
        return ""
    try:
        return f"“{sentence(parse(dict(value)))}”"
    except MaropsError:
        return ""


def _said(value: Any) -> str:
    if condition := _condition(value):
        return condition
    if isinstance(value, list) and not any(isinstance(item, Mapping | list) for item in value):
        return _shortened(", ".join(_said(item) for item in value) or "none")
    if _is_named(value):
        return _shortened(", ".join(f"“{_label(entry)}”" for entry in value))
    if isinstance(value, Mapping | list):
        return f"{len(value)} entries" if len(value) != 1 else "1 entry"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "yes", False: "no"}[value]
    return _shortened(str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1].rstrip() + "…"


def _words(key: str) -> str:
    return str(key).replace("_", " ")


def _way(path: tuple[str, ...]) -> str:
    return " > ".join(path) or "the document"


def _step(pointer: str, key: str) -> str:
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
