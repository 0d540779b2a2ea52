"""Validation of what pages, REST and the command line send about leads."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.public import Account, who_may
from marops.domains.register.public import Source, queue_names, slug_of
from marops.domains.routing.permissions import DISPOSE
from marops.domains.routing.rules import CHANNELS, MOVES, REASONS, STATES, Pool, Route
from marops.domains.team.public import people, people_of
from marops.kernel.forms import DayField
from marops.kernel.permissions import Scope


def _targets() -> list[tuple[Any, Any]]:
    queues = [(f"queue:{slug}", name) for slug, name in queue_names().items()]
    people = [(f"person:{one.id}", one.name) for one in Account.objects.filter(active=True).order_by("name")]
    return [("", _("Choose")), (_("Queues"), queues), (_("People"), people)]


class HandOverForm(forms.Form):
    """To whom a lead goes, and why."""

    to = forms.ChoiceField(
        label=_("To"),
        choices=_targets,
        help_text=_("A queue that a team works on, or one person."),
        error_messages={
            "invalid_choice": _(
                "No lead can go to “%(value)s”. Write queue:<short name> for a queue, such as queue:unassigned-leads,"
                " or person:<id of an account that is open> for a person; GET /api/v1/queues lists the queues."
            )
        },
    )
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Shown in the lead's story. Leave it empty if there is nothing to say."),
    )


def target_of(to: str) -> tuple[str | None, UUID | None]:
    """The queue's short name, or the person's id, that a checked `to` means."""
    kind, _colon, value = to.partition(":")
    return (value, None) if kind == "queue" else (None, UUID(value))


RESERVED = ("new",)
"""Short names that would hide a page."""


class QueueForm(forms.Form):
    """What a queue is called and what for."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("What people call it."))
    purpose = forms.CharField(
        label=_("What for"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Which leads wait there, and for whom."),
    )


class NewQueueForm(QueueForm):
    """A queue that is made."""

    slug = forms.RegexField(
        r"^[a-z0-9]+(-[a-z0-9]+)*$",
        label=_("Short name"),
        required=False,
        max_length=80,
        help_text=_("What rules of a route write, such as partner-desk; it cannot be changed. Empty: from the name."),
        error_messages={"invalid": _("Use small letters, digits and hyphens.")},
    )
    field_order = ("name", "slug", "purpose")

    def clean(self) -> dict[str, Any]:
        """The short name, of the name where none was given."""
        data = super().clean() or {}
        if "slug" in data and data.get("name"):
            data["slug"] = data["slug"] or slug_of(data["name"])
            if data["slug"] in RESERVED:
                self.add_error("slug", _("This short name is taken."))
        return data


# --- What sales says --------------------------------------------------------------------------------------------------


def _offer(form: forms.Form, name: str, choices: list[tuple[Any, Any]]) -> None:
    form.fields[name].choices = choices  # type: ignore[attr-defined]  # a field with choices, which it is


class DispositionForm(forms.Form):
    """What became of a lead. `state` is what stands; only words that may follow it are offered."""

    disposition = forms.ChoiceField(label=_("What became of it"))
    reason = forms.ChoiceField(
        label=_("Why"),
        required=False,
        choices=[("", _("Choose")), *REASONS.items()],
        help_text=_("Needed where a lead is rejected or lost."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, state: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = [word for word in STATES if not state or word in MOVES[state]]
        _offer(self, "disposition", [("", _("Choose")), *((word, STATES[word]) for word in words if word != "none")])


class TouchForm(forms.Form):
    """That somebody called, wrote, met or noted something."""

    channel = forms.ChoiceField(label=_("What was done"), choices=list(CHANNELS.items()))
    note = forms.CharField(label=_("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ManyForm(HandOverForm):
    """Which leads go to whom, and whether it is because their owner is away."""

    leads = forms.MultipleChoiceField(label=_("Leads"), error_messages={"required": _("Choose at least one lead.")})

    def __init__(self, *args: Any, offered: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "leads", list(offered))


# --- Routes -----------------------------------------------------------------------------------------------------------


class PoolsForm(forms.Form):
    """The order of a route's rules, and the shares and limits of the people in its pools.

    A share of 0 takes somebody out of the pool.
    """

    reason = forms.CharField(label=_("What changes, and why"), required=False, max_length=500)

    def __init__(self, *args: Any, route: Route, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.route = route
        for place, rule in enumerate(route.rules):
            self.fields[f"order-{place}"] = forms.IntegerField(
                label=_("Place"), initial=place + 1, min_value=1, max_value=999
            )
            if rule.pool:
                self._add_pool(place, rule.pool)

    def _add_pool(self, place: int, pool: Pool) -> None:
        for number, one in enumerate(pool.members):
            self.fields[f"weight-{place}-{number}"] = _number(_("Share"), one.weight, most=100, required=True)
            self.fields[f"open-{place}-{number}"] = _number(_("Open at most"), one.open)
            self.fields[f"per_day-{place}-{number}"] = _number(_("A day at most"), one.per_day)
        likely, others = _free_people(pool)
        self.fields[f"add-{place}"] = forms.ChoiceField(
            label=_("Add somebody"),
            required=False,
            choices=[("", _("Nobody")), *likely],
            help_text=_("People who sign in and whose role is to answer for leads of their own."),
        )
        self.fields[f"other-{place}"] = _OneOf(
            label=_("Or somebody else"),
            required=False,
            choices=dict(others),
            help_text=_("Type a name, a reference such as P-3, or an address."),
        )

    def document(self) -> dict[str, Any]:
        """The route with what the form says."""
        plain = self.route.model_dump(mode="json", by_alias=True, exclude_none=True)
        data = self.cleaned_data
        for place, rule in enumerate(plain.get("rules", [])):
            if "pool" in rule:
                rule["pool"]["members"] = list(self._members(place, rule["pool"]["members"], data))
        order = sorted(range(len(plain.get("rules", []))), key=lambda place: (data[f"order-{place}"], place))
        return plain | {"rules": [plain["rules"][place] for place in order]}

    def _members(self, place: int, members: list[dict[str, Any]], data: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for number, one in enumerate(members):
            if weight := data[f"weight-{place}-{number}"]:
                limits = {name: data[f"{name}-{place}-{number}"] for name in ("open", "per_day")}
                kept = {name: value for name, value in limits.items() if value is not None}
                yield {"person": one["person"], "weight": weight, **kept}
        for added in dict.fromkeys(filter(None, (data[f"add-{place}"], data[f"other-{place}"]))):
            yield {"person": added, "weight": 1}


def _number(label: Any, initial: int | None, *, most: int = 1_000_000, required: bool = False) -> forms.IntegerField:
    return forms.IntegerField(label=label, initial=initial, min_value=0, max_value=most, required=required)


class _Suggestions(forms.TextInput):
    """A line of text with names to choose from while one types."""

    template_name = "routing/_suggestions.html"
    names: Sequence[str] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """With the names, under an id that the line points to."""
        listed = f"{name}-names"
        return super().get_context(name, value, {**(attrs or {}), "list": listed}) | {
            "listed": listed,
            "names": self.names,
        }


class _OneOf(forms.CharField):
    """Somebody by name, reference or address. `choices` are the references and names that are suggested."""

    def __init__(self, *, choices: Mapping[str, str], **kwargs: Any) -> None:
        widget = _Suggestions(attrs={"autocomplete": "off"})
        widget.names = [f"{name} ({ref})" for ref, name in choices.items()]
        super().__init__(widget=widget, max_length=200, **kwargs)
        self.known = choices

    def clean(self, value: Any) -> str:
        """The reference of whoever was meant. Raises ValidationError where that is nobody, or more than one."""
        typed = super().clean(value).strip()
        if not typed:
            return ""
        named = re.search(r"\((P-\d+)\)$", typed)
        if person := people_of([ref := named[1] if named else typed]).get(ref):
            return person.ref
        found = [ref for ref, name in self.known.items() if typed.casefold() in name.casefold()]
        if len(found) != 1:
            said = _("Nobody in the team is “%(typed)s”.") if not found else _("Several people are “%(typed)s”.")
            raise forms.ValidationError(said % {"typed": typed}, code="person")
        return found[0]


def _free_people(pool: Pool) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Who is not in the pool yet and has an account: those whose role is to own leads, and the others."""
    known = {one.id for one in people_of(one.person for one in pool.members).values()}
    scopes = who_may(DISPOSE)
    rows = [one for one in people().filter(active=True).exclude(account_id=None) if one.id not in known]
    own = {account_id for account_id, scope in scopes.items() if scope is not Scope.ALL}
    likely = [one for one in rows if one.account_id in own]
    others = [one for one in rows if one not in likely]
    return [(one.ref, one.name) for one in likely], [(one.ref, one.name) for one in others]


class TrialForm(forms.Form):
    """Which version is tried, and on whose leads."""

    version = forms.ChoiceField(label=_("Version"))
    since = DayField(label=_("Leads since"), required=True)
    as_now = forms.BooleanField(
        label=_("With today's absences, hours and capacity"),
        required=False,
        help_text=_("Without them, leads are dealt by shares alone."),
    )

    def __init__(self, *args: Any, versions: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "version", list(versions))


def _sources() -> list[tuple[str, str]]:
    return [("", _("All sources")), *((one.slug, one.name) for one in Source.objects.order_by("name"))]  # type: ignore[list-item]


def _sellers() -> list[tuple[str, Any]]:
    people = Account.objects.filter(id__in=list(who_may(DISPOSE))).order_by("name")
    return [("", _("Everybody")), *((str(one.id), one.name) for one in people)]


class TraceForm(forms.Form):
    """A complaint: about the leads that sales rejected in a period, about all it got, or about those that are named."""

    since = DayField(label=_("From"), required=True)
    until = DayField(label=_("Until"), help_text=_("This day too; empty stands for now."))
    which = forms.ChoiceField(
        label=_("Which"), required=False, initial="rejected",
        choices=[("rejected", _("Those that sales rejected")), ("got", _("All that sales got"))],
    )  # fmt: skip
    source = forms.ChoiceField(label=_("From the source"), required=False, choices=_sources)
    owner = forms.ChoiceField(label=_("Given to"), required=False, choices=_sellers)
    reason = forms.ChoiceField(
        label=_("Rejected because"), required=False, choices=[("", _("Any reason")), *REASONS.items()]
    )
    country = forms.CharField(
        label=_("Countries"), required=False, max_length=200, help_text=_("Codes such as DE, or NO SE DK FI.")
    )
    leads = forms.CharField(
        label=_("Only these leads"), required=False, max_length=400_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("L-numbers or addresses, one after the other, instead of the above."),
    )  # fmt: skip
    said = forms.CharField(
        label=_("What sales said"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("In their words; it is kept with the answer."),
    )  # fmt: skip

    def clean_country(self) -> list[str]:
        """Codes of countries, in capitals."""
        codes = re.findall(r"\w+", str(self.cleaned_data.get("country") or "").upper())
        if wrong := [one for one in codes if not re.fullmatch(r"[A-Z]{2}", one)]:
            raise forms.ValidationError(
                _("“%(code)s” is no code of a country. Write two letters."), params={"code": wrong[0]}
            )
        return codes

    def clean(self) -> dict[str, Any]:
        """The end lies behind the beginning."""
        given = super().clean() or {}
        if given.get("since") and given.get("until") and given["until"] < given["since"]:
            self.add_error("until", _("This lies before the beginning. Choose a later day."))
        return given

    def among(self) -> dict[str, list[str]]:
        """What narrows the leads: source, owner, reason, country → values."""
        given = self.cleaned_data
        found: dict[str, list[str]] = {name: [given.get(name) or ""] for name in ("source", "owner", "reason")}
        found["country"] = given.get("country") or []
        return {name: values for name, values in found.items() if any(values)}
