"""Forms of an import: the file, and where its columns go."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from marops.domains.capture.maps import Map, as_map
from marops.domains.capture.plan import Plan
from marops.domains.capture.tables import LEADS, importer, importers
from marops.domains.capture.targets import CHANNELS, CLEANING, COMPANY_CLEANING, CUSTOM_TYPES, SKIP, Target
from marops.kernel.importers import Importer
from marops.kernel.workspace import sample_present

MOST_BYTES = 2_000_000_000


class FileForm(forms.Form):
    """A file to bring in."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV with any delimiter and encoding, XLSX or Parquet, up to 2 GB.")
    )

    def clean_file(self) -> Any:
        """Refuse what is too big to be taken in over the web."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("This file is larger than 2 GB. Import it with `marops import leads`."))
        return file


def table_words() -> dict[str, str]:
    """What a file can hold, in words."""
    return {LEADS: _g("Leads"), **{name: str(one.title) for name, one in importers().items()}}


class MapForm(forms.Form):
    """What the file holds, where each column goes, and what to know about its dates, phones and amounts."""

    table = forms.ChoiceField(
        label=_("What this file holds"),
        help_text=_("Guessed from its columns. Choose another and look again."),
    )
    country = forms.CharField(
        label=_("Country of phones without a code"),
        max_length=2,
        required=False,
        help_text=_("Two letters, such as DE."),
    )
    zone = forms.CharField(label=_("Time zone of times without one"), required=False)
    dates = forms.ChoiceField(
        label=_("Dates such as 03/04/2026"),
        choices=[("day_first", _("day first: 3 April")), ("month_first", _("month first: 4 March"))],
    )

    currency = forms.CharField(
        label=_("Currency of amounts without one"),
        max_length=3,
        required=False,
        help_text=_("Three letters, such as EUR."),
    )

    practice = forms.BooleanField(
        label=_("This is practice"),
        required=False,
        help_text=_("It comes in beside the sample company, and goes when the sample company goes."),
    )

    def __init__(
        self, plan: Plan, data: Any = None, *, tables: Sequence[str] = (LEADS,), practice: bool = False
    ) -> None:
        first = {
            "table": plan.table or LEADS, "country": plan.country, "zone": plan.zone, "currency": plan.currency,
            "dates": "day_first" if plan.day_first else "month_first", "practice": practice,
        }  # fmt: skip
        if data is not None and "table" not in data:
            data = data.copy()
            data["table"] = first["table"]
        super().__init__(data, initial=first)
        self.plan = plan
        del self.fields["country" if plan.table else "currency"]
        if not sample_present():
            del self.fields["practice"]
        words = table_words()
        self.fields["table"] = forms.ChoiceField(
            label=self.fields["table"].label, help_text=self.fields["table"].help_text,
            choices=[(name, words[name]) for name in tables], initial=first["table"],
        )  # fmt: skip
        for number, column in enumerate(plan.columns):
            self.fields[f"c{number}"] = forms.ChoiceField(
                label=column.name,
                choices=_choices(column.target, plan.table),
                initial=str(column.target),
                required=False,
            )

    def as_map(self) -> Map:
        """The map that was chosen. Raises MaropsError for one that cannot be used."""
        given, options = self.cleaned_data, self.plan.options
        said = {"zone": given["zone"], "dates": given["dates"]}
        said |= {name: given[name].upper() for name in ("country", "currency") if name in given}
        said |= {"encoding": options.encoding, "delimiter": options.delimiter, "sheet": options.sheet}
        columns = {one.name: given[f"c{number}"] or "skip" for number, one in enumerate(self.plan.columns)}
        return as_map({"columns": columns} | {name: value for name, value in said.items() if value})


def _choices(current: Target, table: str) -> list[Any]:
    if table:
        return _choices_of(importer(table), current)
    slug = current.name if current.kind in ("custom", "external") else "column"
    own = [
        current,
        SKIP,
        Target("custom", slug, "text"),
        Target("custom", slug, "number"),
        Target("custom", slug, "date"),
    ]
    own += [Target("custom", slug, "boolean"), Target("custom", slug, "choice"), Target("external", slug)]
    consents = [Target("consent", channel, said) for channel in CHANNELS for said in ("opt_out", "opt_in")]
    groups = (
        (_g("Person"), [Target("field", name) for name in CLEANING]),
        (_g("Company"), [Target("company", name) for name in COMPANY_CLEANING]),
        (_g("Consent"), consents),
    )
    listed = [(str(one), one.label) for one in dict.fromkeys(own)]
    return [*listed, *((heading, [(str(one), one.label) for one in targets]) for heading, targets in groups)]


class WriteKeyForm(forms.Form):
    """A key for a website or a program that sends events."""

    name = forms.CharField(
        label=_("For which website or program?"),
        max_length=80,
        help_text=_("For instance “Website” or “Product”. It stands beside each event in the list."),
    )


def _choices_of(table: Importer, current: Target) -> list[Any]:
    slug = current.name if current.kind in ("custom", "external") else "column"
    own = [current, SKIP]
    own += [Target("custom", slug, kind) for kind in CUSTOM_TYPES] if table.custom else []
    own += [Target("external", slug)] if table.keyed else []
    columns = [(one.name, str(one.label)) for one in table.columns]
    return [*((str(one), one.label) for one in dict.fromkeys(own)), (str(table.title), columns)]
