"""Invented data for the gallery of parts. Nothing else may use it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django import forms, template
from django.core.paginator import Paginator

from marops.kernel.clock import now
from marops.kernel.shell import Section, SectionRow

register = template.Library()

_DATA = Path(__file__).with_name("parts_sample.json")


class RuleForm(forms.Form):
    """A form with one of each kind of field and a mistake in it."""

    name = forms.CharField(label="Name of the rule", help_text="Sellers see this name on the lead.")
    hours = forms.IntegerField(
        label="Hours to first touch",
        help_text="Working hours of the seller, 1 to 72.",
        min_value=1,
        error_messages={"min_value": "0 hours would put every lead past its deadline. Enter 1 to 72."},
    )
    queue = forms.ChoiceField(label="When nobody is free", choices=[("q", "Fallback queue"), ("w", "Wait")])
    who = forms.ChoiceField(
        label="Who may get it", widget=forms.RadioSelect, choices=[("a", "Anyone on the team"), ("o", "Only the owner")]
    )
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    tell = forms.BooleanField(label="Tell the seller at once", required=False)


@register.simple_tag
def sample() -> dict[str, Any]:
    """Everything the gallery shows."""
    shown: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    moment = now()
    shown["form"] = RuleForm({"name": "DACH by company size", "hours": "0", "queue": "q", "who": "a", "tell": "on"})
    shown["leads"] = Paginator(_leads(shown["leads"], moment), len(shown["leads"])).get_page(1)
    shown["job"], shown["waiting"] = SimpleNamespace(**shown["job"]), SimpleNamespace(**shown["waiting"])
    shown["moment"] = datetime(2025, 3, 12, 9, 5, tzinfo=UTC)
    shown["board"] = Section(
        "Queues",
        columns=("Queue", "Leads", "Oldest since"),
        rows=[SectionRow(("Nordics", "61", "Mon 16 Nov"), "#queue"), SectionRow(("Unassigned leads", "0", "–"))],
        numbers=frozenset({1}),
    )
    shown["comments"] = [
        {"author": "Samuel Adeyemi", "at": moment - timedelta(hours=3), "text": "Same person as L-311, joined."},
        {"author": "Hanna Lindqvist", "at": moment - timedelta(days=2), "text": "Thank you.", "edited": True},
    ]
    shown["versions"] = [
        _version(
            8, moment - timedelta(hours=5), "Samuel Adeyemi", "in_review", "Companies under 200 go to inside sales."
        ),
        _version(
            7, moment - timedelta(days=40), "Use U-11", "active", "Wording only.", kind="ai", restore_url="#restore"
        ),
    ]
    shown["changes"] = [
        {
            "at": moment - timedelta(hours=2),
            "what": "Jonas Weber reported absent until Mon 23 Nov",
            "by": "Jonas Weber",
            "by_kind": "human",
            "moved": "4 leads without cover",
            "url": "/parts/because",
        },
        {
            "at": moment - timedelta(hours=30),
            "what": "1,206 stale job titles marked after the yearly check",
            "by": "Quality rule Q-14",
            "by_kind": "auto",
            "moved": "quality 84 to 86",
            "url": "/parts/because",
        },
        {
            "at": moment - timedelta(hours=50),
            "what": "640 chat topics classified, 5 % sampled by hand",
            "by": "Use U-11",
            "by_kind": "ai",
            "moved": "96.9 % agree (93 to 99)",
            "url": "/parts/because",
        },
    ]
    return shown


def _leads(rows: list[list[Any]], moment: datetime) -> list[dict[str, Any]]:
    keys = ("name", "company", "stage", "kind", "owner", "score")
    return [
        {
            **dict(zip(keys, rows[index % len(rows)], strict=True)),
            "ref": f"L-{48213 + index}",
            "at": moment - timedelta(hours=7 * index),
        }
        for index in range(61)
    ]


def _version(version: int, at: datetime, who: str, state: str, reason: str, **more: str) -> dict[str, Any]:
    given = {"version": version, "at": at, "who": who, "state": state, "reason": reason}
    return {**given, "diff_url": "/parts/because", **more}
