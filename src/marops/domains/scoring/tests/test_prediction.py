"""Likelihoods learnt from the workspace's own leads: what was known when, what counts, and what is in force."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from marops.domains.contacts.public import Contact, CustomField
from marops.domains.scoring.models import ContactPrediction, PredictionCheck
from marops.domains.scoring.prediction import documents, stages
from marops.domains.scoring.prediction.features import inputs_of
from marops.domains.scoring.prediction.learning import drift, learn
from marops.domains.scoring.prediction.looks import known, past
from marops.domains.scoring.prediction.queries import explain, in_force
from marops.domains.scoring.prediction.rules import Prediction
from marops.domains.scoring.prediction.starter import PREDICTION
from marops.kernel import facts
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.clock import now
from marops.kernel.definitions import activate, draft, load
from marops.kernel.errors import MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.ids import new_id
from marops.kernel.jobs import run_here, start_job
from marops.kernel.models import FactInbox
from marops.kernel.rules import parse
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.workspace import zone
from marops.store.rulequery import condition_sql

pytestmark = pytest.mark.django_db(transaction=True)
CAME = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _settings(**changes) -> Prediction:
    return Prediction.model_validate({**PREDICTION, "looked_at_days": [7], "least": 400, **changes})


def _contact(number: int, came: datetime = CAME, **values) -> Contact:
    given = {"provenance": {"*": [1, number, f"{came:%Y-%m-%dT%H:%M:%SZ}"]}, **values}
    return Contact(id=new_id(), number=number, created_at=came, updated_at=came, **given)


def _fact(kind: str, contact: Contact, days: float, *, recorded: float | None = None) -> FactInbox:
    at = contact.created_at + timedelta(days=days)
    late = contact.created_at + timedelta(days=days if recorded is None else recorded)
    return FactInbox(
        id=new_id(), kind=kind, occurred_at=at, recorded_at=late, contact_id=contact.id, actor_type="system",
        actor_id="test", properties={},
    )  # fmt: skip


def _kept(contacts: list[Contact], told: list[FactInbox]) -> None:
    Contact.objects.bulk_create(contacts)
    FactInbox.objects.bulk_create(told)


def _looked(document: Prediction, contact: Contact) -> dict:
    inputs, _left = inputs_of(document)
    rows = past(document, tuple(inputs), TODAY).to_pylist()
    return next(row for row in rows if row["key"].startswith(str(contact.id)))


def _town(seed: int = 3, leads: int = 320) -> list[Contact]:
    """Leads of whom big companies and keen readers are accepted more often; a few are open still."""
    dice = random.Random(seed)
    people, told = [], []
    for number in range(1, leads + 1):
        came = TODAY - timedelta(days=400 - 300 * number / leads, hours=dice.randrange(20))
        size, reads = dice.choice([5, 40, 300, 2000]), dice.randrange(6)
        one = _contact(number, came, employees=size, source=dice.choice(["webinar", "partner"]), given_name="Kim")
        people.append(one)
        told += [_fact("page.viewed", one, 1 + at / 10) for at in range(reads)]
        odds = (0.25 if size < 100 else 0.6) + 0.05 * reads
        told.append(_fact("lead.accepted" if dice.random() < odds else "lead.rejected", one, 20))
        told.append(_fact("page.viewed", one, 21))  # whoever was decided on is shown a page afterwards
    for number in range(leads + 1, leads + 4):
        people.append(_contact(number, TODAY - timedelta(days=10), employees=2000, source="partner"))
        told += [_fact("page.viewed", people[-1], 2 + at) for at in range(3)]
    _kept(people, told)
    return people


@pytest.fixture
def foretold(starters, run_stages) -> list[Contact]:
    """A town with a model in force, and everybody looked at."""
    people = _town()
    draft(actor=ENGINE, kind="prediction", slug="main", document=_settings().model_dump(mode="json", exclude_none=True))
    activate(actor=ENGINE, ref="prediction/main@2")
    job = run_here(start_job("prediction.train", {"prediction": "main"}, actor=ENGINE, here=True).id)
    activate(actor=ENGINE, ref=job.result["definition"])
    facts.touch([one.id for one in people], now())
    run_stages()
    return people


def test_a_look_sees_what_was_known_then_and_nothing_later(starters, engine):
    told = f"{CAME + timedelta(days=8):%Y-%m-%dT%H:%M:%SZ}"
    one = _contact(1, employees=300, industry="Shipping")
    one.provenance["industry"] = [2, 1, told]  # written again a day after the look
    seen = [_fact("page.viewed", one, 2), _fact("page.viewed", one, 6)]
    late = [_fact("page.viewed", one, 7.5), _fact("page.viewed", one, 3, recorded=9), _fact("form.submitted", one, 30)]
    _kept([one], [*seen, *late, _fact("lead.accepted", one, 30)])
    row = _looked(_settings(), one)
    assert (row["contact.employees"], row["contact.industry"]) == ("300", "")
    assert row["later:contact.industry"] is True
    assert row["later:contact.employees"] is False
    assert (row["count.page.viewed"], row["last.page.viewed"]) == ("2", "1")
    assert (row["count.form.submitted"], row["last.form.submitted"]) == ("0", "")


def test_an_outcome_counts_within_its_window_and_only_if_the_lead_was_open_when_looked_at(starters, engine):
    said = {
        1: [("lead.accepted", 30)],
        2: [("lead.rejected", 30), ("lead.accepted", 80)],  # accepted after all
        3: [("lead.rejected", 40)],
        4: [("lead.accepted", 91)],  # too late
        5: [("lead.accepted", 3)],  # before the look
        6: [],
    }
    people = {number: _contact(number) for number in said}
    open_ = _contact(7, TODAY - timedelta(days=20))
    told = [_fact(kind, people[number], days) for number, found in said.items() for kind, days in found]
    _kept([*people.values(), open_], told)
    found = known(_settings(), TODAY)
    assert (found.won, found.lost, found.decided_early, found.waiting, found.neither) == (2, 1, 1, 1, 2)
    silent = _settings(outcome={**PREDICTION["outcome"], "undecided": "no"})
    assert (known(silent, TODAY).won, known(silent, TODAY).lost) == (2, 3)


def test_too_few_outcomes_are_told_and_nobody_is_foretold(starters, engine, run_stages):
    people = _town(leads=60)
    with pytest.raises(MaropsError, match=r"Not enough outcomes yet: \d+ won, \d+ lost; 400 of each are needed."):
        learn(_settings(), TODAY)
    facts.touch([people[-1].id], now())
    run_stages()
    assert not ContactPrediction.objects.exists()
    assert documents.model("main", TODAY)["trained"] is False


@pytest.mark.usefixtures("starters", "engine")
def test_what_stands_for_sex_or_age_is_left_out_and_said():
    CustomField.objects.create(entity="contact", slug="salutation", label="Salutation", type="text")
    CustomField.objects.create(entity="contact", slug="page_age", label="Page age", type="number")
    inputs, left = inputs_of(_settings())
    why = {one.field: one for one in left}
    assert why["Salutation"].kind == "fair"
    assert "salutations" in why["Salutation"].why
    assert why["Given name"].kind == "fair"
    assert "Page age" in {one.label for one in inputs}


def test_a_field_that_is_filled_for_those_who_were_accepted_is_left_out(starters, engine):
    people = _town()
    accepted = set(FactInbox.objects.filter(kind="lead.accepted").values_list("contact_id", flat=True))
    for one in people:
        if one.id in accepted:
            one.industry = "Known now"
            one.provenance = one.provenance | {"industry": [2, 1, f"{TODAY:%Y-%m-%dT%H:%M:%SZ}"]}
    Contact.objects.bulk_update(people, ["industry", "provenance"])
    learnt = learn(_settings(), TODAY).document
    assert "contact.industry" not in learnt.by_name
    (told,) = [one for one in learnt.report["excluded"] if one["field"] == "Industry"]
    assert told["kind"] == "later"
    assert "contact.employees" in learnt.by_name


def test_open_leads_get_a_likelihood_whose_terms_add_up_and_which_rules_can_name(foretold, run_stages):
    row = ContactPrediction.objects.get(contact_id=foretold[-1].id, model="main")
    told = explain(foretold[-1].id)
    assert abs(told["intercept"] + sum(one["term"] for one in told["terms"]) - row.points) < 1e-12
    model = load(in_force("main")).model
    assert row.definition == in_force("main").pinned
    import numpy as np

    assert abs(model.calibration.chance(np.array([row.points]))[0] - row.chance) < 1e-12
    assert "Employees of the company is 2000" in " ".join(one["says"] for one in told["terms"])
    assert "Looked at a page: 3 times in 30 days" in {one["says"] for one in told["terms"]}
    assert not ContactPrediction.objects.filter(contact_id=foretold[0].id).exists()  # decided long ago

    # A small company is less likely, and rules can name the difference.
    small = _contact(900, TODAY - timedelta(days=10), employees=5, source="partner")
    Contact.objects.bulk_create([small])
    facts.touch([small.id], now())
    run_stages()
    chances = dict(ContactPrediction.objects.values_list("contact_id", "chance"))
    assert chances[foretold[-1].id] > chances[small.id] + 0.1
    percent = round(100 * chances[foretold[-1].id], 1)
    rule = parse({"field": "prediction.percent", "at_least": percent})
    where = condition_sql(understand(rule, Context(now(), zone())), REGISTRY.bindings("postgres", schema=""), alias="c")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT c.number FROM contact c WHERE {where}")
        assert {number for (number,) in cursor.fetchall()} >= {foretold[-1].number}
        cursor.execute(f"SELECT count(*) FROM contact c WHERE {where} AND c.number = 900")
        assert cursor.fetchone() == (0,)

    # Who is decided keeps the last likelihood; whose time is over loses it.
    decided, over = foretold[-1], foretold[-2]
    FactInbox.objects.bulk_create([_fact("lead.accepted", decided, 9), _fact("page.viewed", decided, 9.5)])
    before = ContactPrediction.objects.get(contact_id=decided.id)
    Contact.objects.filter(id=over.id).update(created_at=now() - timedelta(days=91))
    facts.touch([decided.id, over.id], now())
    run_stages()
    assert ContactPrediction.objects.get(contact_id=decided.id).chance == before.chance
    assert not ContactPrediction.objects.filter(contact_id=over.id).exists()


def test_a_training_leaves_a_draft_that_people_compare_and_put_in_force_and_drift_alarms(foretold, cast):
    in_force_before = in_force("main").pinned
    job = run_here(start_job("prediction.train", {"prediction": "main"}, actor=ENGINE, here=True).id)
    assert in_force("main").pinned == in_force_before
    report = documents.report("main", job.result["version"])
    assert report["state"] == "draft"
    assert {"new", "old", "rules"} <= set(report["compare"])
    assert sum(one["leads"] for one in report["moves"]) == ContactPrediction.objects.count()
    told = documents.evaluated("main", now())
    assert {"auc", "ece", "lift_10", "rows", "split", "excluded", "drift"} <= set(told)
    assert all({"field", "why"} == set(one) for one in told["excluded"])
    # Who may, puts it in force; an AI may not.
    url = f"/predictions/main/compare?version={job.result['version']}"
    assert "/activate" in cast.client("hanna").get(url).content.decode()
    assert "/activate" not in cast.client("lena").get(url).content.decode()
    assert cast.client("samuel").get("/predictions/main").status_code == 200
    assert cast.client("samuel").get("/predictions/main/leads").status_code == 200
    robot = Actor("ai", "assistant", on_behalf_of=str(new_id()), ai_use="U-07")
    with pytest.raises(MaropsError):
        activate(actor=robot, ref=job.result["definition"])
    # Leads of another kind raise the alarm.
    row = in_force("main")
    document = load(row)
    assert drift(document, now())["alarm"] is False
    came = now() - timedelta(days=8)
    Contact.objects.bulk_create(
        [_contact(1000 + n, came + timedelta(minutes=n), employees=7, source="fair") for n in range(220)]
    )
    stages.check(row, document, now())
    check = PredictionCheck.objects.latest("at")
    assert check.alarm, check.figures["drift"]
    assert "Source" in check.figures["drift"]["says"]


def test_the_page_of_a_cold_start_says_what_lacks(starters, engine, cast):
    cache.clear()
    page = cast.client("samuel").get("/predictions/main").content.decode()
    assert "Not enough outcomes yet: 0 won, 0 lost; 200 of each are needed." in page
