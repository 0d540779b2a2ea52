"""The record of processing (GDPR Art. 30), read off what this installation really does."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from marops.domains.consent.queries.people import purposes
from marops.domains.consent.rules.regimes import BASIS_WORDS, CHANNEL_WORDS, regimes
from marops.domains.contacts.public import contact_fields
from marops.kernel import ports
from marops.kernel.clock import iso_utc
from marops.kernel.config import config
from marops.kernel.definitions import active, load
from marops.kernel.files import LIVES
from marops.kernel.workspace import workspace


def processing(at: datetime) -> dict[str, Any]:
    """The record: who answers for it, what for, whose data, which, who gets it, for how long, how it is kept safe."""
    house = workspace()
    return {
        "at": iso_utc(at),
        "controller": {"name": house.name, "country": house.country or None},
        "purposes": [
            {
                "slug": one.slug, "version": one.pinned, "title": one.document.title, "says": one.document.says,
                "channels": [CHANNEL_WORDS[channel] for channel in one.document.channels],
                "bases": [BASIS_WORDS[basis] for basis in one.document.bases],
                "kept": f"{one.document.lasts_months} months" if one.document.lasts_months else "until taken back",
            }
            for one in purposes()
        ],
        "people": _counts(["contact"]),
        "fields": [one.label for one in contact_fields() if one.personal],
        "categories": _counts([filler.name for filler in ports.export if filler.name != "contact"]),
        "sources": _sources(),
        "recipients": [one for filler in ports.recipients for one in filler.value()],
        "retention": list(_retention()),
        "security": list(_security()),
        "rights": [
            "access", "portability", "rectification", "erasure", "restriction", "objection",
            "complaint to a supervisory authority",
        ],
        "regimes": {"version": regimes().version, "titles": [one.title for one in regimes().regimes]},
    }  # fmt: skip


_WORDS = {
    "contact": "Leads", "contact_identity": "Addresses, numbers and ids by which they are known",
    "consent_entry": "What they agreed to or refused", "consent_state": "Where that stands",
    "consent_ask": "Sign-ups to be confirmed", "consent_restriction": "Restrictions",
    "privacy_request": "What they asked of their data", "contact_score": "Scores", "contact_stage": "Stages",
    "stage_passage": "When they passed which stage", "assignment": "Who looks after them",
    "lead_sla": "Promises about them", "lead_disposition": "What sales said of them",
    "contact_quality": "Faults of their records", "comment": "Remarks", "file": "Files about them",
    "audit_payload": "What was changed about them", "intake_event": "Events from websites and programs",
    "visitor_trail": "Browsers they used", "opportunity_person": "Their part in deals",
    "webhook_delivery": "What other systems were told of them", "contact_merge": "Records that were merged",
}  # fmt: skip


def _counts(tables: list[str]) -> list[dict[str, Any]]:
    """About how many rows there are, as PostgreSQL's own statistics have it: to count all would take its time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, greatest(reltuples, 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid ="
            " relnamespace WHERE relkind = 'r' AND nspname = 'public' AND relname = ANY(%s)",
            [tables],
        )
        about = dict(cursor.fetchall())
    return [
        {"table": one, "what": _WORDS.get(one, one.replace("_", " ")), "about": about.get(one, 0)}
        for one in tables
        if one in about
    ]


def _sources() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source FROM contact WHERE source IS NOT NULL GROUP BY source ORDER BY count(*) DESC LIMIT 20"
        )
        return [source for (source,) in cursor.fetchall()]


def _retention() -> Iterator[dict[str, str]]:
    settings = config()
    for row in active("retention"):
        document = load(row)
        by = "each day, by itself" if document.runs else "when somebody starts it"
        yield {
            "what": document.title, "kept": f"{document.quiet_months} months after they were last heard of",
            "then": f"{document.then}d, {by}" if document.then == "anonymise" else f"erased, {by}",
        }  # fmt: skip
    yield {"what": "Uploaded files, refused rows and exports", "kept": f"{LIVES.days} days", "then": "deleted"}
    keep = settings.backup_keep
    yield {"what": "Backups", "kept": f"the newest {keep}" if keep else "until somebody deletes them",
           "then": "a restore erases again who was erased since"}  # fmt: skip
    yield {"what": "Addresses of erased people", "kept": "as keyed hashes, without end",
           "then": "they suppress whoever comes again with one"}  # fmt: skip
    if settings.ai_draft_days:
        yield {"what": "Words of AI drafts", "kept": f"{settings.ai_draft_days} days", "then": "let go"}


def _security() -> Iterator[str]:
    settings = config()
    yield (
        "Pages are served over HTTPS."
        if settings.address.startswith("https://")
        else "Pages are served over HTTP; HTTPS is set by MAROPS_BASE_URL."
    )
    yield (
        "The database is the workspace's own, reachable through a private socket alone."
        if not settings.database_url
        else "The database is another server's, reached by the address in the settings."
    )
    yield "Everybody signs in; what they see and do follows their role, and programs have keys with fewer rights."
    yield "Every change is recorded with who made it, in a chain that shows whether somebody tampered with it."
    yield "Facts and logs hold ids and codes; names, addresses and numbers stand in the database alone."
    yield "Secrets of other systems are kept encrypted; erased addresses are kept as keyed hashes."


def as_markdown(record: dict[str, Any]) -> str:
    """The record as Markdown."""
    lines = [
        "# Record of processing activities",
        "",
        f"GDPR Art. 30. {record['controller']['name']}, {record['controller']['country'] or 'country not set'}."
        f" Read off the installation at {record['at']}.",
        "",
        "## Purposes and lawful bases",
        "",
        "| purpose | what for | channels | rests on | a yes holds |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {one['title']} | {one['says']} | {', '.join(one['channels'])} | {', '.join(one['bases'])} |"
            f" {one['kept']} |"
            for one in record["purposes"]
        ),
        "",
        "## Whose data, and which",
        "",
        f"Leads and contacts of companies: about {record['people'][0]['about'] if record['people'] else 0:,}. Personal"
        f" fields: {', '.join(record['fields']).lower()}.",
        "",
        *(f"- {one['what']}: about {one['about']:,} rows" for one in record["categories"] if one["about"]),
        "",
        f"They came from: {', '.join(record['sources']) or 'nowhere yet'}.",
        "",
        "## Who gets it",
        "",
        *(f"- {one['name']} ({one['where']}): {one['what']}; {one['why']}" for one in record["recipients"]),
        *(["Nobody outside."] if not record["recipients"] else []),
        "",
        "## For how long",
        "",
        *(f"- {one['what']}: {one['kept']}, then {one['then']}" for one in record["retention"]),
        "",
        "## How it is kept safe",
        "",
        *(f"- {one}" for one in record["security"]),
        "",
        "## What people may ask for",
        "",
        f"{', '.join(record['rights']).capitalize()}. Deadlines by {', '.join(record['regimes']['titles'])}"
        f" (list of regimes, version {record['regimes']['version']}).",
        "",
    ]
    return "\n".join(lines)
