"""What is true on purpose of the sample's team."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from marops.domains.team.public import catalogue
from marops.domains.team.rules.shares import Span, too_much
from marops.sample.team import BEYOND, HANGS_ON, TEAM, levels
from marops.sample.world import MARKETERS


@pytest.mark.django_db
def test_three_skills_hang_on_one_person_and_two_are_beyond_everybody():
    able: dict[str, set[str]] = {}
    for who, skill, own, seen in levels():
        assert skill in catalogue().skills
        assert 0 <= own <= 4
        if (own if seen is None else seen) >= 3:
            able.setdefault(skill, set()).add(who)
    assert {skill: able.get(skill) for skill in HANGS_ON} == {skill: {who} for skill, who in HANGS_ON.items()}
    assert not any(skill in able for skill in BEYOND)


@pytest.mark.django_db
def test_nobody_of_the_sample_has_more_than_a_week_and_every_role_exists():
    known = catalogue().roles
    for who, kept in TEAM.items():
        assert all(role in known for role, *_rest in (*kept.roles, *kept.before)), who
        # Days are counted back from the load, so the later day is the smaller number.
        spans = [Span(role, Decimal(share), _day(since), _day(until)) for role, share, since, until in kept.roles]
        assert not too_much(spans), who
    assert set(TEAM) <= {one.slug for one in MARKETERS}


def _day(back):
    return None if back is None else date(2026, 11, 1) - timedelta(days=back)
