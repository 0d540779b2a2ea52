from datetime import UTC, datetime

import pytest

from marops.domains.contacts.public import Contact, Identity, find_contact
from marops.domains.register.public import Queue, ensure_queue
from marops.domains.routing.actions import assign_lead
from marops.domains.routing.models import Assignment
from marops.domains.routing.public import LeadFilter, lead_page, lead_story
from marops.kernel import facts
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import activate, draft
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox

pytestmark = pytest.mark.django_db(transaction=True)


def _contacts(*countries: str | None) -> list[Contact]:
    made = [Contact.objects.create(id=new_id(), number=n, country=c) for n, c in enumerate(countries, start=1)]
    facts.touch([one.id for one in made], datetime.now(UTC))
    return made


def _nordic_route() -> None:
    ensure_queue(actor=ENGINE, slug="nordics", name="Nordics")
    rule = {"name": "nordics", "label": "Nordic countries", "when": {"field": "contact.country", "in": ["NO", "SE"]}}
    document = {"title": "Main", "rules": [rule | {"queue": "nordics"}]}
    activate(actor=ENGINE, ref=draft(actor=ENGINE, kind="route", slug="main", document=document).pinned)


def _queue(contact: Contact) -> str:
    return Assignment.objects.get(contact_id=contact.id).queue.slug


def test_without_rules_every_lead_goes_to_the_fallback_queue(run_stages, starters):
    made = _contacts("NO", None)
    run_stages()
    assert {_queue(one) for one in made} == {"unassigned-leads"}
    assert Queue.objects.get(fallback=True).name == "Unassigned leads"
    assert FactInbox.objects.filter(kind="lead.routed").count() == 2


def test_the_first_rule_that_holds_decides_and_the_rest_is_kept_as_weighed(run_stages, starters):
    _nordic_route()
    norway, spain = _contacts("NO", "ES")
    run_stages()
    assert (_queue(norway), _queue(spain)) == ("nordics", "unassigned-leads")
    told = lead_story(norway.id, ENGINE)["routing"]
    assert told["why"] == "The rule “Nordic countries” was the first that matched."
    assert [rule["result"] for rule in told["rules"]] == ["matched"]
    assert [rule["result"] for rule in lead_story(spain.id, ENGINE)["routing"]["rules"]] == ["not matched"]


def test_R3_an_owned_lead_keeps_its_owner(run_stages, starters):
    (one,) = _contacts("NO")
    run_stages()
    _nordic_route()
    facts.touch([one.id], datetime.now(UTC))
    run_stages()
    assert _queue(one) == "unassigned-leads"


def test_R5_a_queue_that_is_gone_becomes_the_fallback_and_the_reason_says_so(run_stages, starters):
    _nordic_route()
    Queue.objects.filter(slug="nordics").delete()
    (one,) = _contacts("NO")
    run_stages()
    assert _queue(one) == "unassigned-leads"
    assert "names the queue “nordics”, which was not there" in lead_story(one.id, ENGINE)["routing"]["why"]


def test_a_hand_over_stands_over_any_rule_and_is_told(run_stages, starters):
    (one,) = _contacts("NO")
    run_stages()
    ensure_queue(actor=ENGINE, slug="partners", name="Partners")
    assign_lead(actor=ENGINE, contact_id=one.id, queue="partners", reason="A partner brought it")
    run_stages()
    assert lead_story(one.id, ENGINE)["routing"]["why"] == "Handed over by hand: A partner brought it."


def test_the_story_has_every_section_filled(run_stages, starters):
    (one,) = _contacts("NO")
    run_stages()
    story = lead_story(one.id, ENGINE)
    assert {"quality", "score", "stage", "routing", "timeline"} <= set(story)
    assert all(story[section] for section in story)
    kinds = [entry["kind"] for entry in story["timeline"]]
    assert {"lead.scored", "lead.stage_changed", "lead.routed"} <= set(kinds)


def test_the_list_filters_sorts_counts_and_pages(run_stages, starters):
    _contacts("NO", "NO", "ES", None, "SE")
    run_stages()
    page = lead_page(ENGINE, LeadFilter(country="NO", owner="Unassigned leads"))
    assert [lead.ref for lead in page.items] == ["L-2", "L-1"]
    assert (page.total, page.next) == (2, None)
    first = lead_page(ENGINE, LeadFilter(sort="-newest"), limit=2)
    assert [lead.ref for lead in first.items] == ["L-5", "L-4"]
    assert (first.total, first.next) == (5, "2")


def test_an_owner_who_does_not_exist_is_refused(run_stages, starters):
    with pytest.raises(MaropsError, match="Nobody and no queue is called 'nobody'"):
        lead_page(ENGINE, LeadFilter(owner="nobody"))


@pytest.mark.parametrize(
    ("narrowed", "parameter"), [(LeadFilter(stage="bogus"), "stage"), (LeadFilter(grade="Z"), "grade")]
)
def test_a_filter_that_cannot_be_is_refused_by_its_own_name(run_stages, starters, narrowed, parameter):
    with pytest.raises(MaropsError) as refused:
        lead_page(ENGINE, narrowed)
    assert [fault.field for fault in refused.value.errors] == [parameter]
    assert next(iter(refused.value.errors)).remedy.startswith("Use ")


def test_an_address_names_nobody_to_those_who_may_not_see_addresses(run_stages, starters, cast):
    contact = Contact.objects.create(id=new_id(), number=1, email="max@conv.example")
    Identity.objects.create(contact=contact, kind="email", system="", value="max@conv.example")
    assert find_contact("max@conv.example", actor=cast.actor("hanna")) == contact
    with pytest.raises(MaropsError):
        find_contact("max@conv.example", actor=cast.actor("lena"))
    assert find_contact("L-1", actor=cast.actor("lena")) == contact
