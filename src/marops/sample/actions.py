"""The writes of the sample company: it is begun, comes in batch by batch, and goes again in one act."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import Q

from marops.domains.accounts.public import Account, AccountRole
from marops.domains.contacts.public import CustomField
from marops.domains.policy.public import (
    bring_history,
    decide_plainly,
    forget_history,
    forget_tables,
    write_switch,
)
from marops.domains.register.public import Campaign, Channel, OtherName, Platform, Queue, Source, folded
from marops.domains.team.public import Absence, Person, Vacancy
from marops.kernel.actions import Act, action
from marops.kernel.actors import SETUP, Actor
from marops.kernel.definitions import checked, digest, kinds
from marops.kernel.errors import CONFLICT, MaropsError, problem
from marops.kernel.facts import touch_from
from marops.kernel.ids import next_number
from marops.kernel.metrics import METRICS
from marops.kernel.models import Definition, Workspace
from marops.kernel.workspace import alone_with_sample
from marops.methods.worktime import local
from marops.sample import definitions, governance, plans, team, work
from marops.sample.generate import ZONE_OF, Names, Recipe
from marops.sample.models import SampleCompany
from marops.sample.permissions import MANAGE
from marops.sample.world import CURRENCY, DAYS, PEOPLE, PLATFORMS, SOURCES, WORKFLOWS, absences
from marops.store.bulk import copy_in

NOT_EMPTY = problem(
    "sample-not-empty",
    "The sample company comes only into a workspace without leads and deals",
    status=409,
    remedy="Use a workspace of its own for it: another folder, with --home or MAROPS_HOME. Nothing was changed.",
)
NURTURE = "sample-nurture"
POLICY = "marketing"
_FILES = 200
"""More than the leads come in."""

TABLES: Mapping[str, str] = {
    "companies": "company",
    "contacts": "contact",
    "identities": "contact_identity",
    "consents": "consent_entry",
    "consent_states": "consent_state",
    "passages": "stage_passage",
    "stages": "contact_stage",
    "owners": "assignment",
    "clocks": "lead_sla",
    "dispositions": "lead_disposition",
    "deals": "opportunity",
    "deal_people": "opportunity_person",
    "deal_moves": "opportunity_move",
    "deal_lines": "opportunity_snapshot",
    "imports": "import_run",
    "import_findings": "import_finding",
    "pool_deals": "pool_deal",
    "pool_seats": "pool_seat",
    "quality_days": "quality_day",
    "readings": "metric_reading",
}
"""What the generator makes → the table it belongs to."""

# --- coming in -------------------------------------------------------------------------------------------------------


@action("sample.begin", effect="set_up", right=MANAGE)
def begin(
    act: Act, *, actor: Actor, job_id: UUID, size: str, recipe: Recipe, campaigns: Sequence[work.Campaign]
) -> Names:
    """Mark the workspace and bring in people, accounts, names and definitions. Answers what things are called here.

    The same job again answers the same. Raises `sample-not-empty`, and `conflict` beside another sample company.
    """
    alone_with_sample()
    present = SampleCompany.objects.select_for_update().first()
    if present is not None:
        if present.job_id != job_id or present.state == SampleCompany.State.REMOVING:
            raise MaropsError(CONFLICT, "A sample company is in this workspace already.")
        return Names(**present.made["names"])
    _refuse_others_data()
    workspace = Workspace.objects.select_for_update().first()
    before: dict[str, str] = {} if workspace else {"workspace": "nobody had set it up"}
    workspace = workspace or Workspace()
    workspace.sample = True
    workspace.save()
    made: dict[str, Any] = {}
    made["accounts"] = _accounts(recipe)
    made["people"], person_base = _people(recipe)
    made["register"] = _register(recipe, campaigns)
    made["fields"] = _custom_fields(act)
    made["definitions"], pins = _definitions(act, recipe, before)
    made["definitions"].append(_structure(recipe, person_base))
    made["tables"] = _governance(act, recipe, made["definitions"])
    names = Names(
        **pins, nurture_queue=NURTURE, nurture_id=recipe.made_id("queue", NURTURE).hex,
        contact_base=_reserve("contact_number", recipe.leads), company_base=_reserve("company_number", recipe.firms),
        deal_base=_reserve("opportunity_number", recipe.leads), import_base=_reserve("import_number", _FILES),
        person_base=person_base, quality_version=METRICS.find("quality.score").version,
        reachable_version=METRICS.find("list.reachable").version,
    )  # fmt: skip
    made["names"] = {name: getattr(names, name) for name in Names.__slots__}
    SampleCompany.objects.create(
        size=size, leads=recipe.leads, seed=recipe.seed, day=recipe.today, zone=recipe.zone, job_id=job_id, made=made,
        before=before, began_at=act.at,
    )  # fmt: skip
    _delete("metric_reading", "true")  # of a workspace without leads
    act.count(people=len(PEOPLE), definitions=len(made["definitions"]))
    return names


def _refuse_others_data() -> None:
    for name in ("contact", "company", "opportunity"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
            if cursor.fetchone()[0]:
                raise MaropsError(NOT_EMPTY)


def _reserve(sequence: str, how_many: int) -> int:
    """Take a run of numbers; answers the one before the first."""
    first = next_number(sequence)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(%s, %s)", [sequence, first + how_many - 1])
    return first - 1


def _numbers(sequence: str, how_many: int) -> range:
    base = _reserve(sequence, how_many)
    return range(base + 1, base + how_many + 1)


def _accounts(recipe: Recipe) -> list[str]:
    """Accounts that nobody can sign in with: their password opens nothing, and their addresses reach nobody."""
    rows = [
        Account(
            id=recipe.account_id(one.slug), number=number, email=one.email, name=one.name, password=make_password(None),
            zone=one.zone, desk=one.role, created_at=recipe.before(DAYS),
            manager_id=recipe.account_id(one.manager) if one.manager else None,
        )
        for one, number in zip(PEOPLE, _numbers("account_number", len(PEOPLE)), strict=True)
    ]  # fmt: skip
    Account.objects.bulk_create(rows)
    AccountRole.objects.bulk_create(
        AccountRole(account_id=recipe.account_id(one.slug), role=role) for one in PEOPLE for role in one.access
    )
    return [str(row.id) for row in rows]


def _people(recipe: Recipe) -> tuple[list[str], int]:
    """Their ids, and the number before that of the first."""
    base = _reserve("person_number", len(PEOPLE))
    rows = [
        Person(
            id=recipe.made_id("person", one.slug), number=number, account_id=recipe.account_id(one.slug), name=one.name,
            zone=one.zone, sample=True, created_at=recipe.before(DAYS),
            manager_id=recipe.made_id("person", one.manager) if one.manager else None,
        )
        for number, one in enumerate(PEOPLE, start=base + 1)
    ]  # fmt: skip
    Person.objects.bulk_create(rows)
    vacancies, pieces = team.counts()
    ids = {one.slug: row.id for one, row in zip(PEOPLE, rows, strict=True)}
    team.write(recipe, ids, _reserve("vacancy_number", vacancies), _reserve("assignment_number", pieces))
    plans.write(recipe, ids)
    Absence.objects.bulk_create(
        Absence(
            id=recipe.made_id("absence", f"{who} {first}"), person_id=recipe.made_id("person", who), made_by="sample",
            starts=_midnight(first, who), ends=_midnight(last, who), reason="Leave",
        )
        for who, first, last in absences(recipe.today)
    )  # fmt: skip
    return [str(row.id) for row in rows], base


def _midnight(day: date, who: str) -> datetime:
    return local(day, 0, ZoneInfo(ZONE_OF[who]))


def _register(recipe: Recipe, campaigns: Sequence[work.Campaign]) -> dict[str, list[str]]:
    """Channels, sources, campaigns, platforms and the queue of those whom marketing keeps in touch with.

    What the workspace knows under the same name stays as it is and is used.
    """
    at = recipe.before(DAYS)
    Queue.objects.create(
        id=recipe.made_id("queue", NURTURE), slug=NURTURE, name="Nurture", created_at=at,
        purpose="Leads that are not qualified yet; marketing keeps in touch.",
    )  # fmt: skip
    known = dict(Channel.objects.values_list("slug", "id"))
    slugs = sorted({one.channel for one in (*SOURCES, *WORKFLOWS)})
    channels = [
        Channel(id=recipe.made_id("channel", slug), slug=slug, name=slug.capitalize(), created_at=at)
        for slug in slugs if slug not in known
    ]  # fmt: skip
    Channel.objects.bulk_create(channels)
    known |= {one.slug: one.id for one in channels}
    have = set(Source.objects.values_list("slug", flat=True))
    sources = [
        Source(id=recipe.made_id("source", one.code), slug=one.code, channel_id=known[one.channel], created_at=at,
               name=one.code.replace("_", " ").capitalize())
        for one in SOURCES if one.code not in have
    ]  # fmt: skip
    Source.objects.bulk_create(sources)
    platforms = _platforms(recipe, at)
    made = _campaigns(recipe, campaigns, known)
    _other_names(recipe, {"channel": channels, "source": sources, "platform": platforms, "campaign": made})
    return {
        "queue": [str(recipe.made_id("queue", NURTURE))],
        "channel": [str(one.id) for one in channels],
        "source": [str(one.id) for one in sources],
        "platform": [str(one.id) for one in platforms],
        "campaign": [str(one.id) for one in made],
    }


def _platforms(recipe: Recipe, at: datetime) -> list[Platform]:
    have = set(Platform.objects.values_list("slug", flat=True))
    rows = [
        Platform(
            id=recipe.made_id("platform", one.slug), slug=one.slug, name=one.name, category=one.category,
            owner_role=one.owner, cost=one.cost, currency=CURRENCY, seats=one.seats, created_at=at,
            contract_ends=recipe.today + timedelta(days=one.ends),
        )
        for one in PLATFORMS if one.slug not in have
    ]  # fmt: skip
    Platform.objects.bulk_create(rows)
    return rows


def _campaigns(recipe: Recipe, campaigns: Sequence[work.Campaign], channels: Mapping[str, UUID]) -> list[Campaign]:
    have = set(Campaign.objects.values_list("slug", flat=True))
    rows = [
        Campaign(
            id=recipe.made_id("campaign", one.slug, one.begins), slug=one.slug, name=one.title,
            channel_id=channels[one.workflow.channel], kind=one.workflow.slug, starts=one.begins.date(),
            ends=one.held.date() if one.held else None, budget=Decimal(one.workflow.budget) or None,
            currency=CURRENCY if one.workflow.budget else None, owner_id=recipe.account_id("marit.ekholm"),
            created_at=one.begins.astimezone(UTC),
        )
        for one in campaigns if one.slug not in have
    ]  # fmt: skip
    Campaign.objects.bulk_create(rows)
    return rows


def _other_names(recipe: Recipe, made: Mapping[str, Sequence[Any]]) -> None:
    OtherName.objects.bulk_create(
        [
            OtherName(
                id=recipe.made_id("name", f"{kind} {one.slug}"), kind=kind, folded=folded(one.name), target_id=one.id
            )
            for kind, rows in made.items()
            for one in rows
        ],
        ignore_conflicts=True,
    )


def _custom_fields(act: Act) -> list[str]:
    row, made = CustomField.objects.get_or_create(
        entity="contact", slug="title_as_of",
        defaults={"label": "Title as of", "type": "date", "made_by": act.actor.id,
                  "description": "When the list that the job title came with was made."},
    )  # fmt: skip
    return [str(row.id)] if made else []


def _definitions(act: Act, recipe: Recipe, before: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Write the versions with their dates; the ones in force now are put aside and noted in `before`."""
    made: list[str] = []
    pins: dict[str, str] = {}
    for one in definitions.versions(NURTURE, recipe):
        ref = f"{one.kind}/{one.slug}"
        rows = Definition.objects.select_for_update().filter(kind=one.kind, slug=one.slug)
        newest = rows.order_by("-version").first()
        for there in rows.filter(state=Definition.State.ACTIVE).exclude(id__in=made):
            before[ref] = there.pinned
            there.state, there.retired_at = Definition.State.RETIRED, act.at
            there.save(update_fields=["state", "retired_at"])
        document = checked(one.kind, one.document)
        row = Definition.objects.create(
            kind=one.kind, slug=one.slug, version=(newest.version if newest else 0) + 1, document=document,
            schema_version=kinds()[one.kind].schema_version, sha256=digest(document), reason=one.reason,
            author=str(recipe.account_id(one.author)), created_at=recipe.before(one.since),
            valid_from=recipe.before(one.since),
            state=Definition.State.RETIRED if one.until is not None else Definition.State.ACTIVE,
            retired_at=recipe.before(one.until) if one.until is not None else None,
        )  # fmt: skip
        made.append(str(row.id))
        if pin := _PIN.get((one.kind, one.until is not None)):
            pins[pin] = row.pinned
    return made, pins


def _structure(recipe: Recipe, person_base: int) -> str:
    """A plan of the team, as a draft: nobody has put it in force."""
    refs = {one.slug: f"P-{number}" for number, one in enumerate(PEOPLE, start=person_base + 1)}
    openings = list(Vacancy.objects.filter(sample=True).order_by("number"))
    document = checked("structure", plans.structure(refs, openings, recipe.today))
    newest = Definition.objects.filter(kind="structure", slug=plans.STRUCTURE).order_by("-version").first()
    row = Definition.objects.create(
        kind="structure", slug=plans.STRUCTURE, version=(newest.version if newest else 0) + 1, document=document,
        schema_version=kinds()["structure"].schema_version, sha256=digest(document), reason="To talk about in spring.",
        author=str(recipe.account_id("tobias.rehm")), created_at=recipe.before(14),
    )  # fmt: skip
    return str(row.id)


def _governance(act: Act, recipe: Recipe, made: list[str]) -> list[str]:
    """What the policy decides, three months of a trail, a switch that is thrown, and an entry that is a draft."""
    rows = {one.ref: one for one in Definition.objects.filter(id__in=made, state=Definition.State.ACTIVE)}
    policy = rows[f"ai_policy/{POLICY}"]
    versions = Definition.objects.filter(id__in=made, kind="ai_policy").values_list("document", flat=True)
    tables = [name for name in (decide_plainly(act, one) for one in versions) if name]
    uses = [one for one in rows.values() if one.kind == "ai_use"]
    bring_history(act, policy, uses, governance.acts(recipe), governance.drafts(recipe))
    by = str(recipe.account_id("marit.ekholm"))
    write_switch(act, governance.STOPPED, governance.STOPPED_WHY, by, governance.stopped_at(recipe))
    for slug, given in governance.drafted(recipe).items():
        document = checked("ai_use", given)
        newest = Definition.objects.filter(kind="ai_use", slug=slug).order_by("-version").first()
        row = Definition.objects.create(
            kind="ai_use", slug=slug, version=(newest.version if newest else 0) + 1, document=document,
            schema_version=kinds()["ai_use"].schema_version, sha256=digest(document), author=by,
            reason="For the films of the autumn fairs.", created_at=recipe.before(6),
        )  # fmt: skip
        made.append(str(row.id))
    return tables


_PIN = {
    ("score", True): "second_model",
    ("score", False): "third_model",
    ("route", True): "first_route",
    ("route", False): "second_route",
    ("lifecycle", False): "lifecycle",
}


@action("sample.load", effect="set_up", right=MANAGE)
def load_batch(
    act: Act, *, actor: Actor, job_id: UUID, number: int, tables: Mapping[str, pa.Table], facts: int = 0
) -> bool:
    """Bring in one batch: rows by the generator's names for tables. Batches come in order; one that is in already does
    nothing and answers False.
    """
    company = SampleCompany.objects.select_for_update().get()
    if company.job_id != job_id or company.state != SampleCompany.State.LOADING:
        raise MaropsError(CONFLICT, "This sample company is not coming in any more.")
    if number < company.batches:
        return False
    with connection.cursor() as cursor:
        for name, rows in tables.items():
            copy_in(cursor, TABLES[name], rows)
    act.count(rows=sum(rows.num_rows for rows in tables.values()), facts=facts)
    company.batches = number + 1
    company.save(update_fields=["batches"])
    return True


@action("sample.finish", effect="set_up", right=MANAGE)
def finish(act: Act, *, actor: Actor, job_id: UUID) -> int:
    """All is in: let the engine look at everybody, and at promises when they come due. Answers how many leads."""
    company = SampleCompany.objects.select_for_update().get(job_id=job_id)
    if company.state == SampleCompany.State.PRESENT:
        return 0
    company.state = SampleCompany.State.PRESENT
    company.save(update_fields=["state"])
    looked_at = touch_from("SELECT id FROM contact", act.at)
    _delete("metric_reading", "computed_at >= %s", company.began_at)  # of half a company; all is measured anew
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO touched (id, contact_id, due_at) SELECT gen_random_uuid(), contact_id, next_at FROM lead_sla"
            " WHERE next_at IS NOT NULL"
        )
    act.count(leads=looked_at)
    return looked_at


# --- going -----------------------------------------------------------------------------------------------------------


@action("sample.remove_begin", effect="erase", right=MANAGE)
def begin_removal(act: Act, *, actor: Actor) -> bool:
    """From here on the sample company only goes. Answers whether there is one."""
    alone_with_sample()
    company = SampleCompany.objects.select_for_update().first()
    if company is None:
        return False
    company.state = SampleCompany.State.REMOVING
    company.save(update_fields=["state"])
    act.count(leads=company.leads)
    return True


@action("sample.remove", effect="erase", right=MANAGE)
def remove(act: Act, *, actor: Actor) -> dict[str, int]:
    """Remove every row of the sample company and put back what was in force before. Answers rows by table.

    Its facts leave the lake before (`jobs.remove`); the audit trail keeps that it was here.
    """
    alone_with_sample()
    company = SampleCompany.objects.select_for_update().get(state=SampleCompany.State.REMOVING)
    gone = _rows_about_leads() | _rows_made(act, company.made)
    # The engine makes this one when it first routes; nobody waits in it any more.
    gone["queue"] += _delete("queue", "fallback AND created_at >= %s", company.began_at)
    tables = forget_tables(act, company.made.get("tables", []))
    for table, rows in {**_practice(company), "policy_table": tables}.items():
        gone[table] = gone.get(table, 0) + rows
    _put_back(company, act.at)
    company.delete()
    Workspace.objects.update(sample=False)
    if "workspace" in company.before:
        _forget_unset_workspace()
    gone = {table: rows for table, rows in gone.items() if rows}
    act.count(**gone)
    return gone


_WORK_READ = "log_id IN (SELECT id FROM event_log WHERE sample)"
"""Of logs that were read off the work of made-up people."""


def _practice(company: SampleCompany) -> dict[str, int]:
    """What files brought in as practice left beside leads, companies and deals."""
    runs = "run_id IN (SELECT id FROM import_run WHERE practice)"
    return {
        "import_finding": _delete("import_finding", runs),
        "import_batch": _delete("import_batch", runs),
        "import_run": _delete("import_run", "practice"),
        **{table: _delete(table, _WORK_READ) for table in ("log_event", "log_name", "log_discovery")},
        "event_log": _delete("event_log", "sample"),
        "workflow_answer": _delete("workflow_answer", "sample"),
        "custom_field": _delete("custom_field", "created_at >= %s", company.began_at),
        "pipeline_stage": _delete("pipeline_stage", "proposed AND created_at >= %s", company.began_at),
    }


_KEPT = frozenset({"erased_contact", "contact", "fact_inbox", "lead_line"})
_DERIVED = ("pool_deal", "quality_day", "quality_fix", "metric_reading")
"""Rows that were made of the sample and that name nobody; before it there were no leads to make them of."""


def _rows_about_leads() -> dict[str, int]:
    """While the sample is in, every lead, company and deal is the sample's: nothing else could come in."""
    gone = {"fact_inbox": _delete(
        "fact_inbox", "source = 'sample' OR contact_id IN (SELECT id FROM contact)"
        " OR (subject_type = 'opportunity' AND subject_id IN (SELECT id::text FROM opportunity))")}  # fmt: skip
    for table, columns in _tables_pointing_at("contact", "contact_id", "winner_id", "loser_id", "alias_id").items():
        gone[table] = _delete(table, " OR ".join(f"{column} IN (SELECT id FROM contact)" for column in columns))
    deals = [table for table in _tables_pointing_at("opportunity") if table != "opportunity"]
    for table in (*deals, "opportunity", "contact", "company", *_DERIVED):
        gone[table] = gone.get(table, 0) + _delete(table, "true")
    return gone


def _tables_pointing_at(wanted: str, *names: str) -> dict[str, list[str]]:
    """Every table with a key of `wanted`, and its columns that hold one: foreign keys, and columns of these names."""
    found: dict[str, list[str]] = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            target = getattr(field.remote_field, "model", None) if field.remote_field else None
            points = target is not None and getattr(target, "_meta", None) and target._meta.db_table == wanted
            if model._meta.managed and (points or field.column in names):
                found.setdefault(model._meta.db_table, []).append(str(field.column))
    return {table: columns for table, columns in found.items() if table not in _KEPT}


def _rows_made(act: Act, made: Mapping[str, Any]) -> dict[str, int]:
    register = made["register"]
    gone = {"other_name": _by_ids("other_name", [one for ids in register.values() for one in ids], "target_id")}
    for kind in ("campaign", "platform", "source", "channel", "queue"):
        gone[kind] = _by_ids(kind, register[kind])
    gone["pool_seat"] = _by_ids("pool_seat", made["people"], "person_id")
    gone |= _people_gone(made["people"])
    gone |= forget_history(act, made["accounts"])
    gone |= _accounts_gone(made["accounts"])
    gone["definition"] = _by_ids("definition", made["definitions"])
    gone["custom_field"] = _by_ids("custom_field", made["fields"])
    return gone


def _people_gone(ids: Sequence[str]) -> dict[str, int]:
    """People with all that is kept about them, and the places that waited for somebody; others lose their manager."""
    gone: dict[str, int] = {}
    people = Person.objects.filter(Q(id__in=list(ids)) | Q(sample=True))  # and those who came in beside them
    for rows in (Vacancy.objects.filter(sample=True), people):
        for label, number in rows.delete()[1].items():
            table = apps.get_model(label)._meta.db_table
            gone[table] = gone.get(table, 0) + number
    return gone


def _accounts_gone(ids: Sequence[str]) -> dict[str, int]:
    gone: dict[str, int] = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            points = field.remote_field and field.remote_field.model is Account
            # Tables of the kernel, such as notices, know accounts by their ids alone.
            if (points or field.column == "account_id") and model is not Account:
                table = model._meta.db_table
                gone[table] = gone.get(table, 0) + _by_ids(table, ids, str(field.column))
    return gone | {"account": _by_ids("account", ids)}


def _by_ids(table: str, ids: Sequence[str], column: str = "id") -> int:
    return _delete(table, f"{column} = ANY(%s::uuid[])", list(ids))


def _delete(table: str, where: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {where}", list(params) or None)
        return int(cursor.rowcount)


def _forget_unset_workspace() -> None:
    """The row that the mark stood in goes with it, unless somebody has set the workspace up meanwhile."""
    fields = [field.attname for field in Workspace._meta.concrete_fields if field.attname not in ("id", "started_at")]
    fresh = Workspace()
    Workspace.objects.filter(**{name: getattr(fresh, name) for name in fields}).delete()


def _put_back(company: SampleCompany, at: datetime) -> None:
    """What was in force before is so again; what people put in force on the sample meanwhile is kept, retired."""
    active, retired = Definition.State.ACTIVE, Definition.State.RETIRED
    for ref, pinned in company.before.items():
        kind, slash, slug = ref.partition("/")
        if not slash:
            continue
        versions = Definition.objects.filter(kind=kind, slug=slug)
        earlier = int(pinned.rpartition("@")[2])
        versions.filter(state=active).exclude(version=earlier).update(state=retired, retired_at=at)
        versions.filter(version=earlier).update(state=active, retired_at=None)
    # Who may do what is no matter of the sample, nor is what a newer Marops brought along.
    others = Definition.objects.filter(state=active, valid_from__gt=company.began_at).exclude(kind="access")
    for one in others.exclude(author=SETUP.id):
        Definition.objects.filter(id=one.id).update(state=retired, retired_at=at)
        before = Definition.objects.filter(
            kind=one.kind, slug=one.slug, valid_from__lte=company.began_at, retired_at__gt=company.began_at
        )
        Definition.objects.filter(id__in=before.order_by("-version")[:1]).update(state=active, retired_at=None)
