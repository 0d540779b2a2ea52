"""What people open by a link: looking changes nothing, a form changes what it showed and nothing else."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from marops.domains.capture.intake.calls import read as read_call
from marops.domains.capture.intake.keeping import INTAKE, Call, keep_events
from marops.domains.capture.stages import intake
from marops.domains.consent.actions.recording import THEMSELVES, Heard, Word, ask_to_confirm, expire, record_words
from marops.domains.consent.models import Ask, Entry, State
from marops.domains.consent.queries.may import may
from marops.domains.consent.rules.links import Link, masked
from marops.domains.contacts.actions import merge_contacts
from marops.domains.contacts.models import Contact, Identity
from marops.kernel.actors import ENGINE, SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import AuditRow, FactInbox

pytestmark = pytest.mark.django_db(transaction=True)

# What opens every link of a mail before its reader does, and a browser that fetches ahead.
SCANNERS = (
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))", "Mimecast", "Proofpoint URL Defense", "SafeLinks",
    "Mozilla/5.0 (compatible; Office 365 ATP)", "Symantec-Link-Following", "FireEye ETP", "Cisco IronPort",
    "Sophos Email Appliance", "TrendMicro/1.0", "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "facebookexternalhit/1.1",
    "Slackbot-LinkExpanding 1.0", "LinkedInBot/1.0", "curl/8.5.0", "python-requests/2.32",
    "", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
)  # fmt: skip


def person(number=1, country="US", region="TX"):
    one = Contact.objects.create(number=number, email=f"p{number}@firm.example", country=country, region=region)
    Identity.objects.create(contact=one, kind="email", value=one.email)
    return one


def url(what, about, channel="", purpose=""):
    return f"/{what}/{Link(what, about, channel, purpose).token}"


def everything():
    return (
        list(Entry.objects.order_by("id").values()), list(State.objects.order_by("entry_id").values()),
        list(Ask.objects.values()), AuditRow.objects.count(), FactInbox.objects.count(),
    )  # fmt: skip


def asked(one, *purposes, channel="email"):
    return ask_to_confirm(actor=THEMSELVES, contact_id=one.id, channel=channel, purpose_slugs=purposes, source="signup",
                          evidence={"form": "newsletter"})  # fmt: skip


def test_U2_looking_at_a_link_changes_nothing_whoever_looks_and_however():
    one = person()
    ask = asked(one, "newsletter")
    record_words(actor=SETUP, contact_id=one.id, words=[Word("email", "events", "granted")], heard=Heard("phone"))
    before = everything()
    client = Client()
    addresses = (url("preferences", one.id), url("unsubscribe", one.id, "email", "events"), url("confirm", ask.id))
    for number, agent in enumerate(SCANNERS):
        rarer = addresses[number % 3]
        for method, address in [*(("get", each) for each in addresses), ("head", rarer), ("options", rarer)]:
            answer = getattr(client, method)(address, headers={"user-agent": agent, "sec-gpc": "1"})
            assert answer.status_code == 200
            assert answer["Cache-Control"] == "no-store, private"
    assert len(SCANNERS) >= 20
    assert everything() == before


def test_a_yes_is_granted_when_the_mailbox_says_so_and_once():
    one = person(country="DE", region=None)
    ask = asked(one, "newsletter", "events")
    assert not may(one.id, "email", "newsletter", now()).allowed
    client = Client()
    for _ in range(2):
        assert client.post(url("confirm", ask.id)).status_code == 200
    entries = Entry.objects.filter(contact=one)
    assert {(entry.purpose, entry.state) for entry in entries} == {("newsletter", "granted"), ("events", "granted")}
    kept = entries.get(purpose="newsletter")
    assert kept.confirmed_at is not None
    assert kept.evidence["form"] == "newsletter"
    assert kept.evidence["confirmation"]["form"] == "confirm"
    assert kept.wording == "purpose/newsletter@0"
    assert may(one.id, "email", "newsletter", now()).allowed
    assert may(one.id, "email", "newsletter", now()).notes == ()


def test_a_confirmation_that_has_run_out_grants_nothing():
    ask = asked(person(), "newsletter")
    Ask.objects.update(expires_at=now() - timedelta(seconds=1))
    answer = Client().post(url("confirm", ask.id))
    assert answer.status_code == 409
    assert not Entry.objects.exists()


def test_U7_an_old_message_brings_nothing_back_that_was_taken_back_since():
    one = person()
    ask = asked(one, "newsletter")
    Client().post(url("preferences", one.id), {"stop": "all"})
    assert Client().post(url("confirm", ask.id)).status_code == 409
    assert not may(one.id, "email", "newsletter", now()).allowed
    again = asked(one, "newsletter")  # they sign up anew
    assert Client().post(url("confirm", again.id)).status_code == 200
    assert may(one.id, "email", "newsletter", now()).allowed
    assert not may(one.id, "email", "events", now()).allowed


# What the link names → what is off afterwards, of everything that was on.
_CELLS = [("email", "marketing"), ("email", "newsletter"), ("email", "events"), ("phone", "events"),
          ("phone", "marketing"), ("post", "marketing"), ("data", "sale_or_sharing"), ("email", "service")]  # fmt: skip


@pytest.mark.parametrize(("channel", "purpose", "off"), [
    ("email", "newsletter", [("email", "newsletter")]),
    ("phone", "events", [("phone", "events")]),
    ("email", "", [one for one in _CELLS if one[0] == "email" and one[1] != "service"]),
    ("", "", [one for one in _CELLS if one[1] != "service"]),
])  # fmt: skip
def test_U6_an_unsubscribe_link_turns_off_what_it_shows_and_nothing_else(channel, purpose, off):
    one = person()
    assert all(may(one.id, *cell, now()).allowed for cell in _CELLS)
    address = url("unsubscribe", one.id, channel, purpose)
    shown = Client().get(address).content.decode()
    assert {"newsletter": "Newsletter", "events": "Events"}.get(purpose, "everything") in shown
    assert Client().post(address).status_code == 200
    assert [cell for cell in _CELLS if not may(one.id, *cell, now()).allowed] == [c for c in _CELLS if c in off]


@pytest.mark.parametrize(("shown", "on", "off"), [
    (["email:newsletter"], [], [("email", "newsletter")]),  # only what was shown, though more is unticked
    (["email:newsletter", "email:events"], ["email:events"], [("email", "newsletter")]),
    # The whole is taken back, a part is kept: its own box counts.
    (["email:marketing", "email:newsletter"], ["email:newsletter"], [("email", "marketing"), ("email", "events")]),
    (["email:service"], [], []),  # was never offered
    ([], [], []),
])  # fmt: skip
def test_U6_the_page_of_choices_changes_the_boxes_it_showed(shown, on, off):
    one = person()
    Client().post(url("preferences", one.id), {"shown": shown, "on": on})
    assert [cell for cell in _CELLS if not may(one.id, *cell, now()).allowed] == off


def test_U6_everything_is_everything_also_what_comes_later_and_a_yes_brings_back_itself_alone():
    one = person()
    client, address = Client(), url("preferences", one.id)
    client.post(address, {"stop": "all"})
    assert [cell for cell in _CELLS if may(one.id, *cell, now()).allowed] == [("email", "service")]
    client.post(address, {"shown": ["email:events", "email:newsletter"], "on": ["email:events"]})
    assert [cell for cell in _CELLS if may(one.id, *cell, now()).allowed] == [("email", "events"), ("email", "service")]
    page = client.get(address).content.decode()
    assert 'value="email:events" checked' in page
    assert 'value="email:newsletter" checked' not in page


def test_U7_saving_the_page_again_brings_nothing_back():
    one = person()
    record_words(actor=SETUP, contact_id=one.id, words=[Word("email", "newsletter", "unsubscribed")], heard=Heard("x"))
    before = everything()
    page = {"shown": ["email:newsletter", "email:events"], "on": ["email:events"]}
    assert Client().post(url("preferences", one.id), page).status_code == 200
    assert everything() == before


def test_U7_a_yes_by_hand_needs_a_ground_and_is_younger_than_the_no():
    one = person()
    record_words(actor=SETUP, contact_id=one.id, words=[Word("email", "newsletter", "unsubscribed")], heard=Heard("x"))
    yes = [Word("email", "newsletter", "granted")]
    for heard in (Heard(" "), Heard("card of last year", at=now() - timedelta(days=300))):
        with pytest.raises(MaropsError) as refused:
            record_words(actor=SETUP, contact_id=one.id, words=yes, heard=heard)
        assert refused.value.code == "invalid"
    assert not may(one.id, "email", "newsletter", now()).allowed
    record_words(actor=SETUP, contact_id=one.id, words=yes, heard=Heard("said so on the phone"))
    assert may(one.id, "email", "newsletter", now()).allowed


def test_M3_the_links_of_a_record_that_was_merged_are_good_for_whom_it_became():
    gone, kept = person(1), person(2)
    link = url("unsubscribe", gone.id, "email", "newsletter")
    merge_contacts(actor=SETUP, winner_id=kept.id, loser_id=gone.id)
    assert masked("p2@firm.example") in Client().get(link).content.decode()
    Client().post(link)
    assert may(kept.id, "email", "newsletter", now()).code == "refused"


@pytest.mark.parametrize("change", [lambda t: t[:-3] + "abc", lambda t: t[3:], lambda t: "nonsense", lambda t: t * 2])
def test_a_link_that_is_not_ours_opens_nothing(change):
    one = person()
    token = Link("unsubscribe", one.id, "email", "").token
    assert str(one.id) not in token
    for method in ("get", "post"):
        assert getattr(Client(), method)(f"/unsubscribe/{change(token)}").status_code == 404
    assert Client().post(f"/preferences/{token}", {"stop": "all"}).status_code == 404  # good for one thing alone
    assert not Entry.objects.exists()


def test_the_browsers_signal_is_a_no_to_selling_and_sharing_and_never_said_twice():
    def call(number, header):
        body = {"userId": "u-1", "messageId": f"m{number}", "traits": {"email": "who@firm.example"}}
        reading = read_call("identify", json.dumps(body).encode(), key=KEY, at=now(), opted_out=header)
        keep_events(actor=INTAKE, calls=[Call(reading, KEY, now())])
        intake(now())

    call(1, header=False)
    one = Contact.objects.get(email="who@firm.example")
    assert not Entry.objects.exists()
    call(2, header=True)
    call(3, header=True)
    entry = Entry.objects.get()
    assert (entry.contact_id, entry.channel, entry.purpose, entry.state, entry.evidence) == (
        one.id, "data", "sale_or_sharing", "denied", {"header": "Sec-GPC: 1"},
    )  # fmt: skip


KEY = new_id()


def test_what_has_ended_is_entered_as_ended_and_the_past_stays():
    canadian = person(country="CA", region=None)
    begun = now() - timedelta(days=184)
    record_words(actor=SETUP, contact_id=canadian.id, words=[Word("email", "marketing", "granted", "implied_inquiry")],
                 heard=Heard("asked for a price", at=begun))  # fmt: skip
    entry = Entry.objects.get()
    assert (entry.expires_at - begun).days in range(181, 185)  # six months
    assert expire(actor=ENGINE, as_of=now()) == 1
    assert expire(actor=ENGINE, as_of=now()) == 0
    assert list(Entry.objects.order_by("recorded_at").values_list("state", flat=True)) == ["granted", "expired"]
    assert may(canadian.id, "email", "marketing", now()).code == "expired"
    assert FactInbox.objects.filter(kind="consent.recorded", properties__state="expired").count() == 1


@pytest.mark.parametrize(("address", "shown"), [("anna.lang@firm.co.uk", "a…g@f….uk"), ("x@y.de", "x…@y….de"),
                                                (None, "")])  # fmt: skip
def test_an_address_is_shown_so_that_its_owner_knows_it(address, shown):
    assert masked(address) == shown
