"""The record of processing and proofs of erasure, printed."""

from datetime import datetime
from pathlib import Path
from typing import Any

from marops.kernel.printing import pdf
from marops.kernel.workspace import workspace

_PAPER = Path(__file__).parent / "document.typ"


def _part(text: str = "", items: list[str] | None = None) -> dict[str, Any]:
    return {"text": text, "items": items or []}


def record_pdf(told: dict[str, Any], at: datetime) -> bytes:
    """The record of processing as a PDF."""
    sections = [
        {
            "heading": one["title"],
            "parts": [_part(one["says"]), _part(items=[
                f"Channels: {', '.join(one['channels'])}", f"Rests on: {', '.join(one['bases'])}",
                f"A yes holds {one['kept']}",
            ])],
        }
        for one in told["purposes"]
    ]  # fmt: skip
    held = [f"{one['what']}: about {one['about']:,} rows" for one in told["categories"] if one["about"]]
    about = told["people"][0]["about"] if told["people"] else 0
    sections += [
        {"heading": "Whose data, and which", "parts": [
            _part(f"Leads and contacts of companies: about {about:,}. Personal fields: {', '.join(told['fields'])}."),
            _part(f"They came from: {', '.join(told['sources']) or 'nowhere yet'}."), _part(items=held)]},
        {"heading": "Who gets it", "parts": [
            _part(items=[f"{one['name']} ({one['where']}): {one['what']}; {one['why']}" for one in told["recipients"]])
            if told["recipients"] else _part("Nobody outside.")]},
        {"heading": "For how long", "parts": [
            _part(items=[f"{one['what']}: {one['kept']}, then {one['then']}" for one in told["retention"]])]},
        {"heading": "How it is kept safe", "parts": [_part(items=told["security"])]},
        {"heading": "What people may ask for", "parts": [
            _part(f"{', '.join(told['rights']).capitalize()}. Deadlines by {', '.join(told['regimes']['titles'])}.")]},
    ]  # fmt: skip
    under = f"GDPR Art. 30. {told['controller']['name']}, read off the installation at {told['at'][:16]} UTC."
    return _printed("Record of processing activities", under, sections, at)


def proof_pdf(told: dict[str, Any], at: datetime) -> bytes:
    """A proof of erasure as a PDF; holds no value that was searched for."""
    before, after = told["before"] or {}, told["after"]
    held = [f"{name}: {number:,} before, {after.get(name, 0):,} now" for name, number in sorted(before.items())]
    held += [f"{name}: {number:,} now" for name, number in sorted(after.items()) if name not in before]
    sums = [
        f"{name}: {one['rows']:,} rows, {one['gone']:,} of them changed meanwhile" for name, one in told["sums"].items()
    ]
    sections = [
        {"heading": "Where something was", "parts": [_part(items=held) if held else _part("Nowhere.")]},
        {"heading": "What stays", "parts": [
            _part(items=[
                f"{told['suppressed']:,} keyed hashes of erased addresses and numbers in all",
                f"Backups: {told['backups']['there']:,} there, {told['backups']['kept']}. {told['backups']['says']}",
                f"Values that a namesake shares and that were not searched for: {told['shared']:,}",
                *(f"Sums, in which nobody is named: {one}" for one in sums),
            ])]},
        {"heading": f"All {told['places']:,} places", "parts": [_part(", ".join(told["looked"]) + ".")]},
    ]  # fmt: skip
    under = (
        f"{told['ref']}, {told['at'][:16]} UTC. {sum(before.values()):,} rows and files held something of the person"
        f" before, {told['found']:,} do now."
    )
    return _printed("Proof of erasure", under, sections, at)


def _printed(title: str, under: str, sections: list[dict[str, Any]], at: datetime) -> bytes:
    told = {"words": {}, "title": title, "company": workspace().name, "under": under, "sections": sections}
    return pdf(_PAPER, told, at)
