"""Companies and the quality of records over REST."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Status

from marops.domains.accounts.public import actor_of
from marops.domains.contacts.actions import (
    accept_words,
    forget_words,
    merge_companies,
    merge_contacts,
    part_companies,
    part_contacts,
    reject_words,
    set_enrichment,
    tell_apart,
    undo_fix,
)  # fmt: skip
from marops.domains.contacts.forms import FixForm
from marops.domains.contacts.jobs import join, start_enrichment, start_fix, start_joining, start_matching, start_words
from marops.domains.contacts.models import Company
from marops.domains.contacts.permissions import FIX, MERGE, VIEW
from marops.domains.contacts.queries import companies, find_company, find_contact
from marops.domains.contacts.queries.company import count_of, people_of, standing
from marops.domains.contacts.queries.cost import cost
from marops.domains.contacts.queries.enrichment import enrichment, preview_enrichment
from marops.domains.contacts.queries.fixes import find_fix, fix_json, fixes, preview, proposed
from marops.domains.contacts.queries.freshness import freshness
from marops.domains.contacts.queries.merges import company_merge_of, company_merges, merge_json, merge_of, merges
from marops.domains.contacts.queries.pairs import find_pair, in_band, pair_json, report, with_records
from marops.domains.contacts.queries.quality import Narrowing, people_at_fault, rule_summary, summary
from marops.domains.contacts.queries.vocabularies import checked_field, find_group, overview, preview_words
from marops.domains.contacts.rules.identity import Kind
from marops.kernel.forms import validated
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Shown, Strict, checked_limit, cursor, page, place_of

router = Router(tags=["companies"])


class CompaniesNarrowed(Paging):
    """What a list of companies is narrowed to."""

    q: str = ""
    sort: str = "name"


class CompanyOut(Shown):
    """A company."""

    ref: str
    id: UUID
    name: str
    domain: str | None
    website: str | None
    industry: str | None
    employees: int | None
    country: str | None
    city: str | None


class Group(Shown):
    """People of a company who stand alike, and how many they are."""

    name: str
    contacts: int


class CompanyWhole(CompanyOut):
    """A company, and how those of its people stand whom the asker may see."""

    people: int
    visible: int
    stages: list[Group]
    owners: list[Group]
    grades: list[Group]
    quality: float | None
    faults: list[dict[str, Any]]
    best: float | None


@router.get("/companies", response=Page[CompanyOut])
def company_list(request: HttpRequest, given: Query[CompaniesNarrowed]) -> dict[str, Any]:
    """Companies by name."""
    require(actor_of(request), VIEW)
    limit, offset = checked_limit(given.limit), place_of(given.after, int)[0] if given.after else 0
    found = list(companies(words=given.q, sort=given.sort)[offset : offset + limit + 1])
    return {
        "items": [as_json(one) for one in found[:limit]],
        "next": cursor(offset + limit) if len(found) > limit else None,
    }


@router.get("/companies/{ref}", response=CompanyWhole)
def company(request: HttpRequest, ref: str) -> dict[str, Any]:
    """One company: its fields, and how those of its people stand whom the asker may see."""
    actor = actor_of(request)
    require(actor, VIEW)
    one = find_company(ref)
    people = people_of(one, actor)
    return as_json(one) | {"people": one.people.count(), "visible": count_of(one, actor, people), **standing(people)}


def as_json(one: Company) -> dict[str, Any]:
    """A company as REST answers it."""
    names = ("name", "domain", "website", "industry", "employees", "country", "city")
    return {"ref": one.ref, "id": str(one.id), **{name: getattr(one, name) for name in names}}


# --- quality ---------------------------------------------------------------------------------------------------------


class Which(Strict):
    """Which records: of one source, of one import (I-7); `-` for those without."""

    source: str = ""
    import_: str = Field("", alias="import")


class AtFault(Paging):
    """Which of those at fault: of one source, of one import (I-7); `-` for those without."""

    source: str = ""
    import_: str = Field("", alias="import")


class FixIn(Strict):
    """A remedy for those at fault by a rule, all or of one source or import: which, its value, and is it only tried?"""

    remedy: str = ""
    value: str = ""
    preview: bool = False
    source: str = ""
    import_: str = Field("", alias="import")


class QualityOut(Shown):
    """How good the records are: all of them, and rule by rule."""

    as_of: datetime
    contacts: int
    faulty: int
    score: float | None
    rules: list[dict[str, Any]]


class AtFaultOut(Shown):
    """A rule, and those at fault."""

    name: str
    title: str
    items: list[dict[str, Any]]
    next: str | None


@router.get("/quality", tags=["quality"], response=QualityOut)
def quality(request: HttpRequest, given: Query[Which]) -> dict[str, Any]:
    """What is wrong with the records, by rule, source, import and owner."""
    return summary(actor_of(request), Narrowing(given.source, given.import_))


# Before `/quality/{rule}`, which would take it for the name of a rule.
@router.get("/quality/fixes", tags=["quality"], response=Page[dict[str, Any]])
def fix_list(request: HttpRequest, given: Query[Paging]) -> Any:
    """Remedies that were applied in bulk, the newest first."""
    require(actor_of(request), VIEW)
    limit, found = checked_limit(given.limit), fixes()
    if given.after:
        found = found.filter(number__lt=place_of(given.after, int)[0])
    return page(found[: limit + 1], limit, at=lambda one: (one.number,), show=fix_json)


@router.get("/quality/fixes/{ref}", tags=["quality"], response=dict[str, Any])
def one_fix(request: HttpRequest, ref: str) -> dict[str, Any]:
    """One remedy that was applied."""
    require(actor_of(request), VIEW)
    return fix_json(find_fix(ref))


@router.post("/quality/fixes/{ref}/undo", tags=["quality"], response=dict[str, Any])
def undo(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Take a fix back: whoever's value nobody changed since gets the one from before."""
    actor = actor_of(request)
    require(actor, FIX)
    return fix_json(undo_fix(actor=actor, fix_id=find_fix(ref).id))


class WordsIn(Strict):
    """What is said of a word: accept its spellings, reject them, or forget the word.

    Without `spellings` all that are proposed are meant; `becomes` writes the word otherwise.
    """

    do: Literal["accept", "reject", "forget"]
    word: str
    spellings: list[str] = Field(default_factory=list)
    becomes: str = ""


class ApplyIn(Strict):
    """Is it only tried?"""

    preview: bool = False


@router.get("/quality/cost", tags=["quality"], response=dict[str, Any], url_name="quality-cost")
def quality_cost(request: HttpRequest, given: Query[Which]) -> dict[str, Any]:
    """What each fault costs in leads and pipeline, against comparable leads without it."""
    return cost(actor_of(request), Narrowing(given.source, given.import_))


class EnrichIn(Strict):
    """Is it only tried; for those of which source or import?"""

    preview: bool = False
    source: str = ""
    import_: str = Field("", alias="import")


class SettingIn(Strict):
    """What is derived on people as they come in from now on."""

    as_they_come: list[str]


@router.get("/quality/enrichment", tags=["quality"], response=dict[str, Any], url_name="enrichment")
def show_enrichment(request: HttpRequest) -> dict[str, Any]:
    """What is at hand could fill in, by derivation, and what is derived as people come in."""
    return enrichment(actor_of(request))


@router.put("/quality/enrichment", tags=["quality"], response=dict[str, Any], url_name="enrichment")
def change_enrichment(request: HttpRequest, body: SettingIn) -> dict[str, Any]:
    """Say what is derived on people as they come in; the setting's next version is in force at once."""
    actor = actor_of(request)
    row = set_enrichment(actor=actor, as_they_come=body.as_they_come)
    return {"definition": row.pinned, **row.document}


@router.post("/quality/enrichment/{name}", tags=["quality"], url_name="fill-in",
             response={200: dict[str, Any], 202: dict[str, Any]})  # fmt: skip
def fill_in(request: HttpRequest, name: str, body: EnrichIn) -> dict[str, Any] | Status[dict[str, Any]]:
    """Fill in what a derivation finds, as a job; with `preview`, only tell what it would fill."""
    actor, narrowed = actor_of(request), Narrowing(body.source, body.import_)
    if body.preview:
        return preview_enrichment(actor, name, narrowed)
    job = start_enrichment(actor, name, narrowed)
    return Status(202, {"job": job.ref, "state": job.state, "derivation": name})


@router.get("/quality/freshness", tags=["quality"], response=dict[str, Any], url_name="freshness")
def show_freshness(request: HttpRequest, given: Query[Which]) -> dict[str, Any]:
    """How old the values of each field are, and how many of them are likely still true."""
    return freshness(actor_of(request), Narrowing(given.source, given.import_))


@router.get("/quality/vocabularies", tags=["quality"], response=dict[str, Any], url_name="vocabularies")
def list_vocabularies(request: HttpRequest) -> dict[str, Any]:
    """Spellings that could be one word, and what was accepted, by field."""
    return overview(actor_of(request))


@router.get("/quality/vocabularies/{field}", tags=["quality"], response=dict[str, Any], url_name="vocabulary")
def one_vocabulary(request: HttpRequest, field: str) -> dict[str, Any]:
    """The same of one field."""
    found: dict[str, Any] = overview(actor_of(request), field)["fields"][0]
    return found


@router.post("/quality/vocabularies/{field}/words", tags=["quality"], response=dict[str, Any], url_name="words")
def say_of_words(request: HttpRequest, field: str, body: WordsIn) -> dict[str, Any]:
    """Accept, reject or forget a word; the vocabulary's next version is in force at once."""
    actor = actor_of(request)
    require(actor, FIX)
    name = checked_field(field)
    said = body.spellings
    if not said and body.do != "forget":
        said = [one.value for one in find_group(actor, name, body.word).spellings]
    if body.do == "accept":
        becomes = body.becomes.strip() or body.word
        more = [body.word] if becomes != body.word else []
        row = accept_words(actor=actor, field=name, words=[(becomes, [*said, *more])])
    elif body.do == "reject":
        row = reject_words(actor=actor, field=name, word=body.word, spellings=said)
    else:
        row = forget_words(actor=actor, field=name, word=body.word)
    return {"definition": row.pinned, **row.document}


@router.post("/quality/vocabularies/{field}/apply", tags=["quality"], url_name="words-apply",
             response={200: dict[str, Any], 202: dict[str, Any]})  # fmt: skip
def apply_vocabulary(request: HttpRequest, field: str, body: ApplyIn) -> dict[str, Any] | Status[dict[str, Any]]:
    """Write existing records as the vocabulary says, as a job; with `preview`, only tell what would change."""
    actor = actor_of(request)
    require(actor, FIX)
    name = checked_field(field)
    if body.preview:
        return preview_words(actor, name)
    job = start_words(actor, name)
    return Status(202, {"job": job.ref, "state": job.state, "field": name})


@router.get("/quality/{rule}", tags=["quality"], response=AtFaultOut)
def quality_rule(request: HttpRequest, rule: str, given: Query[AtFault]) -> dict[str, Any]:
    """One rule, and those at fault whom the asker may see, the worst records first."""
    actor, limit = actor_of(request), checked_limit(given.limit)
    narrowed = Narrowing(given.source, given.import_)
    found = rule_summary(actor, rule)
    after = tuple(place_of(given.after, int, int)) if given.after else ()
    people = people_at_fault(actor, rule, narrowed, limit=limit, after=after)
    listed: dict[str, Any] = page(
        people,
        limit,
        at=lambda one: (one["score"], one["number"]),
        show=lambda one: {key: value for key, value in one.items() if key != "number"},
    )
    return found | listed


@router.post("/quality/{rule}/fix", tags=["quality"], response={200: dict[str, Any], 202: dict[str, Any]})
def fix(request: HttpRequest, rule: str, body: FixIn) -> dict[str, Any] | Status[dict[str, Any]]:
    """Apply a remedy to everybody at fault, as a job; with `preview`, only tell what it would do."""
    actor = actor_of(request)
    require(actor, FIX)
    given = validated(FixForm, body.dict(include={"remedy", "value", "preview"}))
    proposal = proposed(rule, given["remedy"], given["value"], Narrowing(body.source, body.import_))
    if given["preview"]:
        return preview(actor, proposal)
    job = start_fix(proposal, actor=actor)
    return Status(202, {"job": job.ref, "state": job.state, "rule": rule, "remedy": proposal.bulk.key})


class MergeIn(Strict):
    """Which record becomes part of the one in the address, and why."""

    gone: str
    why: str = ""


class MergeOut(Shown):
    """A merge: which record stayed, which went, the fields taken over, who did it, and when it was taken back."""

    id: UUID
    kept: str
    gone: str
    kept_id: UUID
    gone_id: UUID
    took: list[str]
    why: str
    by: str
    at: str
    undone_at: str | None


@router.get("/merges", response=Page[MergeOut], url_name="merges")
def list_merges(request: HttpRequest) -> Any:
    """The newest merges of people, those that were taken back too."""
    return {"items": [merge_json(one) for one in merges(actor_of(request))], "next": None}


@router.post("/leads/{ref}/merge", response=MergeOut, url_name="merge")
def merge(request: HttpRequest, ref: str, asked: MergeIn) -> Any:
    """Make another record part of this one. The other's references lead to this one from then on."""
    actor = actor_of(request)
    require(actor, MERGE)
    kept, gone = find_contact(ref, actor=actor), find_contact(asked.gone, actor=actor)
    return merge_json(merge_contacts(actor=actor, winner_id=kept.id, loser_id=gone.id, why=asked.why))


@router.post("/leads/{ref}/unmerge", response=MergeOut, url_name="unmerge")
def unmerge(request: HttpRequest, ref: str) -> Any:
    """Take back the merge by which this record went, or the newest into it."""
    actor = actor_of(request)
    return merge_json(part_contacts(actor=actor, merge_id=merge_of(actor, ref).id))


@router.get("/company-merges", response=Page[MergeOut], url_name="company-merges")
def list_company_merges(request: HttpRequest) -> Any:
    """The newest merges of companies, those that were taken back too."""
    return {"items": [merge_json(one) for one in company_merges(actor_of(request))], "next": None}


@router.post("/companies/{ref}/merge", response=MergeOut, url_name="company-merge")
def merge_company(request: HttpRequest, ref: str, asked: MergeIn) -> Any:
    """Make another company part of this one. The other's reference and domain lead to this one from then on."""
    actor = actor_of(request)
    require(actor, MERGE)
    kept, gone = find_company(ref), find_company(asked.gone)
    return merge_json(merge_companies(actor=actor, winner_id=kept.id, loser_id=gone.id, why=asked.why))


@router.post("/companies/{ref}/unmerge", response=MergeOut, url_name="company-unmerge")
def unmerge_company(request: HttpRequest, ref: str) -> Any:
    """Take back the merge by which this company went, or the newest into it."""
    actor = actor_of(request)
    return merge_json(part_companies(actor=actor, merge_id=company_merge_of(actor, ref).id))


# --- the same person or company twice --------------------------------------------------------------------------------


class Whose(Strict):
    """People or companies."""

    of: Kind = "person"


class PairsAsked(Paging):
    """Which pairs: of people or companies, of one band (merge, review) or of both."""

    of: Kind = "person"
    band: Literal["", "merge", "review"] = ""


class SearchIn(Strict):
    """A search, of people or companies; `again` learns agreement anew; `join` joins what is surely one instead."""

    of: Kind = "person"
    again: bool = False
    join: bool = False


class DuplicatesOut(Shown):
    """What the last search found: the bands with their expected precision, and what was compared."""

    of: str
    model: str
    compared: list[str]
    could_compare: list[str]
    bands: list[dict[str, Any]]
    apart: int
    run: dict[str, Any] | None


class PairOut(Shown):
    """Two records that may be one: who would stay, how sure, and what each field says, in bits. No values of either."""

    id: UUID
    keep: str
    gone: str
    of: str
    probability: float
    ground: str
    model: str
    fields: list[dict[str, Any]]
    found_at: str
    apart: bool


class WordIn(Strict):
    """The word on a pair: `one` joins it, `two` keeps it apart for good, `open` takes `two` back."""

    word: Literal["one", "two", "open"]


@router.get("/duplicates", tags=["duplicates"], response=DuplicatesOut, url_name="duplicates")
def duplicates(request: HttpRequest, asked: Query[Whose]) -> Any:
    """How many pairs of records are surely one, and how many are for somebody to look at."""
    return report(actor_of(request), asked.of)


@router.post("/duplicates", tags=["duplicates"], response={202: dict[str, Any]}, url_name="duplicates-search")
def search_duplicates(request: HttpRequest, asked: SearchIn) -> Status[dict[str, Any]]:
    """Search all records, or join what is surely one, as a job."""
    actor = actor_of(request)
    require(actor, MERGE)
    job = start_joining(actor, asked.of) if asked.join else start_matching(actor, asked.of, again=asked.again)
    return Status(202, {"job": job.ref, "state": job.state, "of": asked.of})


@router.get("/duplicates/pairs", tags=["duplicates"], response=Page[PairOut], url_name="pairs")
def list_pairs(request: HttpRequest, asked: Query[PairsAsked]) -> Any:
    """The pairs that wait for somebody's word, the surest first."""
    limit, offset = checked_limit(asked.limit), place_of(asked.after, int)[0] if asked.after else 0
    rows = list(in_band(actor_of(request), asked.of, asked.band)[offset : offset + limit + 1])
    shown = [pair_json(one) for one in with_records(rows[:limit])]
    return {"items": shown, "next": cursor(offset + limit) if len(rows) > limit else None}


@router.post("/duplicates/pairs/{uuid:pair}", tags=["duplicates"], response=dict[str, Any], url_name="pair")
def decide_pair(request: HttpRequest, pair: UUID, asked: WordIn) -> Any:
    """Say whether two records are one. Answers the merge, or the pair."""
    actor = actor_of(request)
    row = find_pair(actor, pair)
    if asked.word == "one":
        return merge_json(join(actor, with_records([row])[0]))
    tell_apart(actor=actor, pair_id=row.id, undo=asked.word == "open")
    return pair_json(with_records([find_pair(actor, pair)])[0])
