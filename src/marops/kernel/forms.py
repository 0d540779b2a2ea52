"""One validation for both doors: a page's form and a REST body end in the same Django form."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml
from django import forms
from django.forms import Form
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.rules import line_of, read_yaml


class DocumentForm(Form):
    """A definition as text, and why it changed. What the document must hold is checked where it is kept."""

    text = forms.CharField(
        label=_("As YAML"), max_length=400_000, widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"})
    )
    reason = forms.CharField(label=_("What changes, and why"), required=False, max_length=500)

    def clean_text(self) -> dict[str, Any]:
        """The document, read."""
        try:
            document = read_yaml(self.cleaned_data["text"])
        except yaml.YAMLError as error:
            raise forms.ValidationError(_unreadable(error)) from None
        if not isinstance(document, dict):
            raise forms.ValidationError(_("A definition is a mapping of keys to values."))
        return document


class DayField(forms.DateField):
    """A day, asked for with the browser's own calendar. Not required unless it is said."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, *, required: bool = False, **options: Any) -> None:
        super().__init__(required=required, **options)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a page's form is bound to: what was posted, even if that is nothing at all, and None before."""
    return request.POST if request.method == "POST" else None


def validated(form: type[Form], data: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """What `form` makes of `data`. Raises MaropsError `invalid` with a pointer to each field that has a fault."""
    bound = form(as_form_data(data), **options)
    if not bound.is_valid():
        raise MaropsError(INVALID, errors=faults(bound))
    return bound.cleaned_data


def as_form_data(data: Mapping[str, Any]) -> MultiValueDict[str, Any]:
    """JSON as a form sends it: lists as several values, true as a ticked box, null as nothing."""
    given: MultiValueDict[str, Any] = MultiValueDict()
    for name, value in data.items():
        if isinstance(value, (list, tuple, set)):
            given.setlist(name, [str(one) for one in value])
        elif value is not None and value is not False:
            given[name] = "on" if value is True else str(value)
    return given


def faults(form: Form) -> list[FieldError]:
    """A form's errors as ours."""
    return [
        FieldError(
            code=str(error.code or "invalid"),
            message=str(message),
            pointer="" if name == "__all__" else f"/{name}",
            field="" if name == "__all__" else name,
        )
        for name, errors in form.errors.as_data().items()
        for error in errors
        for message in error.messages
    ]


def add_problem(form: Form, error: MaropsError) -> None:
    """Show on a page's form what an action refused: on its fields where they are named, above it otherwise."""
    for fault in error.errors:
        field = fault.field if fault.field in form.fields else None
        form.add_error(field, " ".join(part for part in (fault.message, fault.remedy) if part))
    if not tuple(error.errors):
        form.add_error(None, " ".join(_ended(part) for part in (str(error), error.remedy) if part))


@contextmanager
def problems_on(form: Form) -> Iterator[None]:
    """What an action refuses inside goes to the page's form, which is then shown again."""
    try:
        yield
    except MaropsError as error:
        add_problem(form, error)


def add_places(form: Form, error: MaropsError) -> None:
    """The same where faults name places of a document that was written as text: at the text, each with its line."""
    written = str(form.data.get("text", ""))
    for fault in error.errors:
        line = line_of(written, fault.pointer)
        at = gettext("Line %(n)s") % {"n": line} if line else ""
        place = ", ".join(part for part in (at, fault.pointer) if part)
        said = " ".join(part for part in (fault.message, fault.remedy) if part)
        form.add_error("text" if "text" in form.fields else None, f"{place}: {said}" if place else said)
    if not tuple(error.errors):
        form.add_error(None, str(error))


def _unreadable(error: yaml.YAMLError) -> str:
    """Where text is no YAML, and what was met there."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    told = {"n": mark.line + 1, "column": mark.column + 1, "what": getattr(error, "problem", "") or ""}
    return gettext("Line %(n)s, column %(column)s cannot be read: %(what)s.") % told


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."
