from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from marops.domains.contacts.public import Contact
from marops.domains.scoring import story
from marops.domains.scoring.models import ContactScore, ContactStage
from marops.kernel import facts
from marops.kernel.actions import Act, action
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.definitions import activate, draft
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _contact(number: int, **values) -> Contact:
    return Contact.objects.create(id=new_id(), number=number, **values)


@action("test.happen", effect="test")
def _happen(act: Act, *, actor: Actor, contact: Contact, kind: str, days_ago: float):
    act.fact(kind, contact_id=contact.id, occurred_at=act.at - timedelta(days=days_ago))


def _run(run_stages, *contacts: Contact) -> None:
    facts.touch([one.id for one in contacts], datetime.now(UTC))
    run_stages()


def _score(contact: Contact) -> ContactScore:
    return ContactScore.objects.get(contact_id=contact.id, model="main")


def test_a_lead_gets_the_points_of_what_is_true_of_it_and_no_others(run_stages, starters):
    one = _contact(1, seniority="director", email_kind="work", email_role=False, company_name="Nordvik", country="NO")
    _run(run_stages, one)
    score = _score(one)
    assert score.contributions == {
        "decides": 18,
        "work_address": 10,
        "company_known": 6,
        "country_known": 4,
    }
    assert (score.fit, score.engagement, score.value, score.grade) == (Decimal(38), Decimal(0), Decimal(38), "A")


def test_what_is_not_known_counts_nothing_and_is_named(run_stages, starters):
    one = _contact(1)
    _run(run_stages, one)
    score = _score(one)
    assert score.value == 0
    assert score.grade == "D"
    told = story.score(one.id, ENGINE)
    assert {"Seniority", "Time on the website"} <= set(told["missing"])
    assert "fields it looks at are empty" in told["why"]


def test_interest_halves_with_every_half_life_and_stops_at_its_cap(run_stages, starters):
    half, capped = _contact(1), _contact(2)
    _happen(actor=ENGINE, contact=half, kind="form.submitted", days_ago=30)
    for _ in range(5):
        _happen(actor=ENGINE, contact=capped, kind="form.submitted", days_ago=0)
    _run(run_stages, half, capped)
    # As of the start of the day, a fact of 30 days ago is up to one day younger: 15 · ½^(29…30 days / 30).
    assert Decimal("7.5") <= _score(half).engagement <= Decimal("7.7")
    assert _score(capped).engagement == 30


def test_the_same_day_gives_the_same_score_and_writes_nothing_twice(run_stages, starters):
    one = _contact(1, country="NO")
    _happen(actor=ENGINE, contact=one, kind="form.submitted", days_ago=3)
    _run(run_stages, one)
    before, told = _score(one), FactInbox.objects.filter(kind="lead.scored").count()
    _run(run_stages, one)
    assert _score(one).value == before.value
    assert FactInbox.objects.filter(kind="lead.scored").count() == told == 1


@pytest.mark.slow
def test_one_contact_and_everyone_are_scored_alike(run_stages, starters):
    many = [
        _contact(n, seniority="manager" if n % 3 else None, visits=n, seconds_on_site=n * 60, country="DE")
        for n in range(1, 40)
    ]
    _run(run_stages, *many)
    together = {row.contact_id: (row.fit, row.engagement, row.contributions) for row in ContactScore.objects.all()}
    ContactScore.objects.all().delete()
    for one in many[::7]:
        _run(run_stages, one)
        alone = _score(one)
        assert (alone.fit, alone.engagement, alone.contributions) == together[one.id]


def test_a_new_version_of_the_model_scores_by_its_own_rules_and_is_named(run_stages, starters):
    one = _contact(1, country="NO")
    model = {
        "title": "Only Norway",
        "fit": {
            "cap": 50,
            "signals": [
                {"name": "no", "label": "Norway", "points": 50, "when": {"field": "contact.country", "is": "NO"}}
            ],
        },
        "engagement": {"cap": 50},
        "grades": [{"grade": "A", "from_fit": 0}],
    }
    activate(actor=ENGINE, ref=draft(actor=ENGINE, kind="score", slug="main", document=model).pinned)
    _run(run_stages, one)
    assert (_score(one).value, _score(one).definition) == (Decimal(50), "score/main@2")


def test_a_lead_moves_forward_by_rule_and_never_back(run_stages, starters):
    one = _contact(1, seniority="vp", email_kind="work", email_role=False, company_name="N", employees=90, country="NO",
                   seconds_on_site=2000, visits=4)  # fmt: skip
    _run(run_stages, one)
    assert ContactStage.objects.get(contact_id=one.id).stage == "mql"
    Contact.objects.filter(id=one.id).update(seniority=None, seconds_on_site=None, visits=None, employees=None)
    _run(run_stages, one)
    assert _score(one).value < 50
    assert ContactStage.objects.get(contact_id=one.id).stage == "mql"


def test_a_stage_given_by_hand_stands(run_stages, starters):
    one = _contact(1)
    _run(run_stages, one)
    ContactStage.objects.filter(contact_id=one.id).update(stage="customer")
    _run(run_stages, one)
    assert ContactStage.objects.get(contact_id=one.id).stage == "customer"


def test_a_lead_that_vanished_meanwhile_harms_nobody(run_stages, starters):
    kept = _contact(1)
    facts.touch([new_id(), kept.id], datetime.now(UTC))
    run_stages()
    assert ContactScore.objects.count() == 1


@pytest.mark.slow
def test_a_new_day_looks_again_at_whoever_showed_interest(engine, run_stages, starters):
    keen, cold = _contact(1), _contact(2)
    _happen(actor=ENGINE, contact=keen, kind="form.submitted", days_ago=1)
    _run(run_stages, keen, cold)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stage_run SET checkpoint = '\"2000-01-01\"' WHERE stage = 'day'")
    assert engine.run_until_idle().contacts == 1


def test_the_fact_says_score_grade_and_version(run_stages, starters):
    one = _contact(1, country="NO")
    _run(run_stages, one)
    fact = FactInbox.objects.get(kind="lead.scored")
    assert fact.contact_id == one.id
    assert fact.definition == "score/main@1"
    assert fact.properties == {
        "model": "main",
        "value": 4.0,
        "fit": 4.0,
        "engagement": 0.0,
        "grade": "D",
        "level": 4,
        "mql": False,
        "points": {"country_known": 4.0},
    }
    assert fact.actor_type == "system"


def test_a_new_model_scores_everybody_at_once(run_stages, starters):
    quiet = _contact(1, country="NO")
    _run(run_stages, quiet)
    model = {"title": "All", "fit": {"cap": 50, "signals": [_signal(7)]}, "engagement": {"cap": 50}, "grades": _GRADES}
    activate(actor=ENGINE, ref=draft(actor=ENGINE, kind="score", slug="main", document=model).pinned)
    assert run_stages().contacts == 1
    assert (_score(quiet).value, _score(quiet).definition) == (Decimal(7), "score/main@2")


_GRADES = [{"grade": "A", "from_fit": 0}]


def _signal(points: int) -> dict:
    return {"name": "known", "label": "Known", "points": points, "when": {"everyone": True}}
