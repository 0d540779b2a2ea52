from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.charts.house import house
from marops.domains.team.models import Person, RoleHeld
from marops.domains.team.ports import HandOff
from marops.domains.team.queries.hand_offs import approvals, hand_offs, usual
from marops.domains.team.rules.hand_offs import DRAWN, ENOUGH, Passing, median_ranks, merged, slowest
from marops.domains.team.rules.house import Holder, Order, Room
from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox, Review, ReviewDecision

MAIL, OPS, LEADS = "email_marketing_specialist", "campaign_ops_manager", "lead_db_admin"


def _member(cast, number, name, role, **more):
    person = Person.objects.create(number=number, name=name, account_id=cast.accounts[name].id, **more)
    RoleHeld.objects.create(person=person, role=role)
    return person


def _done(cast, who, case, what, *, ready, began, hours=1.0, day=10):
    morning = now().replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=day)
    start = morning + timedelta(hours=began)
    return FactInbox(
        id=new_id(), kind="task.finished", occurred_at=start, recorded_at=start, actor_type="human",
        actor_id=str(cast.accounts[who].id), case_id=case, activity=what, enabled_at=morning + timedelta(hours=ready),
        started_at=start, ended_at=start + timedelta(hours=hours),
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_hand_offs_out_of_planted_facts_equal_a_count_by_hand(cast, lake):
    _member(cast, 801, "aoife", MAIL)
    _member(cast, 802, "dylan", OPS)
    FactInbox.objects.bulk_create([
        _done(cast, "aoife", "A", "Build", ready=0, began=0),
        _done(cast, "dylan", "A", "Place", ready=1, began=3),  # waited two hours
        _done(cast, "dylan", "A", "Launch", ready=4, began=5),  # the same role: nothing passed
        _done(cast, "aoife", "A", "Read", ready=6, began=6),  # back, without waiting
        _done(cast, "aoife", "B", "Build", ready=0, began=1),
        _done(cast, "dylan", "B", "Place", ready=2, began=6),  # waited four hours
        _done(cast, "aoife", "C", "Build", ready=0, began=0, day=50),
        _done(cast, "dylan", "C", "Place", ready=1, began=2, day=49),  # before the span
        _done(cast, "nils", "D", "Build", ready=0, began=0),  # of no role
        _done(cast, "dylan", "D", "Place", ready=1, began=2),
    ])  # fmt: skip
    found = {(one.passed.source, one.passed.target): one for one in hand_offs(cast.actor("hanna"), 30).rows}
    to_ops, back = found[MAIL, OPS].passed, found[OPS, MAIL].passed
    assert (to_ops.count, to_ops.timed, to_ops.what, to_ops.about) == (2, 2, "Place", "campaign")
    assert to_ops.waits == pytest.approx(3.0)
    assert (back.count, back.waits) == (1, 0.0)
    assert (to_ops.low, to_ops.high) == (None, None)  # two waits are too few for an interval
    # Of leads nothing was recorded, so that theirs are the usual ones, and say so.
    assert {one.measured for one in found.values() if one.passed.about == "lead"} == {False}
    assert hand_offs(cast.actor("hanna"), 90).rows[0].passed.count == 3


@pytest.mark.django_db(transaction=True)
def test_a_lead_waits_from_being_scored_to_its_owner_and_on_to_the_first_word(cast, lake):
    contact, start = new_id(), now() - timedelta(days=3)
    seller = str(cast.selma.id)
    rows = [
        ("lead.stage_changed", 0, {"properties": {"from": "lead", "to": "mql"}}),
        ("lead.routed", 2, {"subject_type": "account", "subject_id": seller}),
        ("lead.touched", 7, {}),
    ]
    FactInbox.objects.bulk_create(
        FactInbox(id=new_id(), kind=kind, occurred_at=start + timedelta(hours=at), recorded_at=start,
                  contact_id=contact, actor_type="system", actor_id="engine", **more)
        for kind, at, more in rows
    )  # fmt: skip
    found = {one.passed.target: one.passed for one in hand_offs(cast.actor("hanna"), 30).rows if one.measured}
    assert (found[LEADS].count, found[LEADS].waits) == (1, pytest.approx(2.0))
    assert (found["sales_owner"].count, found["sales_owner"].waits) == (1, pytest.approx(5.0))


@pytest.mark.django_db
def test_approvals_pass_from_author_to_reviewer_and_never_to_oneself(cast):
    _member(cast, 803, "samuel", LEADS)
    _member(cast, 804, "hanna", "mops_manager")
    at = now() - timedelta(days=2)
    for author, reviewer, hours in (("samuel", "hanna", 3), ("samuel", "hanna", 5), ("hanna", "hanna", 1)):
        asked = Review.objects.create(
            subject_type="definition", subject_id="route/main", content_sha256="0" * 64,
            asked_by=str(cast.accounts[author].id), asked_at=at,
        )  # fmt: skip
        reviewer_id = str(cast.accounts[reviewer].id)
        ReviewDecision.objects.create(review=asked, reviewer=reviewer_id, approved=True, at=at + timedelta(hours=hours))
    (one,) = approvals(now() - timedelta(days=30), now())
    assert (one.source, one.target, one.count, one.waits) == (LEADS, "mops_manager", 2, pytest.approx(4.0))


@given(st.integers(ENOUGH, 5000))
def test_the_two_waits_bound_the_median_with_95_per_cent(timed):
    low, high = median_ranks(timed)
    assert binom.cdf(high - 1, timed, 0.5) - binom.cdf(low - 1, timed, 0.5) >= 0.95
    assert 1 <= low < high <= timed


@pytest.mark.django_db
def test_what_is_usual_names_known_roles_and_drivers_and_is_never_called_slow():
    known = catalogue().roles
    rows = merged([], usual().hand_offs, assumptions(), 90, known)
    assert {end for one in usual().hand_offs for end in (one.source, one.target)} <= set(known)
    assert len(rows) == len(usual().hand_offs)
    assert not any(one.measured for one in rows)
    assert slowest(rows) is None


@pytest.mark.django_db
def test_only_what_passes_oftenest_is_drawn_and_always_the_slowest():
    roles = list(catalogue().roles)
    found = [HandOff(roles[n], roles[n + 1], "it", 100 - n, 1.0, "", "campaign", 50) for n in range(12)]
    found[11] = HandOff(roles[11], roles[12], "late", 1, 99.0, "", "campaign", 50, 90.0, 110.0)
    rows = merged(found, (), assumptions(), 30, roles)
    drawn = [one.passed.what for one in rows if one.number]
    assert drawn == ["it"] * DRAWN["campaign"] + ["late"]
    late = slowest(rows)
    assert late is not None
    assert late.passed.what == "late"


@pytest.mark.django_db(transaction=True)
def test_imported_lists_pass_from_whoever_brings_them_to_who_keeps_the_records(cast, lake):
    from marops.domains.capture.models import Import

    _member(cast, 805, "mina", "mops_coordinator")
    for number, days in ((71, 2), (72, 3), (73, 40)):
        Import.objects.create(
            number=number, file_name="a.csv", sha256="0" * 64, size=1, state="done", actor_kind="human",
            actor_id=str(cast.mina.id), ended_at=now() - timedelta(days=days),
        )  # fmt: skip
    (one,) = [one.passed for one in hand_offs(cast.actor("hanna"), 30).rows if one.measured]
    assert (one.source, one.target, one.count, one.waits) == ("mops_coordinator", LEADS, 2, None)


@pytest.mark.parametrize("count", [5, 14])
def test_a_house_of_any_size_shows_every_room_and_its_people(count):
    slugs = [f"role-{n}" for n in range(count)]
    people = [(slug, tuple(Holder(f"Person {n} of {slug}", f"P-{n}", 0.5, 0.9) for n in range(1 + number % 5)))
              for number, slug in enumerate(slugs)]  # fmt: skip
    rooms = {slug: Room(slug, slug.title(), "The Seer", "seer", held) for slug, held in people}
    order = Order(slugs[0], (slugs[1],), tuple(slugs[2:-1]), (slugs[-1],))
    ways = [HandOff(slugs[n], slugs[(n * 3 + 1) % count], "it", n, about="lead") for n in range(1, count, 2)]
    ways = [one for one in ways if one.source != one.target]
    drawn = [Passing(number, one, 10.0, True) for number, one in enumerate(ways, 1)]
    found = house(rooms, order, (), drawn, lambda kind, ref: f"/{kind}/{ref}", emblems=True)
    marks = "".join(one.marks for one in found.rooms)
    assert [one.emblem for one in found.rooms] == ["seer"] * count
    assert marks.count("<rect") == count - 1  # all but the roof
    for slug, held in people:
        assert f'href="/role/{slug}"' in marks
        assert held[0].name in marks or slug == order.roof
    assert found.ways.count("<circle") == len(drawn)
