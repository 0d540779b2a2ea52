"""For how long people are kept: whom a rule is about is what it does, within its limit, and what counts stays."""

from datetime import timedelta

import pytest

from marops.domains.consent.jobs import start_due_retention, start_retention
from marops.domains.consent.models import Restriction
from marops.domains.consent.queries.retention import preview
from marops.domains.consent.rules.retention import Retention
from marops.domains.contacts.models import Contact, Identity
from marops.domains.scoring.models import ContactStage
from marops.kernel import facts
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.definitions import digest
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.jobs import run_here
from marops.kernel.models import Definition, ErasedValue, FactInbox, Job
from marops.kernel.personal import LOG_NAME

pytestmark = pytest.mark.django_db(transaction=True)
LONG, LATELY = timedelta(days=1200), timedelta(days=30)


@pytest.fixture(autouse=True)
def _no_log():
    yield
    (config().home / LOG_NAME).unlink(missing_ok=True)


def person(number, heard, kind="page.viewed", country="DE", **more):
    at = now() - LONG
    one = Contact.objects.create(number=number, full_name=f"Quiet Person{number}", email=f"quiet{number}@firm.example",
                                 country=country, created_at=at, updated_at=at, source="webinar")  # fmt: skip
    Identity.objects.create(contact=one, kind="email", value=one.email)
    ContactStage.objects.create(contact=one, stage="lead", since=at, definition="lifecycle/main@1")
    moment = now() - heard
    facts.write([FactInbox(id=new_id(), kind=kind, occurred_at=moment, recorded_at=moment, contact_id=one.id,
                           actor_type="system", actor_id="t", properties=more)])  # fmt: skip
    return one


def rule(**more):
    document = Retention(title="Quiet", quiet_months=36, **more)
    kept = document.model_dump(mode="json", exclude_none=True)
    Definition.objects.create(kind="retention", slug="quiet", version=1, document=kept, schema_version=1,
                              sha256=digest(kept), author="t", state="active", valid_from=now())  # fmt: skip
    return document


def test_a_rule_is_about_the_quiet_and_keeps_whom_it_must(engine):
    quiet, ended = person(1, LONG), person(2, LATELY, "consent.recorded", state="expired")
    person(3, LATELY), person(4, LATELY, "consent.recorded", state="granted")
    limited = person(5, LONG)
    Restriction.objects.create(contact=limited, since=now(), actor_id="t")
    foreign = person(6, LONG, country="FR")
    Contact.objects.create(number=7, full_name="Came Lately", email="new@firm.example")
    found = preview(Retention(title="x", quiet_months=36), now())
    assert set(found.next) == {quiet.id, ended.id, foreign.id}  # that a yes ended is no sign of life
    assert (found.people, found.restricted) == (3, 1)
    german = preview(Retention(title="x", quiet_months=36, who={"field": "contact.country", "is": "DE"}), now())
    assert set(german.next) == {quiet.id, ended.id}
    one = preview(Retention(title="x", quiet_months=36, most=1), now())
    assert (one.people, len(one.next)) == (3, 1)


@pytest.mark.parametrize("then", ["anonymise", "erase"])
def test_what_is_let_go_tells_nobody_and_is_not_written_to_again(engine, then):
    quiet, heard = person(1, LONG), person(2, LATELY)
    rule(then=then)
    job = run_here(start_retention("quiet", actor=SETUP, here=True).id)
    assert (job.result["people"], job.result["left"]) == (1, 0)
    assert Contact.objects.get(id=heard.id).email == "quiet2@firm.example"
    assert not Identity.objects.filter(contact_id=quiet.id).exists()
    assert ErasedValue.objects.count() == 1
    kept = Contact.objects.filter(id=quiet.id).first()
    assert (kept is not None) == (then == "anonymise")
    if kept:
        assert (kept.full_name, kept.email, kept.search_text, kept.source, kept.country) == (
            None, None, "", "webinar", "DE",
        )  # fmt: skip
        assert ContactStage.objects.filter(contact=kept, stage="lead").exists()
        assert FactInbox.objects.filter(contact_id=kept.id, kind="page.viewed").exists()
        assert preview(Retention(title="x", quiet_months=36), now()).people == 0  # nothing is left to let go


def test_only_what_runs_by_itself_starts_with_the_day_and_only_holders_start_the_rest(engine, cast):
    rule(runs=False)
    assert start_due_retention() == 0
    Definition.objects.update(document={**Definition.objects.get().document, "runs": True})
    assert start_due_retention() == 1
    assert Job.objects.get().kind == "privacy.retain"
    with pytest.raises(MaropsError, match=r"contacts\.erase"):
        start_retention("quiet", actor=cast.actor("mina"))
