"""Pages of crews: each form is a version, pay is for those who may see it, and nothing is lost on the way."""

import pytest

from marops.domains.team.actions.people import add_person
from marops.domains.workflows import actions
from marops.domains.workflows.sheets.opened import newest_of

pytestmark = pytest.mark.django_db
CREW = {
    "title": "Marketing",
    "calendars": {
        "office": {"title": "Office", "hours": {"mon": [["09:00", "17:00"]]}, "holidays": ["2026-12-25"]},
        "tuesdays": {"title": "Tuesdays", "hours": {"tue": [["09:00", "12:00"]]}},
    },
    "calendar": "office",
    "people": [
        {
            "id": "ann", "name": "Ann", "role": "copywriter", "skills": {"writing": 1, "editing": 0.8}, "share": 0.6,
            "cost_per_hour": 51.5, "absences": [{"from": "2026-12-01", "to": "2026-12-08"}],
            "ramp": {"months": 3, "first": 0.5}, "origin": {"skills": "log", "share": "log"},
        },
        {"id": "Bo Li", "name": "Bo", "skills": {"legal": 1}, "calendar": "tuesdays", "amount": 2},
    ],
}  # fmt: skip


@pytest.fixture
def crew(cast):
    actions.keep(actor=cast.actor("ada"), kind="crew", slug="marketing", document=CREW)
    return newest_of("crew", "marketing").document


def _values(page):
    found = {bound.name: bound.value() for bound in page.context["form"]}
    return {name: value for name, value in found.items() if value is not None and value is not False and value != ""}


@pytest.mark.parametrize("who", ["vera", "hanna"])
@pytest.mark.parametrize("path", ["change", "person?id=ann", "person?id=Bo+Li", "calendar?id=office"])
def test_what_a_form_sends_unchanged_changes_nothing(cast, crew, who, path):
    at, client = f"/workflows/crews/marketing/{path}", cast.client(who)
    page = client.get(at)
    assert client.post(at, _values(page)).status_code == 302
    assert newest_of("crew", "marketing").document == crew


def test_what_an_hour_costs_is_for_those_who_may_see_pay(cast, crew):
    at = "/workflows/crews/marketing"
    assert "51.50" in cast.client("vera").get(at).content.decode()
    assert "51.50" not in cast.client("hanna").get(at).content.decode()
    form = cast.client("hanna").get(f"{at}/person?id=ann").context["form"]
    assert "cost_per_hour" not in form.fields
    cast.client("hanna").post(
        f"{at}/person?id=ann", {**_values(cast.client("hanna").get(f"{at}/person?id=ann")), "cost_per_hour": "1"}
    )
    assert newest_of("crew", "marketing").document["people"][0]["cost_per_hour"] == 51.5


def test_somebody_comes_changes_and_goes_and_each_can_be_taken_back(cast, crew):
    at, client = "/workflows/crews/marketing", cast.client("hanna")
    new = {
        "name": "Cem", "skill-0": "design", "share": "50", "speed": "1", "at_once": "1", "amount": "1",
        "starts": "2027-01-11", "away-0-from": "2027-02-01", "away-0-to": "2027-02-08",
    }  # fmt: skip
    assert client.post(f"{at}/person", new).status_code == 302
    [*_others, cem] = newest_of("crew", "marketing").document["people"]
    assert (cem["id"], cem["share"], cem["skills"], cem["starts"]) == ("cem", 0.5, {"design": 1.0}, "2027-01-11")
    assert cem["absences"] == [{"from": "2027-02-01", "to": "2027-02-08"}]
    client.post(at, {"act": "remove:ann"})
    assert [one["id"] for one in newest_of("crew", "marketing").document["people"]] == ["Bo Li", "cem"]
    client.post(f"{at}/undo")
    assert newest_of("crew", "marketing").document["people"][0]["id"] == "ann"


def test_what_was_read_off_a_log_is_assumed_once_it_is_changed(cast, crew):
    at, client = "/workflows/crews/marketing/person?id=ann", cast.client("vera")
    client.post(at, _values(client.get(at)) | {"share": "80"})
    assert newest_of("crew", "marketing").document["people"][0]["origin"] == {"skills": "log", "share": "assumed"}


@pytest.mark.parametrize(
    ("path", "given", "field"),
    [
        ("person?id=ann", {"ends": "2020-01-01", "starts": "2021-01-01"}, "ends"),
        ("person?id=ann", {"away-0-from": "2026-12-09", "away-0-to": "2026-12-01"}, "away-0-from"),
        ("person?id=ann", {"speed": "0"}, "speed"),
        ("change", {"currency": "euro"}, "currency"),
        ("calendar?id=office", {"mon": "9 to 5"}, "mon"),
        ("calendar?id=office", {"holidays": "Christmas"}, "holidays"),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_is_saved(cast, crew, path, given, field):
    at, client = f"/workflows/crews/marketing/{path}", cast.client("vera")
    answer = client.post(at, _values(client.get(at)) | given)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert newest_of("crew", "marketing").version == 1


def test_people_of_the_team_bring_their_calendar(cast, starters, crew):
    row = add_person(
        actor=cast.actor("ada"), name="Dara", account_id=None, role="", manager_id=None, calendar="standard", zone=""
    )
    at, client = "/workflows/crews/marketing/team", cast.client("hanna")
    assert client.post(at, {"people": [row.ref], "skills": "web, data"}).status_code == 302
    document = newest_of("crew", "marketing").document
    dara = document["people"][-1]
    assert (dara["person"], dara["calendar"], dara["skills"]) == (row.ref, "standard", {"web": 1.0, "data": 1.0})
    assert document["calendars"]["standard"]["hours"]
    assert client.get(at).context["nobody"]


def test_a_calendar_that_is_followed_stays(cast, crew):
    client = cast.client("hanna")
    refused = client.post("/workflows/crews/marketing", {"act": "remove-calendar:office"})
    assert refused.status_code == 422
    assert "office" in newest_of("crew", "marketing").document["calendars"]
