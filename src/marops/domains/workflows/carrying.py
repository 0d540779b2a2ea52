"""Workflows as files, in and out: models of other tools, maps, documents; and what is lost on the way."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from marops.domains.register.public import slug_of
from marops.domains.workflows.models import EventLog
from marops.domains.workflows.permissions import CHANGE, PAY
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.faults import faults_together
from marops.domains.workflows.writing import keep_model
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, find, load
from marops.kernel.errors import INVALID, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import may, require
from marops.kernel.rules import write_yaml

_PACKED = b"PK"
"""How a zip begins."""
OWN = "own"
"""As the name of a crew: one that does nothing else."""
_MOST_NOTES = 200
NO_PAY = "What an hour costs is left out: only those who may see pay can take it along."


def is_diagram(file: IO[bytes]) -> bool:
    """Is this BPMN, or a zip with a diagram in it? The file is at its beginning, before and after."""
    from marops.domains.workflows.exchange.files import holds_diagram

    head = file.read(8192)
    found = b"/BPMN/20100524/" in head or (head[:2] == _PACKED and holds_diagram(file))
    file.seek(0)
    return found


def is_model(path: str) -> bool:
    """Is this a folder or zip with a diagram in it, or a diagram?"""
    from marops.domains.workflows.exchange import is_exchange

    return is_exchange(path)


def model_of(paths: Sequence[Path]) -> tuple[bytes, bytes | None]:
    """The diagram, and the parameters if there are any: of two files in either order, a folder, a zip or a diagram.

    Raises MaropsError `invalid`, OSError.
    """
    from marops.domains.workflows.exchange.files import files_of, model_files

    if len(paths) == 1:
        return model_files(str(paths[0]))
    return files_of([one.read_bytes() for one in paths])


def import_model(
    parts: Sequence[bytes | None], *, actor: Actor, name: str = "", title: str = "", crew: str = ""
) -> dict[str, Any]:
    """Keep the workflow of a BPMN file, with the figures of a Prosimos JSON where there is one, and its crew.

    `parts`: both in either order, or a zip with them. `name`: what it is called; one of this name gets a new version.
    `title`: a name only where none is given; then nothing that is there is changed. `crew`: the short name of a crew
    that does the work, or `own` for one of its own; left out, as the file says. The answer's `notes` say what was
    assumed, what could not be carried over, and which crew that was here before does the work now.
    Raises MaropsError `invalid` that names what cannot be read, `not-found` for a crew.
    """
    from marops.domains.workflows.exchange import read_bpmn, read_prosimos
    from marops.domains.workflows.exchange.files import files_of

    require(actor, CHANGE)
    diagram, figures = files_of([one for one in parts if one])
    said = name or title
    read = read_prosimos(diagram, figures, title=said) if figures is not None else read_bpmn(diagram, title=said)
    workflow, slug = dict(read.workflow), slug_of(said or str(read.workflow["title"]))
    slug = slug if name else _free("workflow", slug)
    hands = _hands(workflow, read.crew, slug, crew)
    if hands is not None and (crew == OWN or not name):
        workflow["crew"] = _free("crew", str(workflow["crew"]))
    joined = list(_joined(workflow["crew"], slug, joins=hands is None))
    said_too = [*joined, *_rests(workflow)]
    if said_too:
        workflow["notes"] = [*said_too, *workflow.get("notes", ())][:_MOST_NOTES]
    row = keep_model(actor=actor, slug=slug, read=(workflow, hands), reason="From a diagram")
    steps = sum(not one.get("gate") for one in row.document["steps"])
    made = {"workflow": row.slug, "version": row.version, "crew": row.document["crew"], "steps": steps}
    return {"log": None, "workflows": [made | {"title": row.document["title"]}], "joins": " ".join(joined) or None,
            "notes": [*said_too, *read.notes]}  # fmt: skip


def _hands(workflow: dict[str, Any], read: Mapping[str, Any] | None, slug: str, crew: str) -> Mapping[str, Any] | None:
    """The crew that comes with a workflow; None where one does the work that is here already."""
    if crew and crew != OWN:
        row = find(f"crew/{crew}")
        workflow["crew"] = row.slug
        if faults := faults_together(Workflow.model_validate(workflow), load(row)):
            raise MaropsError(INVALID, f"The crew “{load(row).title}” cannot do this work.", faults)
        return None
    if read is not None:
        return read
    known = next((one for one in active("crew") if one.slug == workflow["crew"]), None)
    if known is None:
        said = f"The file names the crew {workflow['crew']!r}, which is not here."
        raise MaropsError(INVALID, said, remedy="Bring the crew first, or say which crew does the work.")
    if crew != OWN:
        return None
    workflow["crew"] = slug
    return {**known.document, "title": str(workflow["title"])}


def _joined(crew: str, slug: str, *, joins: bool) -> Iterator[str]:
    """That people who were here before do the work now, and what else they do."""
    beside = [one for one in active("workflow") if load(one).crew == crew]
    if not joins or any(one.slug == slug for one in beside):
        return
    others = ", ".join(f"“{load(one).title}”" for one in beside)
    said = f" Its people also do {others}: answers about these count this work from now on." if others else ""
    yield f"The crew “{load(find(f'crew/{crew}')).title}” ({crew}), which was here before, does this work.{said}"


def _rests(workflow: dict[str, Any]) -> Iterator[str]:
    """Which log it was read off; that of another workspace is none here."""
    if source := workflow.get("source"):
        number = str(source["log"]).removeprefix("EL-")
        same = EventLog.objects.filter(number=int(number) if number.isdigit() else 0, sha256=source.get("sha256", ""))
        if same.exists():
            yield f"It rests on the log {source['log']}, off which it was read."
        else:
            del workflow["source"]
            yield f"It was read off a log that is not here ({source['log']}): what was in that log is not known here."


def _free(kind: str, slug: str) -> str:
    """The short name, or the next one that nothing has."""
    taken = set(Definition.objects.filter(kind=kind, slug__startswith=slug).values_list("slug", flat=True))
    return next(one for one in _names(slug) if one not in taken)


def _names(slug: str) -> Iterator[str]:
    yield slug
    yield from (f"{slug}-{n}" for n in range(2, 10_000))


def map_svg(ref: str) -> str:
    """The map of a workflow as an SVG file. Raises MaropsError `not-found`."""
    from marops.domains.workflows.charts.alone import alone
    from marops.domains.workflows.telling import Told

    flow = load(find(f"workflow/{ref}"))
    crews = {row.slug: row for row in active("crew")}
    return alone(Told(flow, load(crews[flow.crew]) if flow.crew in crews else None).picture())


def map_bpmn(ref: str) -> str:
    """A workflow as BPMN 2.0. Raises MaropsError `not-found`."""
    from marops.domains.workflows.exchange import write_bpmn

    return write_bpmn(load(find(f"workflow/{ref}"))).decode()


def map_prosimos(ref: str, *, actor: Actor) -> tuple[bytes, tuple[str, ...]]:
    """A zip with a Prosimos model of a workflow and its crew, and what such a model cannot say, which is in it too.

    What people cost is in it for those who may see pay. Raises MaropsError `not-found`.
    """
    from marops.domains.workflows.exchange import losses, packed, write_prosimos

    row = find(f"workflow/{ref}")
    flow = load(row)
    crew, hidden = _payless(load(find(f"crew/{flow.crew}")), actor)
    lost = (*((NO_PAY,) if hidden else ()), *losses(flow, crew))
    return packed(write_prosimos(flow, crew), row.slug, lost), lost


def _payless(crew: Crew, actor: Actor) -> tuple[Crew, bool]:
    if may(actor, PAY) or not any(one.cost_per_hour for one in crew.people):
        return crew, False
    people = tuple(one.model_copy(update={"cost_per_hour": 0.0}) for one in crew.people)
    return crew.model_copy(update={"people": people}), True


def as_file(ref: str, form: str) -> str:
    """A workflow's document, as YAML or JSON. Raises MaropsError `not-found`."""
    document = find(f"workflow/{ref}").document
    return write_yaml(document) if form == "yaml" else json.dumps(document, indent=2, ensure_ascii=False) + "\n"
