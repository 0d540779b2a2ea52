import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from marops.domains.consent.models import Entry, Restriction, State
from marops.domains.consent.queries.may import Asked, all_agreed, condition, matrix, may, reachable
from marops.domains.consent.rules.regimes import CHANNELS, applying, deadline_days, regimes
from marops.domains.contacts.models import Contact
from marops.kernel.ids import new_id
from marops.kernel.models import Definition

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
_NUMBERS = itertools.count(1)


def someone(country="DE", region=None):
    return Contact.objects.create(number=next(_NUMBERS), country=country, region=region)


def says(one, state, *, channel="email", purpose="marketing", basis="consent", days=30, **more):
    at = NOW - timedelta(days=days)
    entry = Entry.objects.create(contact=one, channel=channel, purpose=purpose, state=state, lawful_basis=basis,
                                 actor_kind="system", actor_id="t", at=at)  # fmt: skip
    State.objects.create(contact=one, channel=channel, purpose=purpose, state=state, basis=basis, entry_id=entry.id,
                         at=at, **more)  # fmt: skip
    return entry


def word(one, channel="email", purpose="marketing", at=NOW):
    return may(one.id, channel, purpose, at)


# Country, region, channel, what is on record → may they be contacted for marketing? From the acts themselves.
@pytest.mark.parametrize(("country", "region", "channel", "record", "allowed"), [
    ("DE", None, "email", None, False),  # ePrivacy Art. 13(1): prior consent
    ("DE", None, "email", "consent", True),
    ("DE", None, "email", "implied_business", False),
    ("DE", None, "post", None, True),  # GDPR recital 47: direct marketing may be a legitimate interest
    ("GB", None, "sms", None, False),
    ("CA", None, "email", None, False),  # CASL s. 6(1)(a)
    ("CA", None, "email", "implied_business", True),  # s. 10(9), (10)(a)
    ("CA", None, "email", "implied_inquiry", True),
    ("US", "TX", "email", None, True),  # CAN-SPAM: opt-out
    ("US", "CA", "email", None, True),
    ("US", "CA", "sms", None, False),  # TCPA: prior express consent
    ("US", "CA", "phone", None, True),
    (None, None, "email", None, False),  # nobody knows where: the strictest
    (None, None, "email", "implied_business", False),
    (None, None, "email", "consent", True),
    ("BR", None, "email", None, False),  # no regime of the list: the strictest
])  # fmt: skip
def test_the_strictest_regime_that_applies_decides(country, region, channel, record, allowed):
    one = someone(country, region)
    if record:
        says(one, "granted", channel=channel, basis=record)
    assert word(one, channel).allowed is allowed


@pytest.mark.parametrize(("basis", "days", "allowed"), [
    ("implied_business", 729, True), ("implied_business", 732, False),  # two years
    ("implied_inquiry", 180, True), ("implied_inquiry", 185, False),  # six months
    ("consent", 3000, True),
])  # fmt: skip
def test_an_implied_yes_ends_and_an_express_one_does_not(basis, days, allowed):
    one = someone("CA")
    entry = says(one, "granted", basis=basis, days=days)
    found = word(one)
    assert found.allowed is allowed
    assert found.reasons[0].entry == entry.id
    assert (found.reasons[0].ends is None) == (basis == "consent")
    if not allowed:
        assert found.code == "expired"
        assert "ended on" in found.because


def test_a_yes_counts_until_its_last_moment_and_not_at_it():
    one = someone()
    says(one, "granted", expires_at=NOW)
    assert word(one, at=NOW - timedelta(microseconds=1)).allowed
    assert not word(one, at=NOW).allowed


@pytest.mark.parametrize(("channel", "purpose", "blocked"), [
    ("email", "newsletter", {("email", "newsletter")}),
    ("email", "marketing", {("email", one) for one in ("newsletter", "marketing", "events", "product")}),
    ("email", "*", {("email", one) for one in ("newsletter", "marketing", "events", "product")}),
    ("*", "*", {("email", one) for one in ("newsletter", "marketing", "events", "product")}
     | {("phone", one) for one in ("marketing", "events", "product")}
     | {("post", "marketing"), ("data", "sale_or_sharing")}),
])  # fmt: skip
def test_a_no_reaches_as_far_as_it_was_said(channel, purpose, blocked):
    one = someone("US", "CA")
    says(one, "unsubscribed", channel=channel, purpose=purpose)
    asked = [
        Asked("email", "newsletter"), Asked("email", "marketing"), Asked("email", "events"), Asked("email", "product"),
        Asked("phone", "marketing"), Asked("phone", "events"), Asked("phone", "product"), Asked("post", "marketing"),
        Asked("data", "sale_or_sharing"), Asked("email", "service"),
    ]  # fmt: skip
    found = matrix(one.id, asked, NOW)
    assert {key for key, value in found.items() if value.code == "refused"} == blocked
    assert found["email", "service"].allowed  # what a contract needs is no marketing


def test_a_yes_to_the_whole_covers_its_parts_and_a_no_to_a_part_stays():
    one = someone()
    says(one, "granted")
    says(one, "unsubscribed", purpose="events")
    assert word(one, purpose="newsletter").allowed
    assert word(one, purpose="events").code == "refused"


def test_a_later_yes_lifts_a_wider_no_for_its_own_purpose_alone():
    one = someone()
    says(one, "unsubscribed", purpose="*", days=20)
    says(one, "granted", purpose="newsletter", days=10)
    assert not word(one, purpose="newsletter").allowed  # a yes from elsewhere does not lift anything by its age
    State.objects.filter(purpose="newsletter").update(lifts=NOW - timedelta(days=10))
    assert word(one, purpose="newsletter").allowed
    assert not word(one, purpose="events").allowed


def test_a_restriction_stops_everything():
    one = someone("US", "TX")
    Restriction.objects.create(contact=one, since=NOW, actor_id="t")
    assert word(one).code == "restricted"
    assert word(one, purpose="service").code == "restricted"


def test_california_may_be_shared_until_they_say_no_and_europe_not_without_a_yes():
    californian, german, texan = someone("US", "California"), someone("DE"), someone("US", "TX")
    assert word(californian, "data", "sale_or_sharing").code == "standing"
    assert word(german, "data", "sale_or_sharing").code == "nothing"
    assert word(texan, "data", "sale_or_sharing").code == "unruled"
    says(californian, "denied", channel="data", purpose="sale_or_sharing")
    assert word(californian, "data", "sale_or_sharing").code == "refused"


def test_a_purpose_that_always_wants_a_confirmed_yes_gets_one_and_germany_is_told():
    document = {"title": "Letters", "says": "x", "channels": ["email"], "bases": ["consent"], "double_opt_in": "always",
                "wording": "Yes", "people_decide": True, "part_of": "", "standing": None}  # fmt: skip
    Definition.objects.create(kind="purpose", slug="letters", version=3, document=document, schema_version=1,
                              sha256="x", author="t", state="active", valid_from=NOW)  # fmt: skip
    one = someone("DE")
    says(one, "granted", purpose="letters")
    assert word(one, purpose="letters").code == "unconfirmed"
    State.objects.update(confirmed_at=NOW)
    assert word(one, purpose="letters").allowed
    other = someone("DE")
    says(other, "granted")
    assert "confirmed" in word(other).notes[0]


def test_an_unknown_purpose_or_channel_is_a_no_in_words():
    one = someone("US", "TX")
    assert word(one, purpose="astrology").code == "no-purpose"
    assert word(one, "post", "newsletter").code == "no-channel"


def test_sets_and_persons_get_the_same_word():
    people = [someone(*where) for where in (("DE",), ("CA",), ("US", "TX"), ("US", "California"), (None,), ("JP",))]
    for one, state, basis, channel, purpose in zip(
        people, ("granted", "granted", "denied", "unknown", "expired", "granted"),
        ("consent", "implied_inquiry", "consent", "consent", "implied_business", "legitimate_interest"),
        ("email", "email", "*", "sms", "email", "email"),
        ("newsletter", "marketing", "*", "marketing", "marketing", "*"),
        strict=True,
    ):  # fmt: skip
        says(one, state, basis=basis, channel=channel, purpose=purpose)
    purposes = ("marketing", "newsletter", "service", "sale_or_sharing", "none")
    asked = [Asked(channel, purpose) for channel in CHANNELS for purpose in purposes]
    for cell in asked:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT contact_id FROM (SELECT id AS contact_id, %s AS channel, %s AS purpose, %s::timestamptz"
                f" AS claimed_at FROM contact) c WHERE {condition().replace('%', '%%')}",
                [cell.channel, cell.purpose, NOW],
            )
            claimed = {row for (row,) in cursor.fetchall()}
        single = {one.id for one in people if may(one.id, cell.channel, cell.purpose, NOW).allowed}
        assert claimed == single, cell
        assert all_agreed(list(single), cell.channel, cell.purpose, NOW)
        assert reachable(cell.channel, cell.purpose, NOW) == (len(single), len(people))
    assert not all_agreed([one.id for one in people], "email", "marketing", NOW)


def test_the_list_of_regimes_rules_every_channel_somewhere_and_knows_whose_deadline_is_shortest():
    assert {channel for one in regimes().regimes for channel in one.channels} == set(CHANNELS)
    assert deadline_days("access", "DE") == (30, "GDPR and ePrivacy")
    assert deadline_days("access", "US", "CA") == (45, "CCPA and CPRA")
    assert deadline_days("access", None)[0] == 30
    assert [one.slug for one in applying("US", "tx")] == ["can_spam", "tcpa"]
    assert {one.slug for one in applying("US", None)} == {"ccpa", "can_spam", "tcpa"}


def test_nobody_who_is_not_there_may_be_contacted_for_marketing():
    assert not may(new_id(), "email", "marketing", NOW).allowed
