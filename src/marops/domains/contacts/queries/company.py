"""One company: who works there as far as a reader may see, how they stand, and what happened with them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.accounts.public import names, sees
from marops.domains.contacts.models import Company
from marops.domains.contacts.permissions import visible, visible_sql
from marops.domains.contacts.rules.quality import slug_of
from marops.engine.asking import query_engine
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, load
from marops.kernel.facts import fact_kinds
from marops.kernel.fields import REGISTRY
from marops.kernel.permissions import grants

PEOPLE = 25
TOLD, READ = 50, 500
_ASKED = 1_000
# What the engine works out about one person is no news about the company.
_NO_NEWS = ("lead.scored", "contact.quality_changed")
# What other domains know of a person, by the names under which they registered it; what nobody registered is left out.
_BESIDE = {
    "stage": "stage.name",
    "value": "score.value",
    "grade": "score.grade",
    "queue": "owner.queue",
    "owner": "owner.account",
    "quality": "quality.score",
}


def people_of(company: Company, actor: Actor) -> list[dict[str, Any]]:
    """The people of a company whom the actor may see, the best scores first, with stage, owner and quality."""
    columns, joins = _beside()
    # Whoever has no score yet comes last.
    order = "s.value DESC NULLS LAST, " if "value" in columns else ""
    chosen = "".join(f", {expression} AS {name}" for name, expression in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.* FROM (SELECT c.number, c.id, c.full_name, c.email, c.job_title, c.seniority, c.country,"
            f" f.faults{chosen} FROM contact c LEFT JOIN contact_quality f ON f.contact_id = c.id {joins}"
            f" WHERE c.company_id = %s AND {visible_sql(actor, alias='c')}) s ORDER BY {order}s.number LIMIT %s",
            [company.id, _ASKED],
        )
        titles = [column.name for column in cursor.description or ()]
        rows = [dict(zip(titles, row, strict=True)) for row in cursor.fetchall()]
    return _named(rows, personal=sees("personal", grants(actor)))


def count_of(company: Company, actor: Actor, people: Sequence[Any]) -> int:
    """How many of the company's people the actor may see; `people` are those that were read, up to the limit."""
    if len(people) < _ASKED:
        return len(people)
    return visible(actor).filter(company=company).count()


def _beside() -> tuple[dict[str, str], str]:
    """Columns of other domains, and the joins they need."""
    columns: dict[str, str] = {}
    joins: dict[str, str] = {}
    for name, field in _BESIDE.items():
        if found := REGISTRY.find_field(field):
            relation = REGISTRY.find_relation(found.relation)
            alias = f"j_{relation.name}"
            joins[alias] = f'LEFT JOIN "{relation.postgres}" {alias} ON {alias}."{relation.key}" = c.id'
            columns[name] = f'{alias}."{found.column}"'
    return columns, " ".join(joins.values())


def _named(rows: list[dict[str, Any]], *, personal: bool) -> list[dict[str, Any]]:
    stages, queues = _words_of("stage.name"), _words_of("owner.queue")
    people = names(sorted({str(row["owner"]) for row in rows if row.get("owner")}))
    told = []
    for row in rows:  # as many as a page shows, to say in words what stands in their columns
        ref = f"L-{row['number']}"
        owner, queue = row.get("owner"), row.get("queue")
        told.append(
            row
            | {
                "ref": ref,
                "name": (row["full_name"] or row["email"] or ref) if personal else ref,
                "stage_words": stages.get(row.get("stage") or "", row.get("stage") or ""),
                "owner_name": people.get(str(owner), "") if owner else queues.get(queue or "", queue or ""),
                "owner_kind": "person" if owner else "queue" if queue else "",
            }
        )
    return told


def _words_of(field: str) -> dict[str, str]:
    found = REGISTRY.find_field(field)
    return {choice.value: choice.label for choice in found.known_choices()} if found else {}


def standing(people: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How these people stand: by stage, owner and grade, and the quality of their records with its commonest faults."""
    checked = [one["quality"] for one in people if one.get("quality") is not None]
    return {
        "stages": _counted((one["stage_words"] for one in people), order=list(_words_of("stage.name").values())),
        "owners": _counted(one["owner_name"] for one in people),
        "grades": _counted((one.get("grade") or "" for one in people), order=[*"ABCDEF"]),
        "quality": round(sum(checked) / len(checked), 1) if checked else None,
        "faults": _faults(people),
        "best": max((float(one["value"]) for one in people if one.get("value") is not None), default=None),
    }


def _counted(values: Iterable[str], *, order: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Values with how many have them: in the order given, else the commonest first; nothing counts as ''."""
    found = Counter(values)
    keys = sorted(found, key=lambda key: (order.index(key) if key in order else len(order), -found[key], key))
    return [{"name": key, "contacts": found[key]} for key in keys]


def _faults(people: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    import json

    found: Counter[str] = Counter()
    for one in people:
        kept = one["faults"]
        found.update(slug_of(pinned) for pinned in (json.loads(kept) if isinstance(kept, str) else kept or ()))
    titles = {row.slug: load(row).title for row in active("quality")}
    return [{"rule": slug, "title": titles.get(slug, slug), "contacts": n} for slug, n in found.most_common(8)]


def facts_about(ids: Sequence[UUID], *, limit: int) -> list[dict[str, Any]]:
    """The newest facts about these people."""
    if not ids:
        return []
    listed = ", ".join(f"'{one}'::UUID" for one in ids)
    quiet = ", ".join(f"'{kind}'" for kind in _NO_NEWS)
    return query_engine().rows(
        "SELECT id, kind, occurred_at, contact_id, actor_type, actor_id, source, definition, properties, subject_type,"
        f" subject_id FROM facts_of([{listed}]::UUID[]) WHERE kind NOT IN ({quiet})"
        f" ORDER BY occurred_at DESC, id DESC LIMIT {int(limit)}"
    )


def timeline(people: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What happened with these people, in words, the newest first; what befell several in a row is told once."""
    lines: list[dict[str, Any]] = []
    for one in _told(people):
        last = lines[-1] if lines else None
        if last and last["says"] == one["says"] and last["at"].date() == one["at"].date():
            last["others"] |= {one["ref"]} - {last["ref"]}
        elif len(lines) == TOLD:
            break
        else:
            lines.append(one | {"others": set()})
    return lines


def _told(people: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = {one["id"]: one for one in people}
    return [
        {
            "at": fact["occurred_at"],
            "kind": fact["kind"],
            "says": _says(fact),
            "actor": fact["actor_type"],
            "ref": known[fact["contact_id"]]["ref"],
            "name": known[fact["contact_id"]]["name"],
        }
        for fact in facts_about(list(known), limit=READ)
    ]


def _says(fact: Mapping[str, Any]) -> str:
    kind = fact["kind"]
    if kind in ports.timeline:
        return str(ports.timeline[kind](fact))
    known = fact_kinds().get(kind)
    return known.says if known else str(kind)
