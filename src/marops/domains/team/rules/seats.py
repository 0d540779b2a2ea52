"""What can be wrong with a planned structure, and what it would do: the same figures as coverage, over seats."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from marops.domains.team.rules import coverage
from marops.domains.team.rules.assumptions import Assumptions, PayLevel
from marops.domains.team.rules.coverage import DutyCover, Hours, Led, Need, SkillCover, Worker, asked_levels
from marops.domains.team.rules.lines import circles
from marops.domains.team.rules.roles import Catalogue
from marops.domains.team.rules.structure import Seat, Structure
from marops.kernel.errors import FieldError

MORE = 1.0005
"""A little more than a whole week is one, for shares are rounded."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a structure may name: roles; people by reference, with True for those who are here; open places; ways of
    leading.
    """

    roles: Collection[str]
    people: Mapping[str, bool]
    names: Mapping[str, str]
    places: Collection[str]
    leading: Collection[str]


def faults(structure: Structure, known: Known) -> list[FieldError]:
    """Everything that is wrong, each at the field where it can be put right."""
    found: list[FieldError] = []
    ids: dict[str, int] = {}
    for number, seat in enumerate(structure.seats):
        if seat.id in ids:
            found.append(_fault(number, "id", "twice", f"There are two seats called {seat.id!r}.", "Rename one."))
        ids.setdefault(seat.id, number)
    for number, seat in enumerate(structure.seats):
        found += _of_seat(number, seat, ids, known)
    return [*found, *_circles(structure, ids), *_too_much(structure, known), *_places(structure)]


def _fault(number: int, field: str, code: str, said: str, remedy: str = "") -> FieldError:
    return FieldError(code, said, remedy, f"/seats/{number}/{field}", field=field)


def _of_seat(number: int, seat: Seat, ids: Mapping[str, int], known: Known) -> Iterable[FieldError]:
    if not seat.roles:
        yield _fault(number, "roles", "required", f"The seat {seat.id!r} has no role.", "Choose at least one.")
    for role in seat.roles:
        if role not in known.roles:
            yield _fault(number, "roles", "role", f"There is no role {role!r}.", "Choose one of the catalogue.")
    if seat.manager and seat.manager not in ids:
        yield _fault(
            number, "manager", "manager", f"There is no seat {seat.manager!r}.", "Name a seat of this structure."
        )
    if seat.person and seat.person not in known.people:
        yield _fault(number, "person", "person", f"There is nobody called {seat.person!r}.", "Give a reference: P-3.")
    elif seat.person and not known.people[seat.person]:
        said = f"{known.names.get(seat.person, seat.person)} is no longer here."
        yield _fault(number, "person", "left", said, "Leave the seat empty, or give it to somebody else.")
    if seat.person and seat.vacancy:
        yield _fault(number, "vacancy", "both", "A seat that somebody has is not open.", "Leave one of the two empty.")
    if seat.vacancy and seat.vacancy not in known.places:
        yield _fault(number, "vacancy", "place", f"{seat.vacancy!r} is no open place.", "Choose an open one, or none.")
    if seat.leads_as and seat.leads_as not in known.leading:
        yield _fault(
            number, "leads_as", "leading", f"{seat.leads_as!r} is no way of leading.", "Choose one of the list."
        )


def _circles(structure: Structure, ids: Mapping[str, int]) -> Iterable[FieldError]:
    managers = {seat.id: seat.manager if seat.manager in ids else None for seat in structure.seats}
    for path in circles(managers):
        said = f"These seats stand above each other in a circle: {' → '.join(path)}."
        for one in dict.fromkeys(path):
            yield _fault(ids[one], "manager", "circle", said, "Let one of them report to somebody else, or to nobody.")


def _too_much(structure: Structure, known: Known) -> Iterable[FieldError]:
    """A person over several seats, and a seat nobody has by itself: no more than a week."""
    held: dict[str, list[int]] = {}
    for number, seat in enumerate(structure.seats):
        held.setdefault(seat.person or f"{number} {seat.id}", []).append(number)
    for who, numbers in held.items():
        whole = sum(sum(structure.seats[number].roles.values()) for number in numbers)
        if whole > MORE:
            name = known.names.get(who, f"The seat {structure.seats[numbers[0]].id}")
            said = f"{name} would have {round(whole * 100)} % of a week."
            for number in numbers:
                yield _fault(number, "roles", "too-much", said, "Give a smaller share, or part of it to another seat.")


def _places(structure: Structure) -> Iterable[FieldError]:
    seen: set[str] = set()
    for number, seat in enumerate(structure.seats):
        if seat.vacancy and seat.vacancy in seen:
            said = f"The place {seat.vacancy} stands in two seats."
            yield _fault(number, "vacancy", "twice", said, "Leave it to one of them.")
        seen.add(seat.vacancy)


# -- what it would do --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """A structure in numbers; `pay`: what its seats cost a year by the assumed bands, with the employer's part."""

    seats: int
    empty: int
    full_time: float
    skills: Mapping[str, SkillCover]
    duties: Sequence[DutyCover]
    led: Sequence[Led]
    pay: Hours
    unknown: int = 0
    """Seats of people whose skills the reader may not see."""

    @property
    def gaps(self) -> list[SkillCover]:
        """Skills that nobody would be able to do."""
        return [one for one in self.skills.values() if one.gap and one.needed.usual]

    @property
    def single(self) -> list[SkillCover]:
        """Skills that would rest on one person."""
        return [one for one in self.skills.values() if one.single and one.needed.usual]

    @property
    def covered(self) -> int:
        """Responsibilities that somebody would be able to do."""
        return sum(bool(one.able) for one in self.duties)

    @property
    def widest(self) -> Led | None:
        """Who would lead most."""
        return self.led[0] if self.led else None


def workers_of(structure: Structure, known: Mapping[str, Worker], catalogue: Catalogue) -> list[Worker]:
    """The seats as people: somebody's own levels, and for an empty seat exactly those that its roles ask for.

    `known`: reference → worker. Several seats of one person are one worker.
    """
    found: dict[str, Worker] = {}
    for seat in structure.seats:
        shares = {role: share for role, share in seat.roles.items() if role in catalogue.inside}
        besides = sum(share for role, share in seat.roles.items() if role not in catalogue.inside)
        who = seat.person or seat.id
        if who in found:
            held = found[who]
            besides += held.besides
            shares = {role: held.shares.get(role, 0.0) + shares.get(role, 0.0) for role in {*held.shares, *shares}}
        mine = known.get(seat.person)
        name = mine.name if mine else catalogue.title(next(iter(seat.roles)))
        levels = mine.levels if mine else {} if seat.person else asked_levels(catalogue, seat.roles, {})
        seen = mine.seen if mine else not seat.person
        full = mine.full if mine else 1.0
        found[who] = Worker(
            who, seat.person or seat.vacancy, name, shares, levels, full, seen, None, seat.leads_as, besides=besides
        )
    return list(found.values())


def figures(
    workers: Sequence[Worker], wanted: Sequence[Need], assumed: Assumptions, reports: Mapping[str, int], *,
    empty: int, pay: Hours,
) -> Figures:  # fmt: skip
    """What these people could do of what is wanted. `reports`: worker → how many they lead."""
    skills = coverage.cover(workers, wanted, assumed)
    duties = coverage.duties(workers, wanted, skills)
    led = coverage.spans([(one, reports.get(one.id, 0)) for one in workers], assumed.spans)
    return Figures(
        len(workers), empty, coverage.full_time(workers), skills, duties, led, pay,
        sum(not one.seen for one in workers),
    )  # fmt: skip


def reports_of(structure: Structure) -> dict[str, int]:
    """Worker → how many seats report to theirs."""
    who = {seat.id: seat.person or seat.id for seat in structure.seats}
    found: dict[str, int] = {}
    for seat in structure.seats:
        if seat.manager in who:
            found[who[seat.manager]] = found.get(who[seat.manager], 0) + 1
    return found


def pay_of(seats: Iterable[Mapping[str, float]], assumed: Assumptions, known: Catalogue, currency: str) -> Hours:
    """What seats (role → share) cost a year by the assumed bands of their roles' levels, with the employer's part."""
    bands = {one.id: one for one in assumed.pay.levels}
    low = usual = high = 0.0
    for roles in seats:
        for slug, share in roles.items():
            role = known.roles.get(slug)
            band = band_of(bands, role.level if role else "")
            amount = band.USD if currency == "USD" else band.EUR
            low += share * amount.low
            usual += share * amount.usual
            high += share * (amount.usual if amount.high is None else amount.high)
    top = assumed.pay.employer_on_top
    return Hours(
        low * (1 + top.low), usual * (1 + top.usual), high * (1 + (top.usual if top.high is None else top.high))
    )


def band_of(bands: Mapping[str, PayLevel], level: str) -> PayLevel:
    """The band of a level of roles; of one without a band the nearest that has one: a head's is a director's."""
    return bands.get(level) or bands["director" if level == "head" else "specialist"]
