from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from tests.cast import AI_USE, Cast, ai_may

from marops.domains.consent.models import State
from marops.domains.contacts.models import Contact
from marops.domains.policy.actions.policies import keep_table
from marops.domains.policy.actions.switches import go_on, stop
from marops.domains.policy.models import AiAct, AiSwitch
from marops.domains.policy.queries import policies
from marops.domains.policy.queries.uses import rights_of_use
from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.document import AiPolicy
from marops.domains.policy.rules.domain import ACTION, SHAPE
from marops.domains.policy.rules.effects import ACTION_OF, NEVER
from marops.domains.policy.rules.table import Table
from marops.domains.policy.rules.tables import rules_digest
from marops.domains.policy.tests.policies import hold, rule
from marops.domains.policy.writing import OBJECT, act_digest
from marops.kernel import actions, definitions, gates
from marops.kernel.actions import _run
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import AuditPayload, AuditRow, Definition
from marops.kernel.permissions import Scope, rights

DRAFTS = 'permit (principal, action == Action::"draft", resource) when { context.autonomy <= 2 };'
USE = {
    "title": "Draft definitions", "owner": "priya", "actions": ["draft"], "content": ["records"],
    "audience": ["colleagues"], "data": ["internal"], "model": {"vendor": "Ours", "name": "small", "hosting": "own"},
    "autonomy": 2, "rights": ["definitions.change", "definitions.activate", "leads.assign"],
}  # fmt: skip


def in_force(kind: str, slug: str, document: dict[str, Any]) -> Definition:
    """A definition in force, as if somebody had put it there."""
    version = Definition.objects.filter(kind=kind, slug=slug).count() + 1
    Definition.objects.filter(kind=kind, slug=slug, state="active").update(state="retired")
    kept = definitions.checked(kind, document)
    return Definition.objects.create(
        kind=kind, slug=slug, version=version, document=kept, schema_version=1, sha256=definitions.digest(kept),
        author="test", state="active",
    )  # fmt: skip


def policy(*cedar: str) -> None:
    rules = [rule(f"R{number}", text).model_dump() for number, text in enumerate(cedar)]
    in_force(policies.KIND, policies.SLUG, {"title": "A policy", "rules": rules})


def use(**other: Any) -> None:
    in_force("ai_use", AI_USE.lower(), USE | other)


@pytest.fixture
def ai(cast: Cast) -> Any:

    from marops.domains.accounts.public import ai_rights_come_from

    ai_rights_come_from(rights_of_use)
    yield replace(cast.ai("priya"), ai_use=AI_USE.lower())
    ai_rights_come_from(lambda _: {})


def draft(actor: Any) -> Definition:
    document = {"title": "Weekdays", "hours": {"mon": [["09:00", "17:00"]]}}
    return definitions.draft(actor=actor, kind="calendar", slug="weekdays", document=document)


def test_every_effect_of_the_house_has_a_word_in_the_policy() -> None:
    effects = {one.effect for name, one in actions.actions().items() if not name.startswith("test")}
    assert effects - set(ACTION_OF) - NEVER == set()


# What actions are described by, so that the gate can look at what they are about.
GIVEN = {
    "definition.draft": {"kind": "calendar", "slug": "weekdays", "document": {}},
    **{f"definition.{name}": {"ref": "calendar/weekdays"} for name in ("submit", "activate", "retire")},
    "quality.fix": {
        "proposal": SimpleNamespace(sql=lambda _: ("SELECT NULL AS skipped", {}), definition=SimpleNamespace(slug="x"))
    },
}


@pytest.mark.django_db
def test_no_action_passes_by_the_gate(cast: Cast) -> None:
    every = dict.fromkeys(rights(), Scope.ALL)
    in_force("calendar", "weekdays", {"title": "Weekdays", "hours": {"mon": [["09:00", "17:00"]]}})
    passed = []
    with ai_may(every):
        for name, info in actions.actions().items():
            with pytest.raises(MaropsError) as refused:
                _run(info, info.function, (), {"actor": cast.ai("ada"), **GIVEN.get(name, {})})
            if refused.value.code != "gate-refused" or "ai-policy" not in refused.value.extra["gates"]:
                passed.append(name)
    assert passed == []


@pytest.mark.django_db
def test_an_ai_does_what_the_register_and_the_policy_allow_and_the_trail_says_so(ai: Any) -> None:
    policy(DRAFTS)
    use()
    assert draft(ai).author == "assistant"
    (row,) = AiAct.objects.all()
    assert (row.verdict, row.term, row.action, row.use, row.rules) == (
        "yes",
        "draft",
        "definition.draft",
        "u-07",
        ["R0"],
    )
    kept = AuditRow.objects.get(object_type=OBJECT)
    assert kept.object_id == str(row.id)
    assert AuditPayload.objects.get(audit_id=kept.id).payload == {"sha256": act_digest(row)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("no register", "not in the register"),
        ("no policy", "No policy is in force"),
        ("other use", "does not name “draft”"),
        ("overdue", "should have been looked at"),
        ("no rule", "No rule of the policy allows it"),
        ("gate", "It needs one reviewer"),
        ("forbidden", "R1"),
    ],
)
def test_what_is_refused_says_why_and_is_kept(ai: Any, case: str, said: str) -> None:
    if case != "no policy":
        second = "forbid (principal, action, resource) when { context.reversible };"
        first = {
            "no rule": 'permit (principal, action == Action::"send", resource);',
            "gate": 'permit (principal, action == Action::"draft", resource) when { context.review >= 1 };',
        }.get(case, DRAFTS)
        policy(*([first, second] if case == "forbidden" else [first]))
    if case != "no register":
        use(
            **{"other use": {"actions": ["score"]}, "overdue": {"review_by": date(2020, 1, 1).isoformat()}}.get(
                case, {}
            )
        )
    with pytest.raises(MaropsError) as refused:
        ask(ai)
    assert refused.value.code == "gate-refused"
    assert said in str(refused.value)
    (row,) = AiAct.objects.all()
    assert row.verdict == ("waits" if case == "gate" else "no")
    assert not Definition.objects.filter(kind="calendar", slug="weekdays").exists()


def ask(actor: Any) -> None:
    """The gate alone: without a register nobody has rights, and they are asked for first."""
    gates.ask_all(gates.Question("definition.draft", "draft", actor, GIVEN["definition.draft"], reversible=True))


@pytest.mark.django_db
def test_a_kill_switch_stops_one_use_or_all_at_once(cast: Cast, ai: Any) -> None:
    policy(DRAFTS)
    use()
    for named in ("u-07", ""):
        stop(actor=cast.actor("hanna"), use=named, why="it wrote nonsense")
        with pytest.raises(MaropsError, match="it wrote nonsense"):
            draft(ai)
        go_on(actor=cast.actor("hanna"), use=named)
    assert draft(ai)
    assert list(AiAct.objects.order_by("at").values_list("verdict", flat=True)) == ["no", "no", "yes"]


@pytest.mark.django_db
def test_an_ai_never_approves_and_never_has_more_rights_than_its_person(cast: Cast, ai: Any) -> None:
    policy("permit (principal, action, resource);")
    use(actions=["draft", "publish"])
    row = draft(ai)
    definitions.submit(actor=ai, ref=row.pinned)
    with pytest.raises(MaropsError) as refused:
        definitions.send_back(actor=ai, ref=row.pinned, comment="no")
    assert "approves nothing" in str(refused.value)

    of_lena = replace(ai, on_behalf_of=str(cast.lena.id))
    with pytest.raises(MaropsError) as without:
        definitions.activate(actor=of_lena, ref=row.pinned)
    assert without.value.code == "not-allowed"


@pytest.mark.django_db
@pytest.mark.parametrize(("readers", "needed"), [(0, 1), (1, 1), (2, 2)])
def test_what_an_ai_wrote_is_put_in_force_by_as_many_people_as_the_rules_ask(
    cast: Cast, ai: Any, readers: int, needed: int
) -> None:
    policy(DRAFTS, f'permit (principal, action == Action::"publish", resource) when {{ context.review >= {readers} }};')
    use()
    row = draft(ai)
    review = definitions.submit(actor=ai, ref=row.pinned)
    assert (row.ai_use, review.needed) == ("u-07", needed)
    if needed > 1:
        with pytest.raises(MaropsError) as early:
            definitions.activate(actor=cast.actor("hanna"), ref=row.pinned)
        assert early.value.code == "more-eyes"
        definitions.approve(actor=cast.actor("vera"), ref=row.pinned)
        with pytest.raises(MaropsError):
            definitions.activate(actor=cast.actor("vera"), ref=row.pinned)
    assert definitions.activate(actor=cast.actor("hanna"), ref=row.pinned).state == "active"


@pytest.mark.django_db
def test_an_edit_voids_what_was_approved(cast: Cast, ai: Any) -> None:
    policy(DRAFTS, 'permit (principal, action == Action::"publish", resource) when { context.review >= 2 };')
    use()
    definitions.submit(actor=ai, ref=draft(ai).pinned)
    definitions.approve(actor=cast.actor("vera"), ref="calendar/weekdays@1")
    document = {"title": "Weekdays", "hours": {"mon": [["08:00", "12:00"]]}}
    later = definitions.draft(actor=ai, kind="calendar", slug="weekdays", document=document)
    with pytest.raises(MaropsError) as early:
        definitions.activate(actor=cast.actor("hanna"), ref=later.pinned)
    assert "0 did so far" in str(early.value)


@pytest.mark.django_db
def test_a_day_has_a_limit(ai: Any) -> None:
    policy(DRAFTS)
    use(reach={"records": 10})
    with described(lambda given: gates.About(records=given["records"])):
        for records, passes in ((6, True), (5, False), (4, True), (1, False)):
            question = gates.Question("test.many", "draft", ai, {"records": records})
            answer = gates._GATES["ai-policy"][0](question)
            assert answer.allowed == passes, answer.reasons
            answer.keep()


@pytest.mark.django_db
def test_a_limit_of_the_policy_is_the_companys_and_one_of_the_register_the_uses(ai: Any) -> None:
    policy(DRAFTS, "forbid (principal, action, resource) when { context.recipients_today + context.recipients > 10 };")
    use(reach={"recipients": 8})
    in_force("ai_use", "u-08", USE | {"reach": {"recipients": 8}})
    other = replace(ai, ai_use="u-08")
    with described(lambda given: gates.About(recipients=given["recipients"])):
        for actor, people, passes in ((ai, 7, True), (ai, 2, False), (other, 4, False), (other, 3, True)):
            question = gates.Question("test.many", "draft", actor, {"recipients": people})
            answer = gates._GATES["ai-policy"][0](question)
            assert answer.allowed == passes, answer.reasons
            answer.keep()


@pytest.mark.django_db
@pytest.mark.parametrize(("purpose", "said", "passes"), [
    ("newsletter", ["granted", "granted"], True), ("newsletter", ["granted", "unsubscribed"], False),
    ("newsletter", ["granted", None], False), ("", ["granted", "granted"], True),
    ("no such purpose", ["granted", "granted"], False),
])  # fmt: skip
def test_whether_everybody_reached_agreed_is_looked_up_for_the_purpose_of_the_use(
    ai: Any, purpose: str, said: list[str | None], passes: bool
) -> None:
    people = [Contact.objects.create(number=number, country="DE") for number in range(len(said))]
    for person, state in zip(people, said, strict=True):
        if state:
            State.objects.create(contact=person, channel="email", purpose="marketing", state=state, entry_id=uuid4(),
                                 at=now())  # fmt: skip
    policy("permit (principal, action, resource);", "forbid (principal, action, resource) when { !context.consented };")
    use(actions=["send"], reach={"recipients": 9}, consent_purpose=purpose)
    reached = [person.id for person in people]
    with described(lambda given: gates.About(recipients=len(reached), records=1, reaches=reached)):
        answer = gates._GATES["ai-policy"][0](gates.Question("test.many", "send", ai, {}))
        assert answer.allowed == passes, answer.reasons


@pytest.mark.django_db
@pytest.mark.parametrize(("consented", "passes"), [(None, False), (False, False), (True, True)])
def test_nobody_is_written_to_whose_consent_nobody_looked_up(ai: Any, consented: bool | None, passes: bool) -> None:
    policy("permit (principal, action, resource);", "forbid (principal, action, resource) when { !context.consented };")
    use(actions=["send"], reach={"recipients": 9})
    with described(lambda given: gates.About(recipients=3, records=1, consented=consented)):
        answer = gates._GATES["ai-policy"][0](gates.Question("test.many", "send", ai, {}))
        assert answer.allowed == passes, answer.reasons
    undescribed = gates._GATES["ai-policy"][0](gates.Question("test.letter", "send", ai, {}))
    assert not undescribed.allowed


@pytest.mark.django_db
def test_a_yes_to_a_version_is_good_for_putting_it_in_force_and_nothing_else(cast: Cast, ai: Any) -> None:
    policy(DRAFTS, 'permit (principal, action == Action::"publish", resource) when { context.review >= 1 };')
    use(actions=["draft", "publish"])
    document = {"title": "Weekdays", "hours": {"mon": [["09:00", "17:00"]]}}
    row = definitions.draft(actor=cast.actor("hanna"), kind="calendar", slug="weekdays", document=document)
    definitions.submit(actor=cast.actor("hanna"), ref=row.pinned)
    definitions.approve(actor=cast.actor("vera"), ref=row.pinned)
    twin = definitions.draft(actor=ai, kind="calendar", slug="weekends", document=document)
    for refused in (
        lambda: definitions.activate(actor=ai, ref=twin.pinned), lambda: definitions.retire(actor=ai, ref=row.pinned),
    ):  # fmt: skip
        with pytest.raises(MaropsError, match="It needs one reviewer"):
            refused()
    assert definitions.activate(actor=ai, ref=row.pinned).state == "active"
    with pytest.raises(MaropsError, match="It needs one reviewer"):
        definitions.retire(actor=ai, ref=row.pinned)


@pytest.mark.django_db
def test_nobody_is_the_second_pair_of_eyes_for_what_their_own_ai_wrote(cast: Cast, ai: Any) -> None:
    policy(DRAFTS, 'permit (principal, action == Action::"publish", resource) when { context.review >= 1 };')
    use()
    kind = next(name for name, one in definitions.kinds().items() if one.four_eyes)
    row = definitions.draft(actor=ai, kind="calendar", slug="w", document={"title": "W", "hours": {}})
    assert row.on_behalf_of == str(cast.priya.id)
    row.kind = kind
    assert definitions.needs_other_eyes(row, cast.actor("priya"))
    assert not definitions.needs_other_eyes(row, cast.actor("vera"))


@pytest.mark.django_db
@pytest.mark.parametrize("subject", ["a\0b", "half \ud83d", "x" * 100_000])
def test_no_refusal_is_lost_for_what_the_ai_put_into_it(ai: Any, subject: str) -> None:
    use(actions=["send"])
    question = gates.Question("test.many", "draft", ai, {"tokens": 10**30, "cost": Decimal("1e30"), "prompt": subject})
    with described(lambda given: gates.About(subject=subject, records=10**30)), pytest.raises(MaropsError):
        gates.ask_all(question)
    assert AiAct.objects.get().verdict == "no"


@pytest.mark.django_db
def test_a_switch_thrown_while_an_act_begins_refuses_it_and_the_trail_says_so(cast: Cast, ai: Any) -> None:
    policy(DRAFTS)
    use()
    asked = gates._GATES["ai-policy"]

    def thrown_after_the_first_look(question: gates.Question) -> gates.Answer:
        answer = asked[0](question)
        gates._GATES["ai-policy"] = asked
        AiSwitch.objects.create(why="Wait.", thrown_by="x", thrown_at=now())
        return answer

    gates._GATES["ai-policy"] = (thrown_after_the_first_look, asked[1])
    with pytest.raises(MaropsError, match="Wait") as refused:
        draft(ai)
    assert refused.value.code == "gate-refused"
    assert list(AiAct.objects.values_list("verdict", flat=True)) == ["no"]
    assert not Definition.objects.filter(kind="calendar", slug="weekdays").exists()


@pytest.mark.django_db
def test_where_the_register_names_no_number_one_record_at_a_time(ai: Any) -> None:
    policy("permit (principal, action, resource);")
    use(actions=["route"], data=["contact"])
    for people, passes in ((1, True), (2, False)):
        given = {"contact_ids": [uuid4() for _ in range(people)], "queue": "inbound"}
        answer = gates._GATES["ai-policy"][0](
            gates.Question("lead.hand_over", "assign", ai, given, False, "leads.assign")
        )
        assert answer.allowed == passes, answer.reasons
    assert "one record at a time" in answer.reasons[0]


@pytest.mark.django_db
def test_an_act_on_people_is_about_their_data_whatever_the_register_says(ai: Any) -> None:
    policy("permit (principal, action, resource);")
    use(actions=["route"])
    question = gates.Question("lead.assign", "assign", ai, {"contact_id": uuid4()}, True, "leads.assign")
    answer = gates._GATES["ai-policy"][0](question)
    assert not answer.allowed
    assert "does not name “names and work data”" in answer.reasons[0]


@contextmanager
def described(about: Any) -> Iterator[None]:
    gates.describe("test.many", about)
    yield
    del gates._ABOUT["test.many"]


@pytest.mark.django_db
def test_a_policy_that_punishes_care_or_fails_its_check_is_not_put_in_force(cast: Cast) -> None:
    import numpy as np

    from marops.domains.policy.actions.policies import keep_policy

    bad = 'permit (principal, action == Action::"draft", resource) when { context.review == 0 };'
    asked = {"action": "send", "content": "words", "audience": "public", "data": "none", "autonomy": 2}
    document = {
        "title": "Bad", "rules": [rule("R0", bad).model_dump()],
        "checks": [{"says": "Sending", "ask": asked, "expect": "yes"}],
    }  # fmt: skip
    row = keep_policy(actor=cast.actor("hanna"), document=document)
    with pytest.raises(MaropsError) as early:
        definitions.activate(actor=cast.actor("vera"), ref=row.pinned)
    assert [one.code for one in early.value.errors] == ["not-decided"]
    rules = AiPolicy.model_validate(document).rules
    allowed = np.zeros(SHAPE, bool)
    allowed[0, :, :, :, 1:, 0] = True
    policy_of = Compiled(rules)
    holds = {name: allowed.ravel() if name == "R0" else ~allowed.ravel() for name in policy_of.ahead}
    table = Table(allowed.ravel(), holds, policy_of.permits)
    keep_table(actor=SETUP, digest=rules_digest(rules), table=table, seconds=0.1)
    with pytest.raises(MaropsError) as late:
        definitions.activate(actor=cast.actor("vera"), ref=row.pinned)
    assert [one.code for one in late.value.errors] == ["law-review", "check"]


WEEK = {"title": "Weekdays", "hours": {"mon": [["09:00", "17:00"]]}}


@pytest.mark.django_db
def test_what_an_ai_keeps_stays_a_draft_whatever_the_act_is_called(ai: Any) -> None:
    policy("permit (principal, action, resource);")
    use(actions=["draft", "publish"])
    with pytest.raises(MaropsError, match="leaves a draft of calendar/weekdays") as refused:
        hold(actor=ai, document=WEEK)
    assert refused.value.code == "gate-refused"
    assert not Definition.objects.filter(kind="calendar").exists()


@pytest.mark.django_db
def test_what_an_ai_wrote_needs_its_readers_however_a_person_puts_it_in_force(cast: Cast, ai: Any) -> None:
    policy(DRAFTS, 'permit (principal, action == Action::"publish", resource) when { context.review >= 2 };')
    use()
    row = draft(replace(ai, on_behalf_of=str(cast.hanna.id)))
    for person in ("hanna", "priya"):
        with pytest.raises(MaropsError) as early:
            hold(actor=cast.actor(person), document=WEEK)  # the same document is the version that the AI wrote
        assert early.value.code == "more-eyes"
    definitions.approve(actor=cast.actor("vera"), ref=row.pinned)
    with pytest.raises(MaropsError, match="1 did so far"):  # it was written for her: her word is not the second
        definitions.activate(actor=cast.actor("hanna"), ref=row.pinned)
    assert definitions.activate(actor=cast.actor("priya"), ref=row.pinned).state == "active"


@pytest.mark.django_db
def test_the_readers_of_the_register_bind_acts_and_versions_too(cast: Cast, ai: Any) -> None:
    policy("permit (principal, action, resource);")
    use(actions=["draft", "publish"], review={"needed": 2, "roles": ["mops_manager", "vp_mops"]})
    row = draft(ai)
    with pytest.raises(MaropsError, match="The register asks for two reviewers") as refused:
        definitions.activate(actor=ai, ref=row.pinned)
    assert refused.value.extra["told"]["ai-policy"]["missing"] == {"review": 2, "disclosed": False}
    assert definitions.approvals_needed(row) == 2
    with pytest.raises(MaropsError, match="names who reads") as barred:
        definitions.approve(actor=cast.actor("priya"), ref=row.pinned)
    assert barred.value.code == "not-allowed"
    for person in ("hanna", "vera"):
        definitions.approve(actor=cast.actor(person), ref=row.pinned)
    assert definitions.activate(actor=ai, ref=row.pinned).state == "active"
    assert AiAct.objects.filter(action="definition.activate", verdict="waits").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("when", ["sample", "after"])
def test_who_reads_afterwards_stops_nothing_before(ai: Any, when: str) -> None:
    policy("permit (principal, action, resource);")
    use(actions=["draft", "publish"], review={"needed": 2, "when": when})
    assert definitions.activate(actor=ai, ref=draft(ai).pinned).state == "active"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "effect", "right"),
    [("definition.start", "set_up", None), ("workspace.set_up", "change", "workspace.set_up"),
     ("account.give_roles", "change", "accounts.manage"), ("ai.go_on", "change", "ai.stop")],
)  # fmt: skip
def test_who_may_do_what_here_is_for_people_alone(ai: Any, name: str, effect: str, right: str | None) -> None:
    policy("permit (principal, action, resource);")
    use(actions=list(ACTION.values), content=["records"], rights=[right] if right else [])
    info = actions.actions()[name]
    assert (info.effect, info.right) == (effect, right)
    answer = gates._GATES["ai-policy"][0](gates.Question(name, effect, ai, {}, right=right))
    assert (answer.allowed, answer.reasons) == (
        False, ("How this workspace is set up, and who may do what in it, is for people alone.",)
    )  # fmt: skip
