"""What pages ask of a planned structure: what it is called, and one seat of it. What may stand in it, `check` says."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.models import Person
from marops.domains.team.queries.people import vacancies
from marops.domains.team.rules.structure import Seat, Structure
from marops.kernel.definitions import check_name
from marops.kernel.errors import MaropsError
from marops.kernel.forms import DayField

ROWS = 3
"""So many roles a seat is asked for at least; one more than it has."""


class AboutForm(forms.Form):
    """What a structure is called, by when it should be so, and why."""

    title = forms.CharField(label=_("Title"), max_length=300)
    by = DayField(label=_("By"), help_text=_("When it should be so."))
    because = forms.CharField(label=_("Why"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


class NewForm(AboutForm):
    """A structure made from today; its short name is made from the title."""

    def clean_title(self) -> str:
        """A title from which a short name can be made."""
        title = str(self.cleaned_data["title"])
        try:
            check_name("structure", slugify(title)[:80])
        except MaropsError as error:
            raise forms.ValidationError([one.message for one in error.errors] or str(error)) from None
        return title

    @property
    def slug(self) -> str:
        """The short name."""
        return str(slugify(self.cleaned_data["title"]))[:80]


class SeatForm(forms.Form):
    """One seat: roles with shares, whose it is, under whom, from when."""

    person = forms.ChoiceField(label=_("Who"), required=False)
    vacancy = forms.ChoiceField(
        label=_("Open place"), required=False, help_text=_("Only for a seat that nobody has yet.")
    )
    manager = forms.ChoiceField(label=_("Reports to"), required=False)
    leads_as = forms.ChoiceField(
        label=_("Leads as"), required=False, help_text=_("By this the number of people under it is judged.")
    )
    starts = DayField(label=_("From"))
    location = forms.CharField(label=_("Place"), required=False, max_length=200)
    note = forms.CharField(label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, structure: Structure, seat: Seat | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.structure, self.seat = structure, seat
        self.rows = max(ROWS, len(seat.roles) + 1 if seat else 0)
        fields: Mapping[str, Any] = self.fields
        fields["person"].choices = [("", _("Nobody yet")), *_people(seat)]
        fields["vacancy"].choices = [("", _("None")), *((one.ref, f"{one.ref} {one.title}") for one in vacancies())]
        fields["manager"].choices = [("", _("Nobody")), *_seats(structure, seat)]
        fields["leads_as"].choices = [("", _("Leads nobody")), *((one.id, one.name) for one in assumptions().spans)]
        self._add_roles()

    def _add_roles(self) -> None:
        known = catalogue()
        inside = [(slug, role.title) for slug, role in known.inside.items()]
        others = sorted((role.title, slug) for slug, role in known.roles.items() if slug not in known.inside)
        choices = [
            ("", _("None")), (_("In the team"), inside), (_("Outside"), [(slug, title) for title, slug in others])
        ]  # fmt: skip
        for number in range(1, self.rows + 1):
            label = _("Role") if number == 1 else _("Another role")
            self.fields[f"role_{number}"] = forms.ChoiceField(label=label, choices=choices, required=number == 1)
            self.fields[f"share_{number}"] = forms.DecimalField(
                label=_("Share of a week, %"), min_value=1, max_value=100, max_digits=4, decimal_places=1,
                required=False,
            )  # fmt: skip
        order = [f"{name}_{number}" for number in range(1, self.rows + 1) for name in ("role", "share")]
        self.order_fields([*order, "person", "vacancy", "manager", "leads_as", "starts", "location", "note"])

    @staticmethod
    def values(seat: Seat) -> dict[str, Any]:
        """A seat as its form shows it."""
        found: dict[str, Any] = {
            name: getattr(seat, name)
            for name in ("person", "vacancy", "manager", "leads_as", "starts", "location", "note")
        }
        for number, (role, share) in enumerate(seat.roles.items(), 1):
            found |= {f"role_{number}": role, f"share_{number}": f"{share * 100:g}"}
        return found

    def clean(self) -> dict[str, Any]:
        """Each role once; a role without a share has a whole week, or what the others leave of it."""
        data = super().clean() or {}
        rows = [(data.get(f"role_{n}"), data.get(f"share_{n}"), n) for n in range(1, self.rows + 1)]
        chosen = [(role, share, n) for role, share, n in rows if role]
        seen: set[str] = set()
        for role, _share, number in chosen:
            if role in seen:
                self.add_error(f"role_{number}", _("This role stands here twice."))
            seen.add(str(role))
        given = sum(float(share) for _role, share, _n in chosen if share)
        open_ = [role for role, share, _n in chosen if not share]
        left = max(1.0, 100 - given) / max(1, len(open_))
        data["roles"] = {role: round((float(share) if share else left) / 100, 4) for role, share, _n in chosen}
        return data

    def made(self) -> dict[str, Any]:
        """The seat as it stands in the document."""
        data = self.cleaned_data
        names = ("person", "vacancy", "manager", "leads_as", "location", "note")
        found: dict[str, Any] = {"id": self.seat.id if self.seat else self._new_id(), "roles": data["roles"]}
        found |= {name: data[name] for name in names if data[name]}
        return found | ({"starts": data["starts"].isoformat()} if data["starts"] else {})

    def _new_id(self) -> str:
        data = self.cleaned_data
        base = (data["person"] or data["vacancy"] or re.sub(r"_", "-", next(iter(data["roles"]), "seat"))).lower()
        taken = {one.id for one in self.structure.seats} | {"new"}
        names = [base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))]
        return next(one for one in names if one not in taken)


def _people(seat: Seat | None) -> list[tuple[str, str]]:
    rows = Person.objects.filter(active=True).order_by("name", "number").values_list("number", "name")
    found = [(f"P-{number}", f"{name} (P-{number})") for number, name in rows]
    held = seat.person if seat else ""
    return found if not held or held in dict(found) else [*found, (held, held)]


def _seats(structure: Structure, seat: Seat | None) -> list[tuple[str, str]]:
    """The other seats by whose they are."""
    known, names = catalogue(), dict(_people(None))
    found = []
    for one in structure.seats:
        if seat is None or one.id != seat.id:
            roles = ", ".join(known.title(role) for role in one.roles)
            found.append((one.id, f"{names.get(one.person, one.person)}, {roles}" if one.person else roles))
    return sorted(found, key=lambda row: row[1])
