from datetime import UTC, datetime, timedelta

import pytest

from marops.domains.team.models import Absence, Person
from marops.domains.team.public import (
    add_absence,
    add_person,
    calendars,
    change_person,
    clock_of,
    hours_in_words,
    hours_of,
    people_of,
    presences,
)
from marops.domains.team.rules.calendars import WorkingCalendar
from marops.kernel.actors import SETUP
from marops.kernel.definitions import activate, draft
from marops.kernel.errors import MaropsError

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_a_person_is_found_by_reference_id_and_address(cast):
    row = add_person(actor=cast.actor("hanna"), account_id=cast.selma.id, zone="Europe/Berlin")
    assert row.name == "Selma Yildiz"
    refs = [row.ref, str(row.id), "SELMA@northwind.example"]
    assert people_of([*refs, "P-999", "nobody@northwind.example"]) == dict.fromkeys(refs, row)


@pytest.mark.django_db(transaction=True)
def test_an_account_is_in_the_team_once(cast):
    add_person(actor=SETUP, account_id=cast.selma.id)
    with pytest.raises(MaropsError, match="has this account already"):
        add_person(actor=SETUP, account_id=cast.selma.id)


@pytest.mark.django_db(transaction=True)
def test_nobody_stands_above_their_own_manager(cast):
    boss = add_person(actor=SETUP, name="Boss")
    one = add_person(actor=SETUP, name="One", manager_id=boss.id)
    with pytest.raises(MaropsError, match="above their own manager"):
        change_person(actor=SETUP, person_id=boss.id, manager_id=one.id)


@pytest.mark.django_db(transaction=True)
def test_presence_is_by_the_persons_own_clock(cast):
    berlin = add_person(actor=SETUP, name="Berlin", zone="Europe/Berlin")
    tokyo = add_person(actor=SETUP, name="Tokyo", zone="Asia/Tokyo")
    away = add_person(actor=SETUP, name="Away", zone="Europe/Berlin")
    add_absence(actor=SETUP, person_id=away.id, starts=MONDAY, ends=MONDAY + timedelta(days=1), reason="Leave")
    found = {one.person.id: one for one in presences([berlin, tokyo, away], MONDAY)}
    assert [found[one.id].works for one in (berlin, tokyo, away)] == [True, False, False]
    assert found[tokyo.id].next_at == datetime(2026, 11, 24, 0, tzinfo=UTC)
    assert found[away.id].away_until == MONDAY + timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_an_absence_ends_at_its_end(cast):
    one = add_person(actor=SETUP, name="One", zone="UTC")
    add_absence(actor=SETUP, person_id=one.id, starts=MONDAY - timedelta(hours=1), ends=MONDAY)
    assert presences([one], MONDAY)[0].works
    assert not presences([one], MONDAY - timedelta(microseconds=1))[0].works


@pytest.mark.django_db(transaction=True)
def test_a_calendar_in_force_changes_the_hours(cast):
    document = {"title": "Late", "zone": "Europe/Lisbon", "hours": {"mon": [["12:00", "20:00"]]}}
    activate(actor=SETUP, ref=draft(actor=SETUP, kind="calendar", slug="late", document=document).pinned)
    one = add_person(actor=SETUP, name="One", calendar="late")
    clock = clock_of(one)
    assert (clock.calendar, clock.zone) == ("late", "Europe/Lisbon")
    assert hours_of(clock).week == {0: ((720, 1200),)}
    assert hours_in_words(calendars()["late"]) == "Mon 12:00–20:00"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"zone": "Mars/Base"}, "is not a time zone"),
        ({"hours": {"mon": [["9", "17:00"]]}}, "is no time of day"),
        ({"hours": {"mon": [["09:00", "13:00"], ["12:00", "17:00"]]}}, "share time"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        WorkingCalendar.model_validate({"title": "x"} | change)


@pytest.mark.django_db(transaction=True)
def test_a_manager_adds_a_person_and_an_absence_on_the_pages(cast):
    client = cast.client("hanna")
    answer = client.post("/team-hours/new", {"account_id": str(cast.selma.id), "calendar": "standard"})
    row = Person.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/team-hours/{row.ref}")
    days = {"first": "2026-12-21", "last": "2026-12-22", "reason": "Leave"}
    client.post(f"/team-hours/{row.ref}/absences", days)
    absence = Absence.objects.get()
    assert absence.ends - absence.starts == timedelta(days=2)
    assert "Mon 21 Dec 2026 – Tue 22 Dec 2026" in client.get(f"/team-hours/{row.ref}").content.decode()
    assert client.post(f"/team-hours/{row.ref}/absences", days | {"last": "2026-12-01"}).status_code == 422
    client.post(f"/team-hours/absences/{absence.id}/remove")
    assert not Absence.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_calendar_is_changed_on_its_page(cast, starters):
    client = cast.client("hanna")
    form = {"title": "Short weeks", "mon": "09:00-12:30, 13:00-17:00", "holidays": "2026-12-25"}
    assert client.post("/team-hours/calendars/standard", form).status_code == 302
    assert hours_in_words(calendars()["standard"]) == "Mon 09:00–12:30, 13:00–17:00"
    assert client.post("/team-hours/calendars/standard", form | {"tue": "25:00-26:00"}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_team_over_rest(cast):
    client = cast.client("hanna")
    made = client.post("/api/v1/team/people", {"account_id": str(cast.selma.id)}, content_type="application/json")
    assert made.status_code == 201
    ref = made.json()["ref"]
    days = {"first": "2026-12-21", "last": "2026-12-22"}
    absence = client.post(f"/api/v1/team/people/{ref}/absences", days, content_type="application/json")
    assert absence.status_code == 201
    body = {"name": "Selma", "zone": "Europe/Istanbul"}
    changed = client.put(f"/api/v1/team/people/{ref}", body, content_type="application/json")
    assert changed.json()["zone"] == "Europe/Istanbul"
    assert [one["ref"] for one in client.get("/api/v1/team/people").json()["items"]] == [ref]
    assert client.delete(f"/api/v1/team/absences/{absence.json()['id']}").status_code == 204


@pytest.mark.django_db(transaction=True)
def test_a_seller_plans_an_own_absence_and_nobody_elses(cast):
    own = add_person(actor=SETUP, account_id=cast.selma.id, zone="Europe/Berlin")
    other = add_person(actor=SETUP, name="Other")
    client = cast.client("selma")
    assert "Plan an absence" in client.get(f"/team-hours/{own.ref}").content.decode()
    assert "Plan an absence" not in client.get(f"/team-hours/{other.ref}").content.decode()
    days = {"first": "2026-12-21", "last": "2026-12-23"}
    assert client.post(f"/team-hours/{own.ref}/absences", days).status_code == 302
    assert client.post(f"/team-hours/{other.ref}/absences", days).status_code == 403
    assert client.post(f"/team-hours/{own.ref}", {"name": "Boss"}).status_code == 403
    twice = client.post(f"/team-hours/{own.ref}/absences", days | {"first": "2026-12-01", "last": "2026-12-21"})
    assert twice.status_code == 422
    assert "is away from 21 Dec 2026 to 23 Dec 2026 already." in twice.content.decode()
    body = {"first": "2026-12-24", "last": "2026-12-23"}
    reverse = client.post(f"/api/v1/team/people/{own.ref}/absences", body, content_type="application/json")
    assert (reverse.status_code, reverse.json()["errors"][0]["field"]) == (422, "last")
    assert client.post(f"/team-hours/{own.ref}/absences", days | {"first": "2026-12-24", "last": "2026-12-24"})
    theirs = add_absence(actor=SETUP, person_id=other.id, starts=MONDAY, ends=MONDAY + timedelta(days=1))
    assert client.post(f"/team-hours/absences/{theirs.id}/remove").status_code == 403
    for absence in Absence.objects.filter(person=own):
        assert client.delete(f"/api/v1/team/absences/{absence.id}").status_code == 204
    assert list(Absence.objects.all()) == [theirs]
