"""A lead's story on the terminal, section by section, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

BAR = 24
NEWEST = 20


def tell(out: Console, story: Mapping[str, Any]) -> None:
    """Print the story that `lead_story` answers."""
    contact = story.get("contact", {})
    name = contact.get("name") or contact.get("ref") or "This lead"
    out.print(f"[bold]{escape(str(name))}[/]  {escape(str(contact.get('ref', '')))}")
    for section, show in _SHOWN.items():
        if section in story:
            out.print(f"\n[bold]{_TITLES[section]}[/]")
            show(out, story[section])
    out.print("\n[bold]Timeline[/]")
    _timeline(out, story.get("timeline", []))


def _contact(out: Console, section: Mapping[str, Any]) -> None:
    known = {f"{one['system'] or one['kind']}": one["value"] for one in section.get("known_as", [])}
    fields = section.get("fields", {})
    _pairs(out, {**fields, **{f"id: {system}": value for system, value in known.items()}})


def _consent(out: Console, section: Mapping[str, Any]) -> None:
    for line in section.get("lines", []):
        out.print(f"  {escape(str(line['says']))}")
    _why(out, section)


def _sources(out: Console, section: Mapping[str, Any]) -> None:
    _why(out, section)
    for line in section.get("records", []):
        out.print(f"  {escape(str(line.get('says', line)))}")


def _quality(out: Console, section: Mapping[str, Any]) -> None:
    _why(out, section)
    for fault in section.get("faults", []):
        out.print(f"  [yellow]![/] {escape(fault['title'])}. {escape(fault.get('remedy', ''))}")


def _score(out: Console, section: Mapping[str, Any]) -> None:
    _why(out, section)
    points = section.get("contributions", [])
    most = max((abs(one["points"]) for one in points), default=1) or 1
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    for one in points:
        bar = "█" * max(1, round(BAR * abs(one["points"]) / most))
        table.add_row(f"  {escape(one['label'])}", one["part"], f"{one['points']:+g}", bar)
    out.print(table)
    if section.get("fit"):
        fit, keen = section["fit"], section["engagement"]
        out.print(f"  Fit {fit['points']:g} of {fit['of']:g}, which gives grade {section['grade']}.")
        out.print(f"  Engagement {keen['points']:g} of {keen['of']:g}.")
    if section.get("missing"):
        out.print(f"  Not known, so it counts nothing: {escape(', '.join(section['missing']))}.")
    if section.get("definition"):
        out.print(f"  By {section['definition']}, as of {_time(section['as_of'])}.")


def _prediction(out: Console, section: Mapping[str, Any]) -> None:
    if section.get("probability") is None:
        _why(out, section)
        return
    usual = f"{section['average']:.0%} where nothing is special"
    out.print(f"  {section['probability']:.0%} for {escape(section['title'])} ({usual})")
    for one in section["shown"]:
        out.print(f"  {one['value']:+.2f}  {escape(one['label'])}")
    out.print(f"  By {section['definition']}, as of {_time(section['as_of'])}.")


def _stage(out: Console, section: Mapping[str, Any]) -> None:
    path = " → ".join(f"[bold]\\[{one['label']}][/]" if one["now"] else one["label"] for one in section.get("path", []))
    out.print(f"  {path}")
    _why(out, section)
    if section.get("since"):
        out.print(f"  Since {_time(section['since'])}, by {section['definition']}.")
    if ahead := section.get("next"):
        out.print(f"  For {ahead['label']}: {escape(ahead['rule'])}")
        for one in ahead["conditions"]:
            mark = "[green]yes[/]" if one["holds"] else "[red]no [/]"
            seen = "nothing" if one["value"] is None else one["value"]
            out.print(f"    {mark} {escape(one['sentence'])} (it is {escape(str(seen))})")


def _routing(out: Console, section: Mapping[str, Any]) -> None:
    if section.get("owner"):
        out.print(f"  [bold]{escape(section['owner'])}[/] ({section['owner_kind']}), since {_time(section['since'])}")
    _why(out, section)
    for number, rule in enumerate(section.get("rules", []), 1):
        out.print(f"  {number}. {escape(rule['label'])} ({escape(rule['when'])}): {_RESULTS[rule['result']]}")
    for one in section.get("candidates", []):
        chosen = ", and was next in turn" if one["chosen"] else ""
        out.print(f"  {escape(one['name'])}: {escape(one['says'])}{chosen}.")


def _timeline(out: Console, entries: list[Mapping[str, Any]]) -> None:
    for entry in entries[:NEWEST]:
        out.print(f"  {_time(entry['at'])}  {escape(entry['says'])}")
    if len(entries) > NEWEST:
        out.print(f"  … and {len(entries) - NEWEST} earlier.")
    if not entries:
        out.print("  Nothing has happened yet.")


def _pairs(out: Console, values: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    for label, value in values.items():
        table.add_row(f"  [dim]{escape(label)}[/]", escape(str(value)))
    out.print(table)


def _why(out: Console, section: Mapping[str, Any]) -> None:
    if section.get("why"):
        out.print(f"  {escape(section['why'])}")


def _time(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")


_RESULTS = {
    "matched": "this rule matched.",
    "not matched": "did not match.",
    "not reached": "was not asked, for an earlier one matched.",
}
_SHOWN = {
    "contact": _contact,
    "consent": _consent,
    "sources": _sources,
    "quality": _quality,
    "score": _score,
    "prediction": _prediction,
    "stage": _stage,
    "routing": _routing,
}
_TITLES = {
    "contact": "Who",
    "consent": "May we write?",
    "sources": "Where this comes from",
    "quality": "Faults",
    "score": "Score",
    "prediction": "Likelihood",
    "stage": "Stage",
    "routing": "Owner",
}
