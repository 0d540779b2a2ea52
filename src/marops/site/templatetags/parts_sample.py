"""Invented data for the gallery of parts. Nothing else may use it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms, template
from django.core.paginator import Paginator

from marops.kernel.clock import now

register = template.Library()


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
    kind = forms.ChoiceField(
        label="Who may get it", widget=forms.RadioSelect, choices=[("a", "Anyone on the team"), ("o", "Company’s owner")]
    )
    tell = forms.BooleanField(label="Tell the seller at once", required=False)


@register.simple_tag
def sample() -> dict[str, Any]:
    """Everything the gallery shows."""
    today = now()
    form = RuleForm({"name": "DACH by company size", "hours": "0", "queue": "q", "kind": "a", "tell": "on"})
    return {
        "form": form,
        "stages": _stages(),
        "who": [
            ("Role", "Head of Operations IT"),
            {"label": "At", "value": "Nordvik Maritime AS", "url": "#company"},
            ("Place", "Bergen, Norway"),
            ("E-mail", "i.solheim@nordvik.example"),
            {"label": "Owner", "value": "Jonas Weber", "because_url": "/why"},
        ],
        "days": _days(today),
        "fit": _rows(("Title: head of", 18), ("840 employees", 14), ("Maritime", 10), ("Norway", 6), ("Stale job title", -2)),
        "engagement": _rows(
            ("Asked for a demo", 14), ("Stayed in webinar", 12), ("Pricing, twice", 9), ("4 e-mail clicks", 8),
            ("6 days of silence", -5),
        ),  # fmt: skip
        "leads": Paginator(_leads(today), 8).get_page(1),
        "filters": [
            {"key": "stage", "label": "Stage", "options": [("mql", "MQL"), ("sal", "SAL"), ("lead", "Lead")]},
            {"key": "owner", "label": "Owner"},
        ],
        "job": SimpleNamespace(
            number=12, title="Import leads of November", state="running", stop_asked=False, done=2_410, total=6_468,
            share=0.37, doing="normalising",
        ),  # fmt: skip
        "waiting": SimpleNamespace(
            number=13, title="Score again with version 12", state="waiting", stop_asked=False, done=0, total=None,
            share=None, doing="",
        ),  # fmt: skip
        "comments": [
            {"author": "Samuel Adeyemi", "at": today - timedelta(hours=3), "text": "Same person as L-311, joined."},
            {"author": "Hanna Lindqvist", "at": today - timedelta(days=2), "text": "Thank you.", "edited": True},
        ],
        "versions": _versions(today),
        "tabs": [
            {"label": "Story", "url": "#story", "current": True},
            {"label": "Mails", "url": "#mails", "count": 6},
            {"label": "Opportunities", "url": "#opportunities", "count": 0},
            {"label": "History", "url": "#history"},
        ],
        "estimate": {"value": 3.1, "low": 2.4, "high": 3.8, "level": 0.9},
        "unknown": {"value": None, "why": "Fewer than 30 leads were closed."},
        "week": [70, 71, 70, 72, 71, 74, 73, 75, 74, 76, 77, 76, 78],
        "lows": [64, 65, 64, 66, 65, 68, 67, 69, 68, 70, 71, 70, 71],
        "highs": [76, 77, 76, 78, 77, 80, 79, 81, 80, 82, 83, 82, 84],
        "emblems_all": [
            ("wizard", "Wizard"), ("captain", "Captain"), ("archer", "Archer"), ("sorceress", "Sorceress"),
            ("seer", "Seer"), ("ranger", "Ranger"), ("messenger", "Messenger"), ("keeper", "Keeper of Scrolls"),
            ("squire", "Squire"),
        ],  # fmt: skip
        "moment": datetime(2025, 3, 12, 9, 5, tzinfo=UTC),
        "rules": [
            ("Duplicate goes to the same owner", "no open duplicate"),
            ("Company already has an owner", "Nordvik has none"),
            ("Named accounts", "not on the list"),
            ("Partner business", "source is search"),
        ],
    }


def _rows(*pairs: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"label": label, "value": value} for label, value in pairs]


def _stages() -> list[dict[str, str]]:
    return [
        {"name": "Subscriber", "note": "12 Mar 2025", "state": "done"},
        {"name": "Lead", "note": "4 Nov, 10:47", "state": "done"},
        {"name": "MQL", "note": "2 h 32 of 4 h waited", "state": "now"},
        {"name": "SAL", "note": "due today 10:20", "state": "next"},
        {"name": "SQL", "note": "41 % likely (34–49)", "state": "next"},  # noqa: RUF001
        {"name": "Opportunity", "note": "–", "state": "next"},  # noqa: RUF001
    ]


def _days(today: datetime) -> list[dict[str, Any]]:
    def entry(kind: str, hours: float, what: str, text: str = "", **more: Any) -> dict[str, Any]:
        return {"kind": kind, "at": today - timedelta(hours=hours), "what": what, "text": text, **more}

    return [
        {
            "label": "Today",
            "entries": [entry("auto", 1, "Reminder to Jonas Weber", "1 h 28 min of the 4 working hours are left.")],
        },
        {
            "label": "Wed 18 Nov",
            "entries": [
                entry("auto", 24, "Handed to Jonas Weber", "Rule 6, “Nordics, mid-market”.", because_url="/why", big=True),
                entry("auto", 24, "Became an MQL: score 58 → 84", "Threshold 65.", because_url="/why", big=True),
                entry("ai", 24.1, "Summary of the account written for the seller", "AI use U-04, marked as AI."),
                entry("them", 24.2, "Asked for a demo", "“We run 46 vessels and want one place.”", big=True),
            ],
        },
        {
            "label": "Mon 9 – Thu 12 Nov",  # noqa: RUF001
            "entries": [
                {"kind": "them", "at": "Thu", "what": "Opened pricing twice, followed 4 e-mail links"},
                {"kind": "human", "at": "Mon", "what": "Samuel Adeyemi joined two records", "because_url": "/why"},
            ],
        },
    ]


def _leads(today: datetime) -> list[dict[str, Any]]:
    names = ["Ingrid Solheim", "Tomasz Nowak", "Aoife Brennan", "Claire Dubois", "Amit Shah", "Ruth Calder", "Li Na", "Ola Berg"]
    firms = ["Nordvik Maritime AS", "Baltic Foods", "Kerry Labs", "Atelier Neuf", "Deccan Steel", "Calder & Sons", "云图", "–"]  # noqa: RUF001
    states = [("MQL", "late"), ("SAL", "active"), ("Lead", ""), ("MQL", "info"), ("Lead", ""), ("SQL", "good"), ("Lead", ""), ("Lead", "")]
    return [
        {
            "ref": f"L-{48213 + index}", "name": names[index % 8], "company": firms[index % 8], "state": states[index % 8],
            "owner": None if index % 8 == 6 else "Jonas Weber", "score": 84 - 9 * (index % 8),
            "at": today - timedelta(hours=index * 7),
        }
        for index in range(61)
    ]  # fmt: skip


def _versions(today: datetime) -> list[dict[str, Any]]:
    return [
        {"version": 8, "at": today - timedelta(hours=5), "who": "Samuel Adeyemi", "state": "in review",
         "reason": "Companies under 200 go to inside sales.", "diff_url": "/why"},
        {"version": 7, "at": today - timedelta(days=40), "who": "AI use U-11", "kind": "ai", "state": "active",
         "reason": "Wording only.", "diff_url": "/why", "restore_url": "#restore"},
    ]  # fmt: skip
