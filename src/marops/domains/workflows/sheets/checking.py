"""What is wrong with a workflow while it is drawn: every fault at its step, whether it forbids saving or not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field, ValidationError

from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Step, WorkClass, Workflow
from marops.domains.workflows.rules.faults import faults_of_workflow, faults_together
from marops.kernel.definitions import pydantic_faults
from marops.kernel.errors import INVALID, FieldError, MaropsError


class Draft(Workflow):
    """A workflow that is not whole yet: without steps, without kinds of work."""

    classes: Annotated[tuple[WorkClass, ...], Field(max_length=50)] = ()
    steps: Annotated[tuple[Step, ...], Field(max_length=500)] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault, and what it is about. `stops`: the workflow cannot be saved with it."""

    fault: FieldError
    stops: bool
    kind: str
    ident: str
    name: str
    path: str

    def as_json(self) -> dict[str, Any]:
        """For the canvas."""
        return {
            "pointer": self.fault.pointer,
            "code": self.fault.code,
            "message": self.fault.message,
            "remedy": self.fault.remedy,
            "stops": self.stops,
            "kind": self.kind,
            "id": self.ident,
            "name": self.name,
            "path": self.path,
        }


def drafted(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as a sketch keeps it. Raises MaropsError `invalid` where it is no workflow, not even half of one."""
    try:
        parsed = Draft.model_validate(document)
    except ValidationError as error:
        raise MaropsError(INVALID, _("The workflow has faults."), errors=pydantic_faults(error, document)) from None
    return parsed.model_dump(mode="json", by_alias=True, exclude_none=True)


def troubles(document: Mapping[str, Any], crew: Crew | None) -> list[Trouble]:
    """Everything that is wrong with a drawn workflow, what forbids saving first."""
    stopping = list(_missing(document)) or list(_faults(document))
    others: Iterable[FieldError] = ()
    if not stopping and crew is None:
        said = _("There is no crew %(name)r.") % {"name": document.get("crew", "")}
        others = [FieldError("unknown", said, _("Choose one, or make it."), "/crew", field="crew")]
    elif not stopping and crew is not None:
        others = faults_together(Workflow.model_validate(document), crew)
    return [
        *(_about(one, document, stops=True) for one in stopping),
        *(_about(one, document, stops=False) for one in others),
    ]


def _missing(document: Mapping[str, Any]) -> Iterable[FieldError]:
    if not document.get("steps"):
        yield FieldError("empty", _("There is no step yet."), _("Add the first one."), "/steps", field="steps")
    if not document.get("classes"):
        said = _("No kind of work comes in.")
        yield FieldError("empty", said, _("Say what comes in, and how often."), "/classes", field="classes")


def _faults(document: Mapping[str, Any]) -> Sequence[FieldError]:
    try:
        return faults_of_workflow(Workflow.model_validate(document))
    except ValidationError as error:
        found = pydantic_faults(error, document)
        # A list whose rows have faults is also said to be too short; the rows say more.
        return [one for one in found if not any(two.pointer.startswith(f"{one.pointer}/") for two in found)]


def _about(fault: FieldError, document: Mapping[str, Any], *, stops: bool) -> Trouble:
    """The step, the kind of work or the workflow that a fault is about, and the path of the value in it."""
    parts = fault.pointer.strip("/").split("/")
    if len(parts) > 1 and parts[0] in ("steps", "classes", "ways") and parts[1].isdecimal():
        rows = document.get(parts[0]) or ()
        one = rows[int(parts[1])] if int(parts[1]) < len(rows) else {}
        path = "/".join(parts[2:])
        if parts[0] == "ways":
            ident = one.get("from", "")
            known = {step["id"]: step.get("name", step["id"]) for step in document.get("steps", ())}
            if ident not in known and one.get("to") in known:
                ident = one["to"]
            return Trouble(fault, stops, "step", ident, known.get(ident, ident), "ways")
        kind = "step" if parts[0] == "steps" else "class"
        return Trouble(fault, stops, kind, one.get("id", ""), one.get("name", ""), path)
    kind = {"steps": "step", "ways": "step", "classes": "class"}.get(parts[0], "workflow")
    return Trouble(fault, stops, kind, "", "", "/".join(parts))
