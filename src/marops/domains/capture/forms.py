"""Forms of an import: the file, and where its columns go."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from marops.domains.capture.maps import Map, as_map
from marops.domains.capture.plan import Plan
from marops.domains.capture.targets import CHANNELS, CLEANING, COMPANY_CLEANING, SKIP, Target

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


class MapForm(forms.Form):
    """Where each column goes, and what to know about the file's dates and phones."""

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

    def __init__(self, plan: Plan, data: Any = None) -> None:
        first = {
            "country": plan.country, "zone": plan.zone, "dates": "day_first" if plan.day_first else "month_first",
        }  # fmt: skip
        super().__init__(data, initial=first)
        self.plan = plan
        for number, column in enumerate(plan.columns):
            self.fields[f"c{number}"] = forms.ChoiceField(
                label=column.name, choices=_choices(column.target), initial=str(column.target), required=False
            )

    def as_map(self) -> Map:
        """The map that was chosen. Raises MaropsError for one that cannot be used."""
        given, options = self.cleaned_data, self.plan.options
        said = {"country": given["country"].upper(), "zone": given["zone"], "dates": given["dates"]}
        said |= {"encoding": options.encoding, "delimiter": options.delimiter, "sheet": options.sheet}
        columns = {one.name: given[f"c{number}"] or "skip" for number, one in enumerate(self.plan.columns)}
        return as_map({"columns": columns} | {name: value for name, value in said.items() if value})


def _choices(current: Target) -> list[Any]:
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
