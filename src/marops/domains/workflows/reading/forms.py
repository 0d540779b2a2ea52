"""Forms of bringing logs and diagrams in: the file, what its columns mean, how much is noise."""

import re
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from marops.domains.workflows.carrying import OWN
from marops.domains.workflows.plan import Given, LogPlan, as_given
from marops.domains.workflows.reading.meanings import MEANINGS, SKIP, TIMES
from marops.kernel.definitions import active, load
from marops.kernel.workspace import workspace

MOST_BYTES: Final = 2_000_000_000
MOST_DIAGRAM: Final = 20_000_000
NOISE: Final = 5
_DAYS: Final = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{4}")


def meaning_words() -> dict[str, str]:
    """What a column can mean, in words."""
    return {
        "case": _g("Case: which piece of work it belongs to"),
        "activity": _g("Activity: what was done"),
        "resource": _g("Person: who did it"),
        "role": _g("Role or team"),
        "class": _g("Kind of work"),
        "start": _g("Start"),
        "end": _g("End, or the only time"),
        "enabled": _g("Ready: since when it could begin"),
        "lifecycle": _g("Start or end: what the row marks"),
        "instance": _g("Number of the single piece"),
        "platform": _g("Platform"),
        "touch": _g("By a person, with AI, automatic"),
        "skill": _g("Skill"),
        "cost": _g("Cost"),
        "attempt": _g("Attempt"),
    }


class LogFileForm(forms.Form):
    """A log or a diagram to bring in."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "A log: CSV, XLSX, Parquet, XES or OCEL 2.0 (JSON), packed with gzip or not. Or a BPMN 2.0 diagram, or a"
            " zip of a diagram and its Prosimos parameters."
        ),
    )
    figures = forms.FileField(
        label=_("Figures for the diagram"),
        required=False,
        help_text=_(
            "Only beside a BPMN diagram: the parameters of Prosimos as JSON, where they are a file of their own."
        ),
    )

    crew = forms.ChoiceField(
        label=_("Who does the work of a diagram"),
        required=False,
        help_text=_("A crew that is here already shares its people among all its workflows. A log tells this itself."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        crews = [(one.slug, load(one).title) for one in active("crew")]
        choices = [("", _g("As the file says")), (OWN, _g("A crew of its own")), *crews]
        self.fields["crew"].choices = choices  # type: ignore[attr-defined]  # a choice field

    def clean_file(self) -> Any:
        """Refuse what is too big to be taken in over the web."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("This file is larger than 2 GB. Use `marops workflow import`."))
        return file

    def clean_figures(self) -> Any:
        """Refuse what no set of parameters can be."""
        file = self.cleaned_data["figures"]
        if file and file.size > MOST_DIAGRAM:
            raise forms.ValidationError(_("This file is larger than 20 MB."))
        return file


class NoiseForm(forms.Form):
    """How much of a log may be left out of the map."""

    noise = forms.IntegerField(
        label=_("What may be left out as noise"),
        min_value=0,
        max_value=50,
        initial=NOISE,
        help_text=_("In percent of the cases. 0 keeps every way that was ever taken; more makes a simpler map."),
    )


def _numbered(plan: LogPlan) -> bool:
    """Does a column of times hold dates in which day and month could be taken for each other?"""
    times = [one for one in plan.columns if one.meaning in TIMES]
    return any(_DAYS.match(sample) for one in times for sample in one.samples)


class LogPlanForm(NoiseForm):
    """What each column means, and how times are read."""

    title = forms.CharField(label=_("What the workflow is called"), max_length=120)
    case_object = forms.ChoiceField(
        label=_("What is followed through the steps"),
        required=False,
        help_text=_("Each object of this type becomes a case. Work for several of them is counted once."),
    )
    zone = forms.CharField(
        label=_("Time zone of times without one"), required=False, help_text=_("Such as Europe/Berlin.")
    )
    dates = forms.ChoiceField(
        label=_("Dates such as 03/04/2026"),
        required=False,
        choices=[("day_first", _("day first: 3 April")), ("month_first", _("month first: 4 March"))],
    )
    leave_out = forms.BooleanField(
        label=_("Leave out rows that cannot be used"),
        required=False,
        help_text=_("Otherwise one such row stops the import, and nothing is kept."),
    )

    def __init__(self, plan: LogPlan, data: Any = None, *, title: str = "", noise: int = NOISE) -> None:
        first = {
            "title": title, "noise": noise, "zone": plan.zone, "leave_out": plan.leave_out,
            "dates": "day_first" if plan.day_first else "month_first", "case_object": plan.case_object,
        }  # fmt: skip
        super().__init__(data, initial=first)
        self.plan = plan
        case = self.fields["case_object"]
        assert isinstance(case, forms.ChoiceField)  # noqa: S101
        case.choices = [(one, f"{one} ({many:,})") for one, many in plan.objects.items()]
        for name, needed in (("case_object", plan.objects), ("zone", plan.naive), ("dates", _numbered(plan))):
            if not needed:
                del self.fields[name]
        words = meaning_words()
        choices = [(SKIP, _g("nothing: leave it out")), *((one, words[one]) for one in MEANINGS)]
        for number, column in enumerate(plan.columns):
            self.fields[f"c{number}"] = forms.ChoiceField(
                label=column.name, choices=choices, initial=column.meaning, required=False
            )
        self.order_fields(["title", "case_object", "zone", "dates", "leave_out", "noise"])

    def clean_zone(self) -> str:
        """A zone that exists, or none."""
        zone: str = self.cleaned_data["zone"]
        if zone and zone not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone."))
        return zone

    def clean(self) -> dict[str, Any]:
        """No two columns with one meaning."""
        given = super().clean() or {}
        taken: dict[str, str] = {}
        for number, column in enumerate(self.plan.columns):
            meaning = given.get(f"c{number}") or SKIP
            if meaning != SKIP and meaning in taken:
                said = _g("“%(other)s” has this meaning already.") % {"other": taken[meaning]}
                self.add_error(f"c{number}", said)
            taken.setdefault(meaning, column.name)
        return given

    def as_given(self) -> Given:
        """What was said about the file."""
        given, options = self.cleaned_data, self.plan.options
        meanings = {given[f"c{number}"] or SKIP: one.name for number, one in enumerate(self.plan.columns)}
        meanings.pop(SKIP, None)
        return as_given(
            {
                "columns": meanings, "others": "skip", "dates": given.get("dates", ""),
                "zone": given.get("zone", "") if given.get("zone") != workspace().zone else "",  # else nobody said one
                "case_object": given.get("case_object", ""), "leave_out": given["leave_out"],
                "encoding": options.encoding, "delimiter": options.delimiter, "sheet": options.sheet,
            }
        )  # fmt: skip


class FitForm(forms.Form):
    """The log that a model is held against, and how often it is simulated for that."""

    against = forms.ChoiceField(
        label=_("Log"), help_text=_("Of the same work, but not the one that the workflow was read off.")
    )
    runs = forms.IntegerField(
        label=_("Simulated logs"), min_value=2, max_value=100, initial=10, help_text=_("More make narrower intervals.")
    )

    def __init__(self, data: Any = None, *, logs: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.has_logs = bool(logs)
        self.fields["against"].choices = logs  # type: ignore[attr-defined]
