import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.cast import Cast

from marops.domains.contacts.actions import merge_companies, merge_contacts, part_companies, part_contacts, tell_apart
from marops.domains.contacts.jobs import join, run_matching, start_joining
from marops.domains.contacts.models import Company, Contact, Identity, MatchPair, MatchRun, Merge
from marops.domains.contacts.queries import find_company
from marops.domains.contacts.queries.matching import identity
from marops.domains.contacts.queries.pairs import bands, find_pair, in_band, open_pairs, pair_json, with_records
from marops.domains.contacts.rules.grounds import bounded, ground, mailbox
from marops.domains.contacts.rules.identity import PEOPLE, IdentityModel, Survivorship, faults_of
from marops.domains.contacts.rules.survival import stays, taken
from marops.kernel import facts, jobs
from marops.kernel.actors import SETUP
from marops.kernel.definitions import activate, draft, versions
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)
SYLLABLES = ("an", "bel", "cor", "dan", "el", "fi", "gar", "ho", "jo", "ka", "lu", "mar", "ne", "ol", "pe", "ro", "sa")


def word(chance: random.Random) -> str:
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(2, 4))).capitalize()


def person(number: int, **values: Any) -> Contact:
    one = Contact.objects.create(id=new_id(), number=number, **values)
    for kind, value in (("email", one.email), ("phone", one.phone)):
        if value:
            Identity.objects.create(
                contact=one, kind="mailbox" if kind == "email" and one.email_role else kind, value=value
            )
    return one


def crowd(count: int = 90, seed: int = 4) -> list[tuple[Contact, Contact]]:
    """People of whom every third is there again, with a letter wrong and a field less; answers the pairs."""
    chance, again = random.Random(seed), []
    for number in range(count):
        given, family, place = word(chance), word(chance), word(chance)
        values = {"given_name": given, "family_name": family, "full_name": f"{given} {family}", "city": place,
                  "email": f"{given}.{family}{number}@{word(chance)}.example".lower(), "postcode": f"{number:05}",
                  "phone": f"+4930{chance.randrange(10**7):07}"}  # fmt: skip
        one = person(2 * number + 1, **values)
        if number % 3 == 0:
            wrong = values | {"family_name": f"{family}x", "full_name": f"{given} {family}x", "postcode": None}
            wrong["email"] = values["email"].replace("@", "@mail.")
            again.append((one, person(2 * number + 2, **wrong)))
    return again


def pair_of(one: Contact, other: Contact) -> MatchPair:
    return MatchPair.objects.get(left_id=min(one.id, other.id), right_id=max(one.id, other.id))


@pytest.fixture
def searched(starters: Any) -> list[tuple[Contact, Contact]]:
    """A crowd that was searched for pairs."""
    again = crowd()
    run_matching(SETUP, "person")
    return again


def test_a_search_finds_who_is_there_twice_and_says_why(searched: list[tuple[Contact, Contact]]) -> None:
    found = {(row.left_id, row.right_id) for row in in_band(SETUP, "person", "merge")}
    assert found == {(min(a.id, b.id), max(a.id, b.id)) for a, b in searched}
    told = pair_json(with_records([pair_of(*searched[0])])[0])
    by_field = {one["field"]: one for one in told["fields"]}
    assert (told["keep"], told["gone"]) == (searched[0][0].ref, searched[0][1].ref)
    assert by_field["given"]["agreement"] == "equal"
    assert by_field["given"]["bits"] > 0
    assert by_field["postcode"] == {"field": "postcode", "bits": 0.0, "agreement": "missing in one of them"}
    odds = 2 ** sum(one["bits"] for one in told["fields"])
    assert odds / (1 + odds) == pytest.approx(told["probability"], abs=0.01)
    merge, review = bands(SETUP, "person")
    assert merge.pairs == len(searched)
    assert merge.precision is not None
    assert merge.precision > 0.9
    assert (merge.least, review.least) == (0.9, 0.5)


def test_what_a_search_learns_is_a_draft_that_somebody_puts_in_force(searched: list[tuple[Contact, Contact]]) -> None:
    assert identity("person")[1] == "identity/people@1"
    newest = versions("identity", "people")[0]
    assert (newest.version, newest.state) == (2, "draft")
    assert newest.document["learnt"]["rows"] == Contact.objects.count()
    assert {one.model for one in open_pairs(SETUP, "person")} == {"identity/people@2"}
    activate(actor=SETUP, ref="identity/people@2")
    run_matching(SETUP, "person")
    assert [one.version for one in versions("identity", "people")] == [2, 1]
    assert [one.model for one in MatchRun.objects.order_by("at")] == ["identity/people@2", "identity/people@2"]
    assert {row.left_id for row in in_band(SETUP, "person", "merge")} == {min(a.id, b.id) for a, b in searched}


def test_that_two_are_two_stands_in_later_searches_and_after_a_merge(searched: list[tuple[Contact, Contact]]) -> None:
    one, other = searched[0]
    row = pair_of(one, other)
    tell_apart(actor=SETUP, pair_id=row.id)
    with pytest.raises(MaropsError, match="said already"):
        tell_apart(actor=SETUP, pair_id=row.id)
    run_matching(SETUP, "person")
    assert pair_of(one, other).apart
    third = person(999, given_name="Somebody", family_name="Else")
    merge_contacts(actor=SETUP, winner_id=third.id, loser_id=other.id)
    assert pair_of(one, third).apart
    part_contacts(actor=SETUP, merge_id=Merge.objects.get().id)
    assert pair_of(one, other).apart
    assert not MatchPair.objects.filter(right_id=max(one.id, third.id), left_id=min(one.id, third.id)).exists()
    tell_apart(actor=SETUP, pair_id=pair_of(one, other).id, undo=True)
    assert not pair_of(one, other).apart


def test_a_pair_is_joined_and_comes_back_when_that_is_taken_back(searched: list[tuple[Contact, Contact]]) -> None:
    one, other = searched[0]
    row = pair_of(one, other)
    done = join(SETUP, with_records([row])[0], "by hand")
    assert isinstance(done, Merge)
    assert (done.winner_id, done.found_by, done.rule) == (one.id, row.model, "survivorship/people@1")
    assert done.chance == pytest.approx(row.chance)
    assert not MatchPair.objects.filter(id=row.id).exists()
    part_contacts(actor=SETUP, merge_id=done.id)
    assert MatchPair.objects.get(id=row.id).chance == pytest.approx(row.chance)


def test_all_that_are_surely_one_are_joined_as_one_job_that_can_be_stopped(
    searched: list[tuple[Contact, Contact]],
) -> None:
    before = Contact.objects.count()
    apart = pair_of(*searched[1])
    tell_apart(actor=SETUP, pair_id=apart.id)
    done = jobs.run_here(start_joining(SETUP, "person", here=True).id)
    assert done.result == {"joined": len(searched) - 1, "left": 0}
    assert Contact.objects.count() == before - len(searched) + 1
    assert MatchPair.objects.filter(id=apart.id, apart=True).exists()


def test_M4_a_shared_mailbox_or_a_switchboard_joins_nobody(starters: Any) -> None:
    crowd(70)
    chance = random.Random(9)
    desk = [
        person(500 + n, given_name=word(chance), family_name=word(chance), email_role=True, phone="+49301000",
               email=None if n else "info@firm.example", city="Rome")
        for n in range(6)
    ]  # fmt: skip
    Identity.objects.bulk_create(Identity(contact=one, kind="mailbox", value="info@firm.example") for one in desk[1:])
    Contact.objects.filter(id__in=[one.id for one in desk]).update(email="info@firm.example")
    run_matching(SETUP, "person")
    ids = [one.id for one in desk]
    assert not MatchPair.objects.filter(left_id__in=ids, right_id__in=ids).exists()


def test_new_records_are_held_against_all_others_as_they_come(
    searched: list[tuple[Contact, Contact]], run_stages: Callable[[], Any]
) -> None:
    activate(actor=SETUP, ref="identity/people@2")
    facts.touch(list(Contact.objects.values_list("id", flat=True)), datetime.now(UTC))
    run_stages()
    known = MatchPair.objects.count()
    one = Contact.objects.get(number=3)
    new = person(3_000, given_name=one.given_name, family_name=one.family_name, full_name=one.full_name, city=one.city,
                 phone=one.phone, email=str(one.email).replace("@", "+news@"))  # fmt: skip
    facts.touch([new.id], datetime.now(UTC))
    run_stages()
    row = pair_of(one, new)
    assert MatchPair.objects.count() == known + 1
    assert row.chance >= 0.99
    assert row.ground == "same_mailbox"
    assert row.model == "identity/people@2"
    Contact.objects.filter(id=new.id).update(
        given_name="Quite", family_name="Another", full_name="Quite Another", phone=None, city="Oslo",
        email="quite@another.example", updated_at=datetime.now(UTC),
    )  # fmt: skip
    facts.touch([new.id], datetime.now(UTC))
    run_stages()
    assert not MatchPair.objects.filter(id=row.id).exists()


def test_companies_there_twice_are_found_joined_known_by_what_they_were_and_parted(starters: Any) -> None:
    chance = random.Random(3)
    firms = [
        Company.objects.create(number=n + 1, name=f"{word(chance)} {word(chance)}", name_key=f"k{n}", city=word(chance),
                               domain=f"{word(chance).lower()}{n}.example", country="DE")
        for n in range(70)
    ]  # fmt: skip
    twin = Company.objects.create(number=100, name=f"{firms[0].name} GmbH", name_key="twin", city=firms[0].city,
                                  domain="twin.example", industry="steel", country="DE")  # fmt: skip
    staff = [person(n + 1, full_name="X", company=twin) for n in range(3)]
    run_matching(SETUP, "company")
    pair = with_records(list(open_pairs(SETUP, "company")[:1]))[0]
    assert {pair.keep.id, pair.gone.id} == {firms[0].id, twin.id}
    done = join(SETUP, pair)
    kept = Company.objects.get(id=firms[0].id)
    assert kept.industry == "steel"
    assert {one.company_id for one in Contact.objects.filter(id__in=[each.id for each in staff])} == {kept.id}
    for name in ("O-100", str(twin.id), "twin.example"):
        assert find_company(name).id == kept.id
    part_companies(actor=SETUP, merge_id=done.id)
    assert Company.objects.get(id=twin.id).domain == "twin.example"
    assert Company.objects.get(id=kept.id).industry is None
    assert Contact.objects.filter(company_id=twin.id).count() == 3
    assert open_pairs(SETUP, "company").filter(id=pair.row.id).exists()
    with pytest.raises(MaropsError, match="the same company"):
        merge_companies(actor=SETUP, winner_id=kept.id, loser_id=kept.id)


def test_nobody_sees_or_decides_pairs_without_the_right(searched: list[tuple[Contact, Contact]], cast: Cast) -> None:
    row = pair_of(*searched[0])
    assert find_pair(cast.actor("hanna"), row.id).id == row.id
    for actor in (cast.actor("mina"), cast.actor("nils")):
        with pytest.raises(MaropsError):
            find_pair(actor, row.id)
        with pytest.raises(MaropsError):
            tell_apart(actor=actor, pair_id=row.id)
    assert not pair_of(*searched[0]).apart


NOBODY: Mapping[str, str | None] = {"given_name": None, "family_name": None, "email": None, "phone": None}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"email": "ann+news@firm.example"}, {"email": "ann@firm.example"}, "same_mailbox"),
        ({"email": "a.nn@gmail.com"}, {"email": "ann@googlemail.com"}, "same_mailbox"),
        ({"email": "a.nn@firm.example"}, {"email": "ann@firm.example"}, ""),
        ({"email": "lee+a@x.example", "given_name": "Ann"}, {"email": "lee@x.example", "given_name": "Bob"}, ""),
        ({"email": "l+a@x.example", "given_name": "A."}, {"email": "l@x.example", "given_name": "Al"}, "same_mailbox"),
        ({"phone": "+491", "given_name": "Ann", "family_name": "Léé"},
         {"phone": "+491", "given_name": "lee", "family_name": "ann"}, "same_phone"),
        ({"phone": "+491", "given_name": "Ann"}, {"phone": "+491", "given_name": "Ann"}, ""),
        ({}, {}, ""),
    ],
)  # fmt: skip
def test_grounds_that_make_it_sure(one: dict[str, str], other: dict[str, str], expected: str) -> None:
    assert ground(NOBODY | one, NOBODY | other) == expected
    assert ground(NOBODY | other, NOBODY | one) == expected
    assert mailbox("no address") == ""


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        ({"given": 7.0, "family": 8.0, "city": 5.0, "company": -2.0}, (0.0, "names_alone")),
        ({"given": 7.0, "family": 8.0, "city": 5.0}, (0.899, "names_alone")),
        ({"given": 7.0, "family": 8.0, "phone": 9.0, "company": -2.0}, (0.99, "")),
        ({"given": 7.0, "family": 8.0, "company": 10.0, "email": -0.8}, (0.99, "")),
        ({"given": -4.0, "family": 8.0, "company": 10.0, "phone": 7.0}, (0.899, "name_differs")),
    ],
)
def test_what_never_joins_two_people_by_itself(bits: dict[str, float], expected: tuple[float, str]) -> None:
    chance, why = bounded(0.99, bits, 0.9)
    assert (round(chance, 3), why) == expected
    assert bounded(0.6, {"given": 7.0}, 0.9) == (0.6, "")


def row(**values: Any) -> dict[str, Any]:
    whole = {field.attname: None for field in Contact._meta.concrete_fields}
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return whole | {"custom": {}, "provenance": {}, "created_at": moment, "updated_at": moment, "number": 1} | values


def test_whose_value_stays_follows_the_rule_field_by_field() -> None:
    early, late = "2026-01-01T00:00:00+00:00", "2026-05-01T00:00:00+00:00"
    one = row(job_title="Manager", city="Rome", source="list", phone="+491", provenance={"*": [1, 1, early]})
    other = row(job_title="Head of Sales", seniority="head", city="Oslo", source="crm", phone="+492",
                provenance={"*": [2, 1, early], "job_title": [3, 1, late]})  # fmt: skip
    say = {"title": "t"}
    assert "job_title" not in taken(one, other, Survivorship(**say))
    newer = taken(one, other, Survivorship(**say, values="recent"))
    assert (newer["job_title"], newer["seniority"], "phone" in newer) == ("Head of Sales", "head", False)
    trusted = taken(one, other, Survivorship(**say, fields={"phone": "trusted"}, trust=("crm", "list")))
    assert (trusted.get("phone"), "job_title" in trusted) == ("+492", False)
    assert "phone" not in taken(other, one, Survivorship(**say, values="trusted", trust=("crm",)))
    assert taken(one, other, Survivorship(**say, fields={"job_title": "full"}))["seniority"] == "head"


def test_which_record_stays_follows_the_rule() -> None:
    old = row(number=5, known_since=datetime(2020, 1, 1, tzinfo=UTC), source="list")
    new = row(number=2, known_since=datetime(2025, 1, 1, tzinfo=UTC), source="crm", city="Rome", phone="+491")
    for keep, expected in (("earliest", True), ("latest", False), ("fullest", False), ("trusted", False)):
        rule = Survivorship(title="t", keep=keep, trust=("crm",))
        assert stays(old, new, rule) is expected
        assert stays(new, old, rule) is not expected
    assert stays(row(number=1), row(number=2), Survivorship(title="t"))


def test_a_model_that_contradicts_itself_is_refused_in_words() -> None:
    assert [one.field for one in faults_of(PEOPLE.model_copy(update={"review_at": 0.95}))] == ["review_at"]
    assert [one.pointer for one in faults_of(IdentityModel(title="t", of="company", compare=("name", "email")))] == [
        "/compare/1"
    ]
    with pytest.raises(MaropsError) as told:
        draft(actor=SETUP, kind="survivorship", slug="people",
              document={"title": "t", "fields": {"seniority": "recent"}})  # fmt: skip
    assert told.value.errors[0].pointer == "/fields/seniority"
