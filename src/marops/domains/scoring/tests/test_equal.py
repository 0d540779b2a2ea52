"""Full and incremental passes are equal bit by bit: random people, facts and days, then everything from nothing."""

import random
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from marops.domains.contacts.public import Contact
from marops.domains.scoring.models import ContactScore
from marops.engine import tick
from marops.engine.tests.engineground import only_these
from marops.kernel import facts
from marops.kernel.actions import Act, action
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.clock import now
from marops.kernel.definitions import activate, draft, find, load
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2026, 10, 20, 7, 30, tzinfo=UTC)
KINDS = ("form.submitted", "email.clicked", "page.viewed", "email.unsubscribed")

MODEL = {
    "title": "Everything that can fade",
    "fit": {
        "cap": 40,
        "groups": [{"name": "who", "label": "Who", "cap": 15}],
        "signals": [
            {"name": "vp", "label": "VP", "points": 12.25, "group": "who",
             "when": {"field": "contact.seniority", "is": "vp"}},
            {"name": "big", "label": "Big", "points": 9, "group": "who",
             "when": {"field": "contact.employees", "at_least": 50}},
            {"name": "free", "label": "Free", "points": -7.5, "when": {"field": "contact.email_kind", "is": "free"}},
        ],
    },
    "engagement": {
        "cap": 60,
        "groups": [{"name": "web", "label": "Website", "cap": 20}],
        "signals": [
            {"name": "asked", "label": "Asked lately", "points": 5, "when": {"did": "form.submitted", "within": "3d"}},
            {"name": "quiet", "label": "Quiet", "points": -3,
             "when": {"did_not": ["form.submitted", "email.clicked"], "within": "2d"}},
        ],
        "activities": [
            {"name": "form", "label": "Form", "kinds": ["form.submitted"], "points": 15, "half_life": 7, "cap": 40},
            {"name": "click", "label": "Click", "kinds": ["email.clicked"], "points": 3.3, "half_life": 3},
            {"name": "page", "label": "Page", "kinds": ["page.viewed"], "points": 1.1, "half_life": 5, "group": "web"},
            {"name": "price", "label": "Prices", "kinds": ["page.viewed"], "where": {"path": "/pricing"}, "points": 9,
             "half_life": 2, "group": "web", "cap": 18},
            {"name": "gone", "label": "Unsubscribed", "kinds": ["email.unsubscribed"], "points": -20, "half_life": 4},
        ],
    },
    "grades": [{"grade": "A", "from_fit": 20}, {"grade": "B", "from_fit": 9}, {"grade": "C", "from_fit": 0}],
    "levels": [{"level": 1, "from_engagement": 20}, {"level": 2, "from_engagement": 4},
               {"level": 3, "from_engagement": 0}],
    "mql": {"at_least": 18.5, "cells": ["A1", "A2", "B1"]},
}  # fmt: skip
ONLY_FADING = {**MODEL, "engagement": {**MODEL["engagement"], "signals": []}}


@action("test.do", effect="test")
def _do(act: Act, *, actor: Actor, contact: Contact, kind: str, at: datetime, path: str) -> None:
    act.fact(kind, contact_id=contact.id, occurred_at=at, properties={"path": path})


def _in_force(document: dict) -> None:
    activate(actor=ENGINE, ref=draft(actor=ENGINE, kind="score", slug="main", document=document).pinned)


def _rows() -> dict:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_id, fit::text, engagement::text, value::text, grade, level, mql, fades,"
            " contributions::text, definition FROM contact_score"
            " WHERE model = 'main'"
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _live(chance: random.Random, people: list[Contact]) -> None:
    """One thing that happens: somebody does something, lately or long ago or by a clock that runs ahead, or changes."""
    one = chance.choice(people)
    if chance.random() < 0.2:
        values = {"seniority": chance.choice(["vp", "staff", None]), "employees": chance.choice([None, 10, 80])}
        Contact.objects.filter(id=one.id).update(**values)
        facts.touch([one.id], now())
        return
    ago = timedelta(hours=chance.choice([0, 0, 1, 20, 100, 700, -3, -40]), microseconds=chance.randrange(10**6))
    _do(actor=ENGINE, contact=one, kind=chance.choice(KINDS), at=now() - ago, path=chance.choice(["/pricing", "/"]))


@pytest.fixture
def scoring():
    """The stage alone whose rows are compared: the others would do the same twice beside it."""
    with only_these(*(one for one in tick.stages() if one.name == "score")):
        yield


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "document", [MODEL, pytest.param(ONLY_FADING, marks=pytest.mark.slow)], ids=["timed", "fading"]
)
def test_day_after_day_and_all_at_once_give_the_same_rows(engine, starters, scoring, seed, document):
    chance = random.Random(seed)
    with time_machine.travel(START, tick=False) as clock:
        _in_force(document)
        people = [
            Contact.objects.create(id=new_id(), number=n, email_kind=chance.choice(["free", "work", None]))
            for n in range(1, 13)
        ]
        facts.touch([one.id for one in people], now())
        for _ in range(8):
            for _ in range(chance.randrange(4)):
                _live(chance, people)
            engine.run_until_idle()
            clock.shift(timedelta(hours=chance.choice([1, 5, 14, 26, 50])))
        engine.run_until_idle()
        step_by_step = _rows()
        ContactScore.objects.all().delete()
        facts.touch([one.id for one in people], now())
        engine.run_until_idle()
        assert _rows() == step_by_step
        assert len(step_by_step) == len(people)


def test_contributions_add_up_to_the_score_whatever_limits_hold(engine, starters):
    chance = random.Random(7)
    with time_machine.travel(START, tick=False):
        _in_force(MODEL)
        people = [
            Contact.objects.create(id=new_id(), number=n, seniority="vp", employees=90, email_kind="free")
            for n in range(1, 8)
        ]
        for _ in range(60):
            _live(chance, people)
        facts.touch([one.id for one in people], now())
        engine.run_until_idle()
        parts = load(find("score/main")).parts()
        for row in ContactScore.objects.all():
            for part in ("fit", "engagement"):
                points = sum(number for name, number in row.contributions.items() if parts[name] == part)
                assert points == pytest.approx(float(getattr(row, part)), abs=1e-6)


def test_a_fact_of_today_counts_in_full_and_one_dated_ahead_from_its_day_on(engine, starters):
    with time_machine.travel(START, tick=False) as clock:
        _in_force({**ONLY_FADING, "fit": {"cap": 10}})
        one = Contact.objects.create(id=new_id(), number=1)
        _do(actor=ENGINE, contact=one, kind="form.submitted", at=START + timedelta(hours=2), path="")
        _do(actor=ENGINE, contact=one, kind="email.clicked", at=START + timedelta(hours=30), path="")
        engine.run_until_idle()
        assert ContactScore.objects.get(model="main").engagement == 15
        clock.shift(timedelta(days=1))
        engine.run_until_idle()
        assert ContactScore.objects.get(model="main").engagement > 3
        assert "click" in ContactScore.objects.get(model="main").contributions
