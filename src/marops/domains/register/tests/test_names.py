from decimal import Decimal

import pytest

from marops.domains.register.public import (
    Campaign,
    Channel,
    OtherName,
    Platform,
    ensure_campaign,
    ensure_channel,
    ensure_platform,
    ensure_source,
    find_entry,
    merge_entries,
)
from marops.domains.register.rules import folded, slug_of
from marops.kernel.actors import Actor
from marops.kernel.errors import MaropsError
from marops.kernel.models import AuditRow

SYSTEM = Actor("system", "test")
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["Web-Seminar", "web seminar", " WEB  SEMINAR ", "Wéb seminar"])
def test_spellings_of_a_name_are_one(name):
    assert folded(name) == "web seminar"
    assert slug_of(name) == "web-seminar"


def test_a_name_in_another_alphabet_has_a_short_name_too():
    assert slug_of("вебинар") == "unnamed"
    assert slug_of("Straße") == "strasse"


def test_the_same_name_again_is_the_same_entry():
    first = ensure_channel(actor=SYSTEM, name="Web seminar")
    again = ensure_channel(actor=SYSTEM, name="WEB-SEMINAR")
    assert first.pk == again.pk
    assert Channel.objects.count() == 1
    assert AuditRow.objects.filter(action="channel.ensure").count() == 1


def test_two_names_with_one_short_name_stay_apart():
    one = ensure_platform(actor=SYSTEM, name="рассылка")
    two = ensure_platform(actor=SYSTEM, name="вебинар")
    assert {one.slug, two.slug} == {"unnamed", "unnamed-2"}


def test_a_campaign_knows_its_channel_and_money():
    ensure_channel(actor=SYSTEM, name="E-mail")
    made = ensure_campaign(
        actor=SYSTEM, name="Spring letter", channel="e mail", kind="newsletter", budget=Decimal("1200.50"),
        currency="EUR",
    )  # fmt: skip
    kept = Campaign.objects.get(pk=made.pk)
    assert (kept.channel.name, kept.budget, kept.currency) == ("E-mail", Decimal("1200.5000"), "EUR")


def test_a_campaign_of_an_unknown_channel_is_refused():
    with pytest.raises(MaropsError) as refused:
        ensure_campaign(actor=SYSTEM, name="Spring letter", channel="smoke signals")
    assert refused.value.code == "not-found"
    assert not Campaign.objects.exists()


def test_merged_entries_are_found_under_every_name_and_id():
    keep, drop = ensure_channel(actor=SYSTEM, name="Webinar"), ensure_channel(actor=SYSTEM, name="Web seminar")
    source = ensure_source(actor=SYSTEM, name="Talks", channel="Web seminar")
    merge_entries(actor=SYSTEM, kind="channel", keep="Webinar", drop="Web seminar")
    assert list(Channel.objects.all()) == [keep]
    for name in ("Webinar", "web seminar", "web-seminar", str(drop.pk)):
        assert find_entry("channel", name) == keep
    source.refresh_from_db()
    assert source.channel == keep
    assert set(OtherName.objects.values_list("target_id", flat=True)) == {keep.pk, source.pk}


def test_an_entry_is_not_merged_with_itself():
    ensure_platform(actor=SYSTEM, name="Postwren")
    with pytest.raises(MaropsError) as refused:
        merge_entries(actor=SYSTEM, kind="platform", keep="Postwren", drop="postwren")
    assert refused.value.code == "conflict"
    assert Platform.objects.count() == 1


def test_who_may_not_change_the_register_does_not(cast):
    with pytest.raises(MaropsError) as refused:
        ensure_channel(actor=cast.actor("nils"), name="Radio")
    assert refused.value.code == "not-allowed"
