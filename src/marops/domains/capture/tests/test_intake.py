"""What the engine makes of events: people, trails of visitors, facts."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from django.db import transaction
from tests.nursery import one_soon

from marops.domains.capture.intake.calls import read
from marops.domains.capture.intake.keeping import INTAKE, Call, keep_events, keeper
from marops.domains.capture.intake.taking import set_aside, take_in
from marops.domains.capture.models import IntakeEvent, Trail
from marops.domains.capture.stages import forget, intake
from marops.domains.consent.models import Entry
from marops.domains.contacts.models import Contact, Identity
from marops.kernel import crash
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import ContactAlias, FactInbox, Problem, Touched, Workspace
from marops.kernel.personal import forget as forget_values

# Each batch is a transaction of its own, as in the engine.
pytestmark = pytest.mark.django_db(transaction=True)

KEY, START = UUID(int=7), datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
clock = count()


def send(call, **event):
    """One call, a second after the one before."""
    at = START + timedelta(seconds=next(clock))
    reading = read(call, json.dumps(event).encode(), key=KEY, at=at)
    assert not reading.refused
    keep_events(actor=INTAKE, calls=[Call(reading, KEY, at)])
    return reading.events[0].id


def done():
    return intake(now())


def page(path, **who):
    return send("page", properties={"url": f"https://x.example{path}"}, **who)


def identify(user=None, email=None, anonymous=None, **traits):
    event = {"userId": user, "anonymousId": anonymous, "traits": {"email": email, **traits}}
    return send("identify", **{name: value for name, value in event.items() if value})


def seen_by(contact):
    """The paths that a person looked at, as readers of facts resolve them."""
    aliases = set(ContactAlias.objects.filter(contact_id=contact.id).values_list("alias_id", flat=True))
    facts = FactInbox.objects.filter(contact_id__in=[contact.id, *aliases], kind="page.viewed").order_by("occurred_at")
    return [fact.properties["path"] for fact in facts]


def who(email):
    return Contact.objects.get(email=email)


def fate(event):
    return IntakeEvent.objects.get(id=event).fate


def test_an_anonymous_visitor_becomes_known_with_all_that_went_before():
    page("/pricing", anonymousId="b")
    page("/docs", anonymousId="b")
    assert done() == 2
    assert Contact.objects.count() == 0
    assert FactInbox.objects.values("contact_id").distinct().count() == 1
    identify("u1", "ada@x.example", "b", name="Ada Lind")
    page("/after", anonymousId="b")
    done()
    ada = who("ada@x.example")
    assert seen_by(ada) == ["/pricing", "/docs", "/after"]
    assert ada.full_name == "Ada Lind"
    assert ada.source == "website"
    assert set(ada.identities.values_list("kind", "system", "value")) == {
        ("external", "user_id", "u1"), ("email", "", "ada@x.example"),
    }  # fmt: skip
    assert Touched.objects.filter(contact_id=ada.id).exists()
    kinds = list(FactInbox.objects.filter(contact_id=ada.id).values_list("kind", flat=True))
    assert sorted(kinds) == ["lead.created", "visitor.known"]
    assert FactInbox.objects.get(kind="lead.created").properties == {"via": "intake"}


@pytest.mark.parametrize("together", [True, False])
def test_M4_a_shared_browser_never_joins_two_people(together):
    def pause():
        if not together:
            done()

    page("/one", anonymousId="shared")
    pause()
    identify("a", "a@x.example", "shared")
    pause()
    page("/two", anonymousId="shared")
    pause()
    identify("b", "b@x.example", "shared")
    pause()
    page("/three", anonymousId="shared")
    pause()
    identify("a", "a@x.example", "shared")
    page("/four", anonymousId="shared")
    done()
    assert Contact.objects.count() == 2
    assert seen_by(who("a@x.example")) == ["/one", "/two", "/four"]
    assert seen_by(who("b@x.example")) == ["/three"]
    people = set(Contact.objects.values_list("id", flat=True))
    assert not people & set(ContactAlias.objects.values_list("alias_id", flat=True))
    assert Trail.objects.filter(ended_at__isnull=True).count() == 1


def test_M4_alias_never_joins_two_people():
    identify("a", "a@x.example", "browser-a")
    identify("b", "b@x.example")
    refused = [send("alias", previousId="browser-a", userId="b"), send("alias", previousId="a", userId="b"),
               send("alias", previousId="nobody", userId="stranger")]  # fmt: skip
    page("/x", anonymousId="browser-c")
    kept = send("alias", previousId="browser-c", userId="b")
    done()
    assert [fate(one) for one in refused] == ["alias-refused"] * 3
    assert fate(kept) == "person"
    assert seen_by(who("b@x.example")) == ["/x"]
    assert Contact.objects.count() == 2


def test_M4_a_shared_mailbox_names_somebody_only_with_a_name():
    alone = identify(None, "info@x.example", "m1")
    named = identify(None, "info@x.example", "m2", name="Ada Lind")
    identify(None, "info@x.example", "m3", name="Bo Ek")
    done()
    assert fate(alone) == "shared-mailbox"
    assert fate(named) == "person"
    assert set(Contact.objects.values_list("full_name", flat=True)) == {"Ada Lind", "Bo Ek"}


def test_M4_an_id_and_an_address_of_two_people_change_neither():
    identify("a", "a@x.example")
    identify("b", "b@x.example")
    done()
    clash = identify("a", "b@x.example", name="Somebody Else")
    done()
    assert fate(clash) == "conflict"
    assert Contact.objects.filter(full_name__isnull=False).count() == 0
    assert Identity.objects.filter(value="b@x.example").get().contact == who("b@x.example")


def test_contradictions_within_one_batch_are_told_apart_too():
    identify("a", "a@x.example")
    identify("b", "b@x.example")
    clash = identify("a", "b@x.example")
    done()
    assert Contact.objects.count() == 2
    assert fate(clash) == "conflict"


def test_a_person_who_says_more_and_more_is_one_row():
    identify("a", "a@x.example", firstName="Ada")
    identify("a", None, lastName="Lind", company={"name": "Nordvik GmbH"})
    identify("a", "ada@home.example", phone="+49 170 1234567")
    done()
    ada = Contact.objects.get()
    assert (ada.full_name, ada.company_name, ada.phone) == ("Ada Lind", "Nordvik GmbH", "+491701234567")
    assert ada.company.name == "Nordvik GmbH"
    assert {"a@x.example", "ada@home.example"} <= set(ada.identities.values_list("value", flat=True))
    identify("a", None, title="Head of Marketing")
    done()
    ada.refresh_from_db()
    assert (ada.job_title, ada.full_name) == ("Head of Marketing", "Ada Lind")
    assert FactInbox.objects.get(kind="lead.updated").properties["via"] == "intake"


def test_what_a_user_did_before_anybody_said_who_it_is_becomes_theirs():
    page("/early", userId="u9")
    done()
    assert Contact.objects.count() == 0
    identify("u9", "late@x.example")
    page("/late", userId="u9")
    done()
    assert seen_by(who("late@x.example")) == ["/early", "/late"]


def test_a_group_gives_a_known_person_a_company_and_makes_nobody():
    send("group", userId="nobody", groupId="g", traits={"name": "Ghost Ltd"})
    identify("a", "a@x.example")
    done()
    send("group", userId="a", groupId="g", traits={"name": "Nordvik GmbH", "industry": "Software"})
    done()
    assert Contact.objects.get().company.name == "Nordvik GmbH"


def test_U7_consent_is_never_read_from_traits():
    identify("a", "a@x.example", subscribed=True, consent="granted", newsletter="yes", emailOptIn=True)
    done()
    assert not Entry.objects.exists()


def test_a_repeat_is_kept_and_taken_once():
    for _ in range(2):
        send("track", userId="u", event="Signed Up", messageId="m-1")
    assert IntakeEvent.objects.count() == 1
    done()
    send("track", userId="u", event="Signed Up", messageId="m-1")
    assert done() == 0
    assert FactInbox.objects.filter(kind="web.tracked").count() == 1


def test_nothing_personal_stays_behind():
    identify("a", "ada@x.example", "b", name="Ada Lind", phone="+491701234567")
    send("track", userId="a", event="Called", properties={"email": "ada@x.example", "who": "Ada Lind"})
    done()
    rows = json.dumps([list(table.objects.values()) for table in (IntakeEvent, FactInbox, Trail)], default=str)
    for value in ("ada@x.example", "Ada", "1701234567"):
        assert value not in rows


def test_an_erasure_finds_what_waits_in_any_script():
    named = [identify("a", "a@x.example", name=name) for name in ("Jürgen Süßkind", "Ὑπατία \ud83d", "Otto Other")]
    with transaction.atomic():
        assert forget_values(["JÜRGEN SÜSSKIND", "Jürgen Süßkind", "Ὑπατία"]).rows == 2
    assert list(IntakeEvent.objects.values_list("id", flat=True)) == [named[2]]


_SENT = """
import django; django.setup()
from marops.domains.capture.tests.test_intake import some_calls
some_calls()
"""


def some_calls():
    """A visitor's calls, each under an id of its own: whoever is not sure that they arrived sends them again."""
    sent = [("page", {"properties": {"url": "https://x.example/a"}}), ("identify", {"userId": "k", "traits":
            {"email": "k@x.example"}}), ("track", {"event": "Signed Up"})]  # fmt: skip
    for number, (call, event) in enumerate(sent):
        body = json.dumps({"anonymousId": "kill", "messageId": f"k-{number}", **event}).encode()
        keeper.keep(Call(read(call, body, key=KEY, at=START), KEY, START))
    intake(now())


@pytest.mark.parametrize("point", one_soon(crash.points("intake."), crash.points("intake.")[0]))
def test_an_intake_killed_anywhere_loses_nothing_it_promised_and_does_nothing_twice(point):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "marops.site.settings", "MAROPS_CRASH": point}
    died = subprocess.run([sys.executable, "-c", _SENT], env=environment, capture_output=True, check=False)
    assert died.returncode == -9, died.stderr.decode()
    done()
    some_calls()
    assert sorted(IntakeEvent.objects.values_list("fate", flat=True)) == ["fact", "fact", "person"]
    assert (seen_by(who("k@x.example")), FactInbox.objects.filter(kind="web.tracked").count()) == (["/a"], 1)
    assert FactInbox.objects.filter(kind="lead.created").count() == 1


def test_an_event_that_cannot_be_written_does_not_hold_up_the_others():
    good = page("/x", anonymousId="b")
    bad = page("/y", anonymousId="c")
    IntakeEvent.objects.filter(id=good).update(payload="{", received_at=START - timedelta(days=1))
    done()
    assert (fate(good), fate(bad)) == ("not-understood", "fact")


def test_old_rows_are_forgotten():
    page("/x", anonymousId="b")
    done()
    forget(now() + timedelta(days=29))
    assert IntakeEvent.objects.exists()
    forget(now() + timedelta(days=31))
    assert not IntakeEvent.objects.exists()


def test_while_the_sample_company_is_in_nothing_real_is_kept():
    Workspace.objects.update_or_create(id=True, defaults={"sample": True})
    with pytest.raises(MaropsError) as refused:
        page("/x", anonymousId="b")
    assert refused.value.code == "sample-present"
    assert not IntakeEvent.objects.exists()


def test_an_inlet_that_fails_keeps_the_stages_from_nothing(monkeypatch, engine):
    page("/x", anonymousId="b")
    monkeypatch.setattr("marops.domains.capture.stages.take_in", lambda **_: 1 / 0)
    engine.one_turn()
    assert Problem.objects.get(resolved_at__isnull=True).key == "engine:inlet:intake"
    monkeypatch.undo()
    engine.one_turn()
    assert not Problem.objects.filter(resolved_at__isnull=True).exists()
    assert IntakeEvent.objects.get().fate == "fact"


def test_nothing_waits_nothing_happens():
    assert take_in(actor=ENGINE, as_of=now()) == 0
    assert set_aside(actor=ENGINE) == 0


def test_a_batch_that_the_database_refuses_is_cut_down_to_its_offender(monkeypatch):
    events = [page(f"/{number}", anonymousId="b") for number in range(3)]
    monkeypatch.setattr("marops.domains.capture.intake.taking.fact_of", lambda call, given: (
        "page.viewed", {"nul": "\0"} if given["properties"]["url"].endswith("/0") else {}))  # fmt: skip
    while done():
        pass
    assert [fate(one) for one in events] == ["not-understood", "fact", "fact"]
