"""What is simulated together: a workflow, the others whose crew is the same, and the crew as it is now."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from marops.domains.team.public import Absence as AwayRow
from marops.domains.team.public import people_of
from marops.domains.workflows.rules.changing import Situation, Unfit
from marops.domains.workflows.rules.crew import Absence, Crew, Member
from marops.domains.workflows.rules.document import Arrivals, Workflow
from marops.domains.workflows.rules.faults import faults_together
from marops.domains.workflows.rules.frames import Frame
from marops.kernel.definitions import active, find, load
from marops.kernel.errors import INVALID, FieldError, MaropsError, problem
from marops.kernel.models import Definition
from marops.kernel.workspace import today, workspace

CANNOT_RUN = problem(
    "workflow-cannot-run",
    "This workflow cannot be simulated as it stands",
    remedy="Put right what is named, at the step concerned or in its crew.",
)
MONTHS = 18
"""How far ahead is looked, unless somebody says otherwise."""
WARM_UP = 6
"""Months of running in before the first that counts, where nobody knows what is in work now."""

MOST_PIECES = 500_000
"""That come in within one run: what is beyond that takes minutes for each."""
MOST_IN_ALL = 50_000_000
"""Of all runs together: two gigabytes."""


@dataclass(frozen=True, slots=True)
class Known:
    """A workflow with all that is simulated with it; `refs` say from which versions (`workflow/webinar@3`)."""

    slug: str
    situation: Situation
    refs: tuple[str, ...]

    @property
    def workflow(self) -> Workflow:
        """The workflow that is asked about."""
        return self.situation.workflows[self.slug]

    @property
    def zone(self) -> str:
        """The crew's, else that of the workspace."""
        return self.situation.crew.zone or workspace().zone

    @property
    def clock(self) -> ZoneInfo:
        """The same zone, to reckon with."""
        return ZoneInfo(self.zone)

    def frame(self, months: int = MONTHS, first: date | None = None, *, warm_up: int = WARM_UP, runs: int = 1) -> Frame:
        """The time that is simulated, in the crew's zone; from today on, if nobody says otherwise.

        Raises MaropsError `workflow-cannot-run` where more would come in than can be held, at the class concerned.
        """
        self._check_size(months + warm_up, runs)
        return Frame(first or today(), months, self.zone, warm_up)

    def _check_size(self, months: int, runs: int) -> None:
        come = [
            (pieces(one.arrivals, months), slug, number, one)
            for slug, flow in self.situation.workflows.items()
            for number, one in enumerate(flow.classes)
        ]
        whole = sum(count for count, *_ in come)
        if whole <= MOST_PIECES and whole * runs <= MOST_IN_ALL:
            return
        count, slug, number, most = max(come, key=lambda one: one[0])
        here = "" if slug == self.slug else f"/workflows/{slug}"
        said = f"{whole:,.0f} pieces of work would come in within {months} months, {count:,.0f} of them “{most.name}”."
        remedy = f"At most {MOST_PIECES:,} are simulated. Let less come in, or ask for fewer months."
        if whole <= MOST_PIECES:
            said = f"{said} In {runs:,} runs, that is more than can be held."
            remedy = f"Ask for {max(1, int(MOST_IN_ALL / whole)):,} runs or fewer, or for fewer months."
        pointer = f"{here}/classes/{number}/arrivals/per_month"
        raise MaropsError(CANNOT_RUN, said, [FieldError("too-many", said, remedy, pointer, field="per_month")], remedy)


def check_there(here: Known, frame: Frame) -> None:
    """Raises MaropsError `workflow-cannot-run` where a step is done by nobody in all the time that is looked at."""
    from marops.domains.workflows.answering.presence import never_done
    from marops.domains.workflows.rules.compiling import compiled

    faults = list(never_done(compiled(here.situation, frame), here.slug))
    if faults:
        raise MaropsError(CANNOT_RUN, f"Nothing would be finished of “{here.workflow.title}”.", errors=faults)


def pieces(arrivals: Arrivals, months: int) -> float:
    """About how many come in within so many months, seasons and growth included."""
    seasons = sum(arrivals.seasons) / 12 if arrivals.seasons else 1.0
    grown = max(1.0, (1 + arrivals.growth) ** (months / 12))
    return float(arrivals.per_month * seasons * months * grown)


def known(ref: str) -> Known:
    """The workflow of a short name (or `slug@version`), the others of its crew that hold, and that crew.

    Others that do not fit the crew as it stands are left out, and `Situation.left_out` says so: nobody works on them.
    Raises MaropsError `not-found`, or `workflow-cannot-run` with every fault at its step.
    """
    row = find(f"workflow/{ref}")
    flow: Workflow = load(row)
    crew_row = find(f"crew/{flow.crew}")
    crew = present(load(crew_row))
    if faults := faults_together(flow, crew):
        raise MaropsError(CANNOT_RUN, f"“{flow.title}” and its crew do not fit together.", errors=faults)
    rows, left_out = [row], []
    for one in active("workflow"):
        if one.slug != row.slug and load(one).crew == flow.crew:
            if wrong := faults_together(load(one), crew):
                left_out.append(_left_out(one, wrong))
            else:
                rows.append(one)
    situation = Situation({one.slug: load(one) for one in rows}, crew, tuple(left_out))
    return Known(row.slug, situation, tuple(one.pinned for one in (*rows, crew_row)))


def _left_out(row: Definition, faults: Sequence[FieldError]) -> str:
    return (
        f"“{load(row).title}” ({row.pinned}) has the same crew and is left out, so nobody’s hours go into it: it cannot"
        f" be simulated as it stands. {faults[0].message}"
    )


def present(crew: Crew) -> Crew:
    """The crew with the absences that the team knows of its members."""
    found = people_of(one.person for one in crew.people if one.person)
    zone = ZoneInfo(crew.zone or workspace().zone)
    days: dict[UUID, list[Absence]] = {}
    for row in AwayRow.objects.filter(person_id__in=[one.id for one in found.values()]).order_by("starts"):
        since, until = row.starts.astimezone(zone).date(), row.ends.astimezone(zone).date()
        if since < until:
            days.setdefault(row.person_id, []).append(Absence(since=since, until=until))

    def known(member: Member) -> Member:
        person = found.get(member.person)
        extra = days.get(person.id, []) if person else []
        return member.model_copy(update={"absences": (*member.absences, *extra)})

    return crew.model_copy(update={"people": tuple(known(one) for one in crew.people)})


@contextmanager
def fitting(key: str = "") -> Iterator[None]:
    """Turns a change that does not fit into a MaropsError `invalid` that names it."""
    try:
        yield
    except Unfit as error:
        title = f"The scenario {key!r} does not fit." if key else "The change does not fit."
        raise MaropsError(INVALID, f"{title} {error}", errors=[error.fault]) from None
