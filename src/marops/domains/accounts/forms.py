"""Validation shared by the pages, REST and the command line."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.models import Account
from marops.domains.accounts.permissions import roles_in_force
from marops.kernel.permissions import Grants, rights

_PASSWORD_HELP = _("At least 10 characters. Three or four words in a row are good.")


class SignInForm(forms.Form):
    """Address and password."""

    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ForgotForm(forms.Form):
    """Whose password is to be made anew."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


def _new_password(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=256,
        strip=False,
        help_text=_PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NewPasswordForm(forms.Form):
    """A password for the account of a one-time link."""

    password = _new_password(_("New password"))

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_password(self) -> str:
        """Refuses short, common and obvious passwords."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.account)
        return password


class ArriveForm(NewPasswordForm):
    """What an invited person adds: their name as they write it, and a password."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    field_order: tuple[str, ...] = ("name", "password")


class FirstForm(ArriveForm):
    """What the first administrator says about themselves and the workspace."""

    email = forms.EmailField(
        label=_("Your e-mail"),
        max_length=254,
        help_text=_("You sign in with it. No mail is sent to it now."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    company = forms.CharField(label=_("Your company"), max_length=120)
    zone = forms.ChoiceField(label=_("Time zone"), help_text=_("“Today” and deadlines go by it."))
    field_order = ("name", "email", "password", "company", "zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [(one, one.replace("_", " ")) for one in _zones()]  # type: ignore[attr-defined]


def _zones() -> list[str]:
    return [
        "UTC",
        *sorted(one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "posix"))),
    ]


class SettingsForm(forms.Form):
    """A person's own settings."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    zone = forms.ChoiceField(label=_("Time zone"), required=False, help_text=_("Times are shown in it."))
    language = forms.ChoiceField(label=_("Language"), choices=[("en-gb", _("English"))])
    theme = forms.ChoiceField(
        label=_("Light or dark"),
        required=False,
        choices=[("", _("As the system has it")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    desk = forms.ChoiceField(label=_("My desk"), required=False, help_text=_("The role whose desk is your front page."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [("", _("As the workspace")), *((one, one.replace("_", " ")) for one in _zones())]
        self.fields["zone"].choices = zones  # type: ignore[attr-defined]
        desks = [(role.slug, role.title) for role in roles_in_force().roles if not role.everything]
        self.fields["desk"].choices = [("", _("Everything")), *desks]  # type: ignore[attr-defined]


class ChangePasswordForm(NewPasswordForm):
    """A new password, for those who know the old one."""

    old_password = forms.CharField(
        label=_("Present password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old_password", "password")

    def clean_old_password(self) -> str:
        """Refuses a wrong one."""
        from django.contrib.auth.hashers import check_password

        given: str = self.cleaned_data["old_password"]
        if not check_password(given, self.account.password):
            raise forms.ValidationError(_("This is not your present password."), code="wrong")
        return given


class RolesForm(forms.Form):
    """What somebody may do, to whom they report and where they work."""

    roles = forms.MultipleChoiceField(label=_("Access roles"), required=False, widget=forms.CheckboxSelectMultiple)
    manager = forms.ModelChoiceField(
        label=_("Reports to"),
        queryset=Account.objects.none(),
        required=False,
        empty_label=_("nobody"),
        help_text=_("Rights for the team reach down this line."),
    )
    unit = forms.CharField(
        label=_("Business unit"), max_length=80, required=False, help_text=_("Rights for a unit go by it.")
    )

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [(role.slug, role.title) for role in roles_in_force().roles]  # type: ignore[attr-defined]
        others = Account.objects.filter(active=True).order_by("name")
        self.fields["manager"].queryset = others.exclude(id=account.id) if account else others  # type: ignore[attr-defined]


class InviteForm(RolesForm):
    """Whom to invite, and what they may do."""

    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autofocus": True}))
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("They can change it when they come."))
    field_order = ("email", "name", "roles", "manager", "unit")


_LIVES = [(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("a year"))]


class TokenForm(forms.Form):
    """A key for a program."""

    name = forms.CharField(
        label=_("What is it for?"), max_length=80, widget=forms.TextInput(attrs={"placeholder": _("Nightly export")})
    )
    rights = forms.MultipleChoiceField(
        label=_("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what you may do yourself, and only as long as you may."),
    )
    days = forms.TypedChoiceField(label=_("It works for"), coerce=int, initial=90, choices=_LIVES)

    def __init__(self, *args: Any, held: Grants, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = [  # type: ignore[attr-defined]
            (name, one.says) for name, one in rights().items() if name in held
        ]


class AgentForm(forms.Form):
    """A key for an AI agent, bound to a use of the register."""

    name = forms.CharField(
        label=_("Which agent is it?"),
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": _("Assistant on my machine")}),
    )
    ai_use = forms.ChoiceField(
        label=_("Under which use of AI does it act?"),
        help_text=_(
            "It may do what the use names and the policy allows, with the rights that the use and you both hold."
        ),
    )
    days = forms.TypedChoiceField(label=_("It works for"), coerce=int, initial=30, choices=_LIVES)

    def __init__(self, *args: Any, uses: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ai_use"].choices = [  # type: ignore[attr-defined]
            (slug, f"{title} ({slug})") for slug, title in uses.items()
        ]
