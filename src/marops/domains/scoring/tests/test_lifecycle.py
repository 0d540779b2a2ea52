from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from marops.domains.contacts.public import Contact
from marops.domains.scoring.actions import BY_HAND, set_stage
from marops.domains.scoring.models import ContactStage, StagePassage
from marops.domains.scoring.story import stage
from marops.kernel import facts
from marops.kernel.actions import Act, action
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.clock import now
from marops.kernel.definitions import activate, checked, draft, load
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import Definition, FactInbox

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)


def _is(value: str) -> dict:
    return {"field": "contact.industry", "is": value}


# The industry stands in for what sales would say, so that one field moves a contact through everything.
PATH = [
    {"name": "subscriber", "label": "Subscriber", "optional": True, "when": {"everyone": True}},
    {"name": "lead", "label": "Lead", "when": {"field": "contact.company_name", "is_filled": True}},
    {"name": "mql", "label": "MQL", "when": {"field": "contact.visits", "at_least": 5}},
    {"name": "sal", "label": "SAL", "when": _is("accepted"), "said_at": "contact.known_since"},
    {"name": "sql", "label": "SQL", "when": _is("working"), "said_at": "contact.known_since"},
    {
        "name": "recycled", "label": "Recycled", "out": True, "after": ["mql", "sal", "sql"], "when": _is("later"),
        "said_at": "contact.known_since", "returns": {"kinds": ["form.submitted"], "to": "lead"},
    },
    {
        "name": "disqualified", "label": "Disqualified", "out": True, "after": ["lead", "mql", "recycled"],
        "when": _is("never"), "said_at": "contact.known_since",
    },
]  # fmt: skip


@action("test.answer", effect="test")
def _interest(act: Act, *, actor: Actor, contact: Contact) -> None:
    act.fact("form.submitted", contact_id=contact.id)


@pytest.fixture
def ways(starters, run_stages):
    """Moves contacts as a test says, a day after another."""
    document = {"title": "Way", "stages": PATH}
    activate(actor=ENGINE, ref=draft(actor=ENGINE, kind="lifecycle", slug="main", document=document).pinned)
    with time_machine.travel(MONDAY, tick=False) as clock:
        one = Contact.objects.create(id=new_id(), number=1, company_name="Nordvik")

        def walk(*said: str | None, **values) -> Contact:
            for word in said or (None,):
                clock.shift(timedelta(days=1))
                if word:
                    values |= {"industry": word, "known_since": now()}
                Contact.objects.filter(id=one.id).update(**values)
                facts.touch([one.id], now())
                run_stages()
            one.refresh_from_db()
            return one

        yield walk


def _passages(contact: Contact) -> list[tuple]:
    rows = StagePassage.objects.filter(contact_id=contact.id).order_by("step")
    assert [one.step for one in rows] == list(range(1, len(rows) + 1))
    return [(one.cycle, one.stage, one.how) for one in rows]


def _moved() -> list[dict]:
    return [one.properties for one in FactInbox.objects.filter(kind="lead.stage_changed").order_by("occurred_at", "id")]


def test_a_jump_records_the_stages_passed_over_and_says_so(ways):
    one = ways(None, "working")
    assert _passages(one) == [(1, "lead", "reached"), (1, "mql", "passed"), (1, "sal", "passed"), (1, "sql", "reached")]
    assert _moved() == [
        {"from": None, "to": "lead", "cycle": 1},
        {"from": "lead", "to": "sql", "cycle": 1, "passed": ["mql", "sal"]},
    ]


def test_who_comes_in_far_along_has_passed_what_is_on_everybodys_way(ways):
    one = ways(visits=9)
    assert _passages(one) == [(1, "lead", "passed"), (1, "mql", "reached")]


def test_a_passage_keeps_what_was_left_and_since_when(ways):
    one = ways(None, None)
    ways(visits=9)
    last = StagePassage.objects.get(contact_id=one.id, stage="mql")
    assert (last.before, last.before_since, last.entered_at) == (
        "lead",
        MONDAY + timedelta(days=1),
        MONDAY + timedelta(days=3),
    )
    assert last.definition == "lifecycle/main@2"


def test_nobody_moves_back_by_a_rule_that_no_longer_holds(ways):
    ways(visits=9)
    one = ways(visits=0)
    assert ContactStage.objects.get(contact_id=one.id).stage == "mql"


def test_a_way_out_is_taken_only_from_where_it_begins(ways):
    one = ways("later")
    assert ContactStage.objects.get(contact_id=one.id).stage == "lead"
    ways(visits=9)
    assert ContactStage.objects.get(contact_id=one.id).stage == "recycled"


def test_who_comes_in_with_a_history_is_taken_out_in_the_same_tick(ways):
    one = ways("later", visits=9)
    assert _passages(one) == [(1, "lead", "passed"), (1, "mql", "reached"), (1, "recycled", "reached")]


def test_new_interest_begins_a_new_cycle_in_which_old_words_do_not_count(ways):
    one = ways("later", visits=9)
    ways()
    assert ContactStage.objects.get(contact_id=one.id).cycle == 1
    _interest(actor=ENGINE, contact=one)
    ways()
    row = ContactStage.objects.get(contact_id=one.id)
    assert (row.stage, row.cycle) == ("mql", 2)
    assert _passages(one)[3:] == [(2, "lead", "passed"), (2, "mql", "reached")]
    ways()  # "later" was said in the cycle before
    assert ContactStage.objects.get(contact_id=one.id).stage == "mql"
    ways("later")
    assert ContactStage.objects.get(contact_id=one.id).stage == "recycled"
    assert _moved()[-2] == {"from": "recycled", "to": "mql", "cycle": 2, "passed": ["lead"]}


def test_disqualified_has_no_way_back_by_rule(ways):
    one = ways("never")
    assert ContactStage.objects.get(contact_id=one.id).stage == "disqualified"
    _interest(actor=ENGINE, contact=one)
    ways(visits=9)
    assert ContactStage.objects.get(contact_id=one.id).stage == "disqualified"


def test_the_same_tick_again_moves_nobody_twice(ways):
    one = ways(visits=9)
    before = _passages(one)
    ways()
    assert _passages(one) == before
    assert len(_moved()) == 1


class TestByHand:
    def test_a_person_sets_a_stage_with_a_reason(self, ways):
        one = ways()
        set_stage(actor=ENGINE, contact_id=one.id, stage="sql", reason="Met at the fair")
        assert _passages(one)[1:] == [(1, "mql", "passed"), (1, "sal", "passed"), (1, "sql", "reached")]
        last = StagePassage.objects.get(contact_id=one.id, stage="sql")
        assert (last.definition, last.reason, last.actor) == (BY_HAND, "Met at the fair", ENGINE.id)
        assert _moved()[-1]["by_hand"] is True
        assert stage(one.id, ENGINE)["why"] == "Set by hand: Met at the fair"

    def test_it_stands_until_rules_carry_the_lead_further_than_they_had(self, ways):
        one = ways(visits=9)
        set_stage(actor=ENGINE, contact_id=one.id, stage="lead", reason="Not yet")
        ways()
        assert ContactStage.objects.get(contact_id=one.id).stage == "lead"
        ways("accepted")
        assert ContactStage.objects.get(contact_id=one.id).stage == "sal"

    def test_from_a_way_out_it_begins_a_new_cycle(self, ways):
        ways("never")
        one = ways()
        set_stage(actor=ENGINE, contact_id=one.id, stage="lead", reason="A new colleague asked")
        ways()
        row = ContactStage.objects.get(contact_id=one.id)
        assert (row.stage, row.cycle) == ("lead", 2)

    def test_a_stage_that_there_is_not_is_refused(self, ways):
        one = ways()
        with pytest.raises(MaropsError) as refused:
            set_stage(actor=ENGINE, contact_id=one.id, stage="vip", reason="")
        assert refused.value.code == "invalid"

    def test_who_may_set_only_their_own_finds_no_others(self, ways, cast):
        one = ways()
        with pytest.raises(MaropsError) as refused:
            set_stage(actor=cast.actor("selma"), contact_id=one.id, stage="sql", reason="")
        assert refused.value.code == "not-found"


def test_a_person_who_goes_takes_the_passages_along(ways):
    one = ways(visits=9)
    Contact.objects.filter(id=one.id).delete()
    assert not StagePassage.objects.exists()


OLD = {
    "title": "Old",
    "stages": [
        {"name": "lead", "label": "Lead", "when": {"everyone": True}},
        {"name": "customer", "label": "Customer"},
        {"name": "recycled", "label": "Recycled"},
    ],
}


def test_a_lifecycle_of_version_1_is_still_read():
    row = Definition(kind="lifecycle", slug="main", version=1, document=OLD, schema_version=1)
    read = load(row)
    assert [one.name for one in read.path()] == ["lead", "customer"]
    assert read.find("recycled").out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"out": True, "when": {"everyone": True}}, "after which stages"),
        ({"out": True, "after": ["nowhere"]}, "nowhere"),
        ({"after": ["lead"]}, "only ways out"),
        ({"out": True, "after": ["lead"], "returns": {"kinds": ["x"], "to": "gone"}}, "not on the path"),
        ({"when": {"everyone": True}, "said_at": "contact.country"}, "no time that is kept"),
    ],
)
def test_a_lifecycle_that_cannot_work_is_refused_in_words(change, said):
    stages = [{"name": "lead", "label": "Lead"}, {"name": "gone", "label": "Gone", "out": True, **change}]
    if "out" not in change:
        stages[1].pop("out")
    with pytest.raises(MaropsError) as refused:
        checked("lifecycle", {"title": "Way", "stages": stages})
    assert said in " ".join(one.message for one in refused.value.errors)
