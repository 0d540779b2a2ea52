import pytest

from marops.kernel.facts import fact_kind
from marops.kernel.fields import (
    REGISTRY,
    Choice,
    FactKind,
    Field,
    FieldType,
    Gone,
    Membership,
    Registry,
    Relation,
    nearest,
)
from marops.store.predicate import Kind, Table


@pytest.fixture
def known() -> Registry:
    found = Registry()
    found.relation(Relation("contact", "contacts_contact"))
    return found


def name(label: str = "Name") -> Field:
    return Field("contact.name", label, FieldType.TEXT, "contact", "name")


def test_the_same_field_twice_is_fine_and_twice_differently_is_not(known: Registry) -> None:
    known.add(name())
    known.add(name())
    with pytest.raises(ValueError, match="registered twice"):
        known.add(name("Other"))


def test_a_field_needs_a_known_relation(known: Registry) -> None:
    with pytest.raises(ValueError, match="unknown relation"):
        known.add(Field("score.total", "Score", FieldType.NUMBER, "score", "total"))


@pytest.mark.parametrize("wrong", ["country", "Contact.country", "contact.", "contact country", ""])
def test_a_field_name_has_a_relation_and_a_name(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a field name"):
        Field(wrong, "x", FieldType.TEXT, "contact", "x")


def test_money_has_a_currency() -> None:
    with pytest.raises(ValueError, match="without a currency"):
        Field("contact.revenue", "Revenue", FieldType.MONEY, "contact", "revenue")


def test_provided_fields_are_looked_up_each_time(known: Registry) -> None:
    made: list[Field] = []
    known.provider(lambda: made)
    assert known.find_field("contact.custom.size") is None
    made.append(Field("contact.custom.size", "Size", FieldType.TEXT, "contact", "custom", ("size",)))
    found = known.find_field("contact.custom.size")
    assert found is not None
    assert found.label == "Size"
    assert list(known.fields()) == ["contact.custom.size"]


def test_choices_can_be_asked_for_each_time() -> None:
    made = [Choice("a")]
    field = Field("contact.channel", "Channel", FieldType.CHOICE, "contact", "channel", choices=lambda: made)
    made.append(Choice("b", "B"))
    assert [choice.value for choice in field.known_choices()] == ["a", "b"]


def test_kinds_of_facts_come_from_providers_and_declarations(known: Registry) -> None:
    known.fact_kinds_from(lambda: {"page.viewed": "viewed a page", "form.submitted": "x"})
    known.fact_kind(FactKind("form.submitted", "sent a form", {"value": FieldType.NUMBER}))
    kinds = known.fact_kinds()
    assert (kinds["page.viewed"].label, kinds["form.submitted"].label) == ("viewed a page", "sent a form")


def test_memberships_are_found_by_kind_and_slug(known: Registry) -> None:
    gone = Gone("was deleted")
    here = Membership("Customers", "segment_member", "contact_id", "segment", "customers")
    known.membership("segment", {"old": gone, "customers": here}.get)
    assert known.find_membership("segment/customers") == here
    assert known.find_membership("segment/old") == gone
    assert known.find_membership("segment/none") is None
    assert known.find_membership("segment") is None
    assert known.find_membership("list/customers") is None


def test_references_are_ids_unless_they_are_stored_as_text() -> None:
    field = Field("contact.owner", "Owner", FieldType.REFERENCE, "contact", "owner_id")
    assert field.kind is Kind.UUID
    text = Field("contact.by", "By", FieldType.REFERENCE, "contact", "by", stored_as_text=True)
    assert text.kind is Kind.CODE


def test_bindings_name_every_relation(known: Registry) -> None:
    known.relation(Relation("score", "scoring_score", key="contact_id", of="contact"))
    attached = known.bindings("duckdb")
    assert attached.relations == {"contact": "pg.public.contacts_contact", "score": "pg.public.scoring_score"}
    assert known.bindings("postgres", schema="").table("contact") == "contacts_contact"
    assert attached.base == Table("contact", "id")
    assert known.find_relation("score").base == "contact"


def test_the_nearest_name() -> None:
    assert nearest("contact.contry", ["contact.country", "contact.name"]) == "contact.country"
    assert nearest("zzz", ["contact.country"]) == ""


def test_the_product_knows_the_kinds_of_facts_that_are_recorded() -> None:
    fact_kind("test.happened", "something happened in a test")
    assert REGISTRY.fact_kinds()["test.happened"].label == "something happened in a test"
