from tests.cast import Expect

from marops.domains.contacts.models import Company, Fix
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import plant_starters

NOBODYS = "01a00000-0000-7000-8000-000000000000"
VIEW, FIX, MERGE = "leads.view", "quality.fix", "contacts.merge"


def things(cast):
    from marops.domains.contacts.rules import enrichment
    from marops.domains.contacts.rules.starters import STARTERS

    plant_starters(actor=SETUP, starters=[*STARTERS, *enrichment.STARTERS])
    return {
        "company": Company.objects.create(number=7_000_001, name="Solheim Ltd", name_key="solheim"),
        "fix": Fix.objects.create(
            number=7_000_001, rule="quality/no-country@1", remedy="country_from_phone", contacts=0, actor_kind="human",
            actor_id=str(cast.hanna.id), at=now(),
        ),
    }  # fmt: skip


def prepare(patch):
    patch.setattr("marops.domains.contacts.queries.company.facts_about", lambda ids, *, limit: [])


def _company(world):
    return {"ref": world.things["company"].ref}


def _fix(world):
    return {"ref": world.things["fix"].ref}


def _rule(_world):
    return {"slug": "no-country"}


def _derivation(_world):
    return {"name": "facts_of_company"}


def _field(_world):
    return {"field": "job_title"}


EXPECT = {
    "companies": Expect(right=VIEW),
    "companies/<ref>": Expect(right=VIEW, args=_company),
    "duplicates": Expect(right=MERGE),
    "duplicates/search": Expect(right=MERGE, post_only=True),
    "duplicates/join": Expect(right=MERGE, post_only=True),
    "duplicates/pairs": Expect(right=MERGE),
    "duplicates/pairs/decide": Expect(right=MERGE, post_only=True),
    "duplicates/joining": Expect(right=MERGE),
    "merges": Expect(right=MERGE),
    "merges/new": Expect(right=MERGE, query="keep=L-0&gone=L-0", status=422),  # nobody answers to that
    "merges/make": Expect(right=MERGE, post_only=True),
    "merges/<uuid:merge>/part": Expect(right=MERGE, post_only=True, args=lambda w: {"merge": NOBODYS}),
    "quality": Expect(right=VIEW),
    "quality/cost": Expect(right=VIEW),
    "quality/vocabularies": Expect(right=VIEW),
    "quality/vocabularies/<field>": Expect(right=VIEW, args=_field),
    "quality/vocabularies/<field>/decide": Expect(right=FIX, args=_field, post_only=True),
    "quality/vocabularies/<field>/apply": Expect(right=FIX, args=_field, status=404),  # nothing was accepted
    "quality/enrichment": Expect(right=VIEW),
    "quality/enrichment/setting": Expect(right=FIX, post_only=True),
    "quality/enrichment/<name>": Expect(right=FIX, args=_derivation),
    "quality/fixes": Expect(right=VIEW),
    "quality/fixes/<ref>": Expect(right=VIEW, args=_fix),
    "quality/fixes/<ref>/undo": Expect(right=FIX, args=_fix, post_only=True),
    "quality/<slug>": Expect(right=VIEW, args=_rule),
    "quality/new": Expect(right="definitions.change"),
    "quality/<slug>/text": Expect(right="definitions.change", args=_rule),
    "quality/<slug>/fix": Expect(right=FIX, args=_rule),
    "quality/<slug>/fix/<ref>": Expect(right=FIX, args=lambda w: {"slug": "no-country", "ref": "J-0"}, status=302),
    "quality/<slug>/versions/<int:version>/activate": Expect(
        right="definitions.activate", args=lambda w: {"slug": "no-country", "version": 1}, post_only=True
    ),
    "api/v1/companies": Expect(right=VIEW),
    "api/v1/companies/<ref>": Expect(right=VIEW, args=_company),
    "api/v1/merges": Expect(right=MERGE),
    "api/v1/company-merges": Expect(right=MERGE),
    "api/v1/duplicates": Expect(right=MERGE),
    "api/v1/duplicates/pairs": Expect(right=MERGE),
    "api/v1/duplicates/pairs/<uuidstr:pair>": Expect(right=MERGE, args=lambda w: {"pair": NOBODYS}, post_only=True),
    "api/v1/companies/<ref>/merge": Expect(right=MERGE, args=_company, post_only=True),
    "api/v1/companies/<ref>/unmerge": Expect(right=MERGE, args=_company, post_only=True),
    "api/v1/leads/<ref>/merge": Expect(right=MERGE, args=lambda w: {"ref": "L-1"}, post_only=True),
    "api/v1/leads/<ref>/unmerge": Expect(right=MERGE, args=lambda w: {"ref": "L-1"}, post_only=True),
    "api/v1/quality": Expect(right=VIEW),
    "api/v1/quality/cost": Expect(right=VIEW),
    "api/v1/quality/vocabularies": Expect(right=VIEW),
    "api/v1/quality/vocabularies/<field>": Expect(right=VIEW, args=_field),
    "api/v1/quality/vocabularies/<field>/words": Expect(right=FIX, args=_field, post_only=True),
    "api/v1/quality/vocabularies/<field>/apply": Expect(right=FIX, args=_field, post_only=True),
    "api/v1/quality/enrichment": Expect(right=VIEW),
    "api/v1/quality/enrichment/<name>": Expect(right=FIX, args=_derivation, post_only=True),
    "api/v1/quality/freshness": Expect(right=VIEW),
    "api/v1/quality/fixes": Expect(right=VIEW),
    "api/v1/quality/fixes/<ref>": Expect(right=VIEW, args=_fix),
    "api/v1/quality/fixes/<ref>/undo": Expect(right=FIX, args=_fix, post_only=True),
    "api/v1/quality/<rule>": Expect(right=VIEW, args=lambda w: {"rule": "no-country"}),
    "api/v1/quality/<rule>/fix": Expect(right=FIX, args=lambda w: {"rule": "no-country"}, post_only=True),
}
