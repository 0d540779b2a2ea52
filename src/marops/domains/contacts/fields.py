"""The standard fields of people and companies: their names, labels, types, and how a value of each is cleaned."""

from collections.abc import Iterator
from dataclasses import dataclass

from marops.domains.contacts.rules import countries
from marops.domains.contacts.rules.freshness import AGED
from marops.domains.contacts.rules.titles import FUNCTIONS, SENIORITIES
from marops.kernel.fields import REGISTRY, Choice, Field, FieldClass, FieldType, Gone, Membership, Relation

TEXT, INTEGER, NUMBER, BOOLEAN = FieldType.TEXT, FieldType.INTEGER, FieldType.NUMBER, FieldType.BOOLEAN
DATETIME, CHOICE, DATE = FieldType.DATETIME, FieldType.CHOICE, FieldType.DATE


@dataclass(frozen=True, slots=True)
class Standard:
    """A field that every workspace has. `clean` names how a value from outside is cleaned; empty: it is derived."""

    name: str
    label: str
    type: FieldType = TEXT
    clean: str = "text"
    personal: bool = False
    sortable: bool = False


CONTACT: tuple[Standard, ...] = (
    Standard("full_name", "Name", clean="name", personal=True, sortable=True),
    Standard("given_name", "Given name", clean="name", personal=True),
    Standard("family_name", "Family name", clean="name", personal=True, sortable=True),
    Standard("email", "E-mail", clean="email", personal=True, sortable=True),
    Standard("email_domain", "E-mail domain", clean=""),
    Standard("email_kind", "Kind of e-mail address", CHOICE, clean=""),
    Standard("email_role", "Shared mailbox", BOOLEAN, clean=""),
    Standard("phone", "Phone", clean="phone", personal=True),
    Standard("mobile", "Mobile phone", clean="phone", personal=True),
    Standard("job_title", "Job title", clean="text"),
    Standard("seniority", "Seniority", CHOICE, clean=""),
    Standard("job_function", "Function", CHOICE, clean=""),
    Standard("company_name", "Company", clean="company", sortable=True),
    Standard("website", "Website", clean="website"),
    Standard("industry", "Industry"),
    Standard("employees", "Employees of the company", INTEGER, clean="count"),
    Standard("country", "Country", CHOICE, clean="country", sortable=True),
    Standard("region", "Region"),
    Standard("city", "City"),
    Standard("postcode", "Postcode", personal=True),
    Standard("street", "Street", personal=True),
    Standard("language", "Language", clean="language"),
    Standard("zone", "Time zone", clean="zone"),
    Standard("source", "Source", CHOICE, clean="source", sortable=True),
    Standard("source_detail", "Source in detail"),
    Standard("campaign", "Campaign"),
    Standard("visits", "Visits to the website", INTEGER, clean="count", sortable=True),
    Standard("seconds_on_site", "Time on the website", INTEGER, clean="count", sortable=True),
    Standard("pages_per_visit", "Pages per visit", NUMBER, clean="decimal"),
    Standard("last_activity", "Last activity"),
    Standard("last_activity_at", "Time of the last activity", DATETIME, clean="datetime", sortable=True),
    Standard("known_since", "Known since", DATETIME, clean="datetime", sortable=True),
)

FOLLOWS = {
    "email_domain": "email",
    "email_kind": "email",
    "email_role": "email",
    "seniority": "job_title",
    "job_function": "job_title",
}
"""Fields that say something about another one, and change with it."""

COMPANY: tuple[Standard, ...] = (
    Standard("name", "Company name", clean="company", sortable=True),
    Standard("domain", "Company domain", clean="domain"),
    Standard("website", "Company website", clean="website"),
    Standard("industry", "Company industry"),
    Standard("employees", "Company employees", INTEGER, clean="count"),
    Standard("country", "Company country", CHOICE, clean="country"),
    Standard("city", "Company city"),
)

_CHOICES = {
    "email_kind": (
        Choice("work", "work address"),
        Choice("free", "free mailbox"),
        Choice("disposable", "throw-away address"),
    ),
    "seniority": tuple(Choice(one, one.replace("_", " ").replace("c level", "C level")) for one in SENIORITIES),
    "job_function": tuple(Choice(one, one.replace("_", " ")) for one in FUNCTIONS),
}


def _countries() -> Iterator[Choice]:
    import pycountry

    for one in pycountry.countries:
        yield Choice(one.alpha_2, countries.name(one.alpha_2))


def register_fields() -> None:
    """Make people, companies and the fields that a workspace added known to rules, lists and reports."""
    REGISTRY.relation(Relation("contact", "contact"))
    REGISTRY.relation(Relation("company", "contact_company", key="contact_id", of="contact"))
    REGISTRY.add(*(_field("contact", one) for one in CONTACT))
    REGISTRY.add(*(_field("company", one) for one in COMPANY))
    REGISTRY.add(
        Field("contact.created_at", "Came in", DATETIME, "contact", "created_at", sortable=True),
        Field("contact.updated_at", "Last changed", DATETIME, "contact", "updated_at", sortable=True),
    )
    REGISTRY.provider(_custom_fields)


def _field(relation: str, one: Standard) -> Field:
    is_source = relation == "contact" and one.name == "source"
    # A source we have no name for is a code like the others, so any value is possible there.
    kind = TEXT if is_source else one.type
    choices = _CHOICES.get(one.name, ()) if one.name != "country" else _countries
    return Field(
        f"{relation}.{one.name}",
        one.label,
        kind,
        relation,
        one.name,
        choices=choices,
        field_class=FieldClass.PERSONAL if one.personal else FieldClass.NORMAL,
        sortable=one.sortable,
    )


_TYPES = {"text": TEXT, "number": NUMBER, "boolean": BOOLEAN, "date": DATE, "choice": CHOICE}


def _custom_fields() -> Iterator[Field]:
    from marops.domains.contacts.models import CustomField

    for one in CustomField.objects.filter(entity="contact").order_by("slug"):
        choices = tuple(Choice(value, value) for value in one.choices) if one.type == "choice" else ()
        yield Field(
            f"contact.custom.{one.slug}",
            one.label,
            _TYPES[one.type],
            "contact",
            "custom",
            (one.slug,),
            choices=choices,
            description=one.description,
            retired=one.retired_at is not None,
        )


def register_quality_fields() -> None:
    """Make known what quality rules look at, and what they find."""
    REGISTRY.relation(Relation("quality", "contact_quality", key="contact_id", of="contact"))
    REGISTRY.relation(Relation("likeness", "contact_likeness", key="contact_id", of="contact"))
    REGISTRY.relation(Relation("fault", "contact_fault", key="contact_id", of="contact"))
    REGISTRY.relation(Relation("confirmed", "contact_confirmed", key="contact_id", of="contact"))
    REGISTRY.membership("quality", _fault)
    REGISTRY.add(
        Field("quality.score", "Quality", INTEGER, "quality", "score", sortable=True, empty_is="not checked yet"),
        *(_original(name, label) for name, label in (("email", "E-mail"), ("phone", "Phone"))),
        *(
            Field(f"contact.twins_by_{kind}", label, INTEGER, "likeness", f"twins_by_{kind}", empty_is="none")
            for kind, label in _TWINS.items()
        ),
        Field("contact.phone_country", "Country of the phone number", CHOICE, "likeness", "phone_country",
              choices=_countries),
        Field("contact.mail_country", "Country of the e-mail address", CHOICE, "likeness", "mail_country",
              choices=_countries),
        *(_confirmed(one) for one in CONTACT if one.name in AGED),
        Field("contact.phone_elsewhere", "Phone of another country", BOOLEAN, "likeness", "phone_elsewhere"),
        Field("contact.mail_elsewhere", "E-mail address of another country", BOOLEAN, "likeness", "mail_elsewhere"),
    )  # fmt: skip


_TWINS = {
    "phone": "Others with the same phone",
    "name_company": "Others of the same name and company",
    "name_domain": "Others of the same name and e-mail domain",
}


def _confirmed(one: Standard) -> Field:
    return Field(f"confirmed.{one.name}", f"{one.label}: when a source last gave it", DATETIME, "confirmed",
                 f"{one.name}_at")  # fmt: skip


def _original(name: str, label: str) -> Field:
    return Field(
        f"contact.original_{name}",
        f"{label} as it came in",
        TEXT,
        "contact",
        "originals",
        (name,),
        field_class=FieldClass.PERSONAL,
    )


def _fault(slug: str) -> Membership | Gone | None:
    """Those at fault by a quality rule: `{"member": "quality/no-name"}`."""
    from marops.kernel.definitions import active, load, versions

    for row in active("quality"):
        if row.slug == slug:
            return Membership(load(row).title, "fault", "contact_id", "rule", slug)
    return Gone("was retired") if versions("quality", slug) else None
