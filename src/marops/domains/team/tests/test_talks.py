import json
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.cast import PEOPLE, ai_may

from marops.domains.team.actions.people import change_person
from marops.domains.team.actions.talks import add_topic, keep_talk, remove_topic, settle_topic, share_topic
from marops.domains.team.models import Assessment, Assignment, GrowthMove, GrowthPlan, OneToOne, Person, Talk, Topic
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.talks import changed, pair_with, since_of, talks_of, topics_of
from marops.kernel import clock
from marops.kernel.actors import SETUP
from marops.kernel.errors import MaropsError
from marops.kernel.models import AuditPayload
from marops.kernel.permissions import Scope
from marops.kernel.workspace import today

SECRET = "too much on this plate"


@pytest.fixture
def two(cast):
    boss = Person.objects.create(number=7201, name="Dylan Pryce", account_id=cast.dylan.id)
    mina = Person.objects.create(number=7202, name="Mina Costa", account_id=cast.mina.id, manager=boss)
    hanna = Person.objects.create(number=7203, name="Hanna Lindqvist", account_id=cast.hanna.id)
    Person.objects.filter(id=boss.id).update(manager=hanna)
    for name in ("vera", "ada"):
        Person.objects.create(number=7210 + len(name), name=name, account_id=cast.accounts[name].id)
    return boss, mina


@pytest.mark.django_db(transaction=True)
def test_only_the_two_ever_read_or_write_a_one_to_one(cast, two):
    boss, mina = two
    pair = {"manager_id": boss.id, "person_id": mina.id}
    keep_talk(actor=cast.actor("dylan"), on=today(), says=SECRET, **pair)
    topic = add_topic(actor=cast.actor("mina"), says=f"{SECRET} twice", **pair)
    private = add_topic(actor=cast.actor("mina"), says=f"{SECRET} alone", own=True, **pair)
    row = OneToOne.objects.get()
    for name in set(PEOPLE) - {"dylan", "mina"}:
        for ref in (mina.ref, boss.ref):
            page = cast.client(name).get(f"/team/talks/{ref}")
            own = name == "hanna" and ref == boss.ref  # she leads Dylan: theirs is another
            assert page.status_code in ((200,) if own else (403, 404)), name
            assert SECRET not in page.content.decode()
        actor, policy = cast.actor(name), Policy.of(cast.actor(name))
        for read in (talks_of, topics_of):
            with pytest.raises(MaropsError):
                read(policy, row)
        for write in (
            lambda actor: keep_talk(actor=actor, on=today(), says="x", **pair),
            lambda actor: add_topic(actor=actor, says="x", **pair),
            lambda actor: settle_topic(actor=actor, topic_id=topic.id),
        ):
            with pytest.raises(MaropsError):
                write(actor)
        assert not changed(policy, pair_of(cast, mina), []).done
    with ai_may({"team.view": Scope.ALL, "team.manage": Scope.ALL}), pytest.raises(MaropsError):
        talks_of(Policy.of(cast.ai("dylan")), row)
    with pytest.raises(MaropsError):
        talks_of(Policy.of(SETUP), row)
    theirs = cast.client("dylan").get(f"/team/talks/{mina.ref}").content.decode()
    assert f"{SECRET} twice" in theirs
    assert f"{SECRET} alone" not in theirs
    assert f"{SECRET} alone" in cast.client("mina").get(f"/team/talks/{boss.ref}").content.decode()
    with pytest.raises(MaropsError):
        settle_topic(actor=cast.actor("dylan"), topic_id=private.id)
    with pytest.raises(MaropsError):
        remove_topic(actor=cast.actor("dylan"), topic_id=topic.id)
    share_topic(actor=cast.actor("mina"), topic_id=private.id)
    assert f"{SECRET} alone" in cast.client("dylan").get(f"/team/talks/{mina.ref}").content.decode()
    assert SECRET not in json.dumps(list(AuditPayload.objects.values_list("payload", flat=True)))
    for name in ("ada", "vera", "hanna"):
        assert SECRET not in cast.client(name).get("/search?q=plate").content.decode()
        assert SECRET not in cast.client(name).get(f"/team/people/{mina.ref}").content.decode()


def pair_of(cast, mina):
    return pair_with(Policy.of(cast.actor("dylan")), mina.ref)


@pytest.mark.django_db(transaction=True)
def test_talks_stay_with_the_two_when_the_manager_changes(cast, two):
    boss, mina = two
    pair = {"manager_id": boss.id, "person_id": mina.id}
    keep_talk(actor=cast.actor("dylan"), on=today(), says=SECRET, **pair)
    topic = add_topic(actor=cast.actor("mina"), says="to be settled", **pair)
    hanna = Person.objects.get(account_id=cast.hanna.id)
    change_person(actor=SETUP, person_id=mina.id, manager_id=hanna.id)
    Assignment.objects.create(
        number=7201, title="Done for Hanna", person=mina, asked_by="x", state="done", ended_at=clock.now()
    )
    page = cast.client("dylan").get(f"/team/talks/{mina.ref}").content.decode()
    assert SECRET in page
    assert "Done for Hanna" not in page
    assert SECRET not in cast.client("hanna").get(f"/team/talks/{mina.ref}").content.decode()
    assert "Talked about" not in page
    for write in (
        lambda: keep_talk(actor=cast.actor("dylan"), on=today(), says="more", **pair),
        lambda: settle_topic(actor=cast.actor("mina"), topic_id=topic.id),
        lambda: remove_topic(actor=cast.actor("mina"), topic_id=topic.id),
    ):
        with pytest.raises(MaropsError, match="report to each other"):
            write()


@pytest.mark.django_db
def test_a_day_to_come_and_a_private_agreement_are_refused(cast, two):
    _boss, mina = two
    client = cast.client("dylan")
    late = client.post(f"/team/talks/{mina.ref}", {"on": (today() + timedelta(days=1)).isoformat(), "says": "x"})
    both = client.post(f"/team/talks/{mina.ref}", {"kind": "agreed", "own": "on", "says": "x"})
    assert (late.status_code, both.status_code) == (422, 422)
    assert not Talk.objects.exists()
    assert not Topic.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_notes_are_replaced_only_by_somebody_who_saw_them(cast, two):
    boss, mina = two
    his, hers = cast.client("dylan"), cast.client("mina")
    day = today().isoformat()
    his.post(f"/team/talks/{mina.ref}", {"on": day, "says": "his words"})
    for words in ("her words", ""):
        page = hers.post(f"/team/talks/{boss.ref}", {"on": day, "says": words})
        assert page.status_code == 422
    assert Talk.objects.get().says == "his words"
    merged = hers.post(f"/team/talks/{boss.ref}", {"on": day, "says": "her words"}).context["talk_form"]
    assert "\n".join(merged["says"].value().split("\n\n")) == "his words\nher words"
    both = {"on": day, "says": merged["says"].value(), "seen": merged["seen"].value()}
    assert hers.post(f"/team/talks/{boss.ref}", both).status_code == 302
    assert "her words" in Talk.objects.get().says
    assert his.get(f"/team/talks/{mina.ref}").context["talk_form"]["says"].value() == Talk.objects.get().says
    assert hers.post(f"/team/talks/{boss.ref}", {"on": "1900-01-01", "says": "x"}).status_code == 422
    talk_id = Talk.objects.get().id
    assert his.post(f"/team/talks/kept/{talk_id}").status_code == 404
    assert hers.post(f"/team/talks/kept/{talk_id}").status_code == 302
    assert not Talk.objects.exists()


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def talk(on, at):
    return Talk(on=on, at=at)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kept", "since"),
    [
        ([], NOW - timedelta(days=30)),
        ([talk(date(2026, 11, 18), datetime(2026, 11, 18, 10, tzinfo=UTC))], datetime(2026, 11, 18, 10, tzinfo=UTC)),
        ([talk(date(2026, 11, 16), datetime(2026, 11, 18, 10, tzinfo=UTC))], datetime(2026, 11, 17, tzinfo=UTC)),
        (
            [
                talk(date(2026, 11, 2), datetime(2026, 11, 19, 9, tzinfo=UTC)),
                talk(date(2026, 11, 16), datetime(2026, 11, 16, 9, tzinfo=UTC)),
            ],
            datetime(2026, 11, 16, 9, tzinfo=UTC),
        ),
    ],
)
def test_what_is_new_is_counted_from_the_last_talk(kept, since):
    assert since_of(kept, NOW) == since


@pytest.mark.django_db
def test_what_changed_lies_within_the_window_and_shared_moves_alone(cast, two):
    boss, mina = two
    at, since = NOW, datetime(2026, 11, 10, 9, tzinfo=UTC)
    for number, (title, ended) in enumerate(
        [("before", since - timedelta(hours=1)), ("in it", since), ("at its end", at)]
    ):
        Assignment.objects.create(
            number=7300 + number, title=title, person=mina, asked_by="x", state="done", ended_at=ended
        )
    Assignment.objects.create(number=7310, title="late", person=mina, asked_by="x", due=date(2026, 11, 19))
    Assignment.objects.create(number=7311, title="today", person=mina, asked_by="x", due=date(2026, 11, 20))
    for by, level, when in (
        ("self", 2, since),
        ("manager", 1, since + timedelta(hours=1)),
        ("self", 1, since - timedelta(1)),
    ):
        Assessment.objects.create(person=mina, skill="lead-scoring", level=level, by=by, made_by="x", at=when)
    plan = GrowthPlan.objects.create(person=mina, seen_by="mentor")
    GrowthMove.objects.create(plan=plan, says="Draw a score", done_on=date(2026, 11, 12))
    kept = [talk(date(2026, 11, 10), since)]
    for who, other in (("dylan", mina), ("mina", boss)):
        policy = Policy.of(cast.actor(who))
        found = changed(policy, pair_with(policy, other.ref), kept, at)
        assert [one.title for one in found.done] == ["in it"]
        assert [one.title for one in found.late] == ["late"]
        assert {(one.by, one.level) for one in found.assessed} == {("self", 2), ("manager", 1)}
        assert found.moves == []
    GrowthPlan.objects.update(seen_by="manager", manager=mina.manager)
    policy = Policy.of(cast.actor("dylan"))
    assert [one.says for one in changed(policy, pair_with(policy, mina.ref), kept, at).moves] == ["Draw a score"]
