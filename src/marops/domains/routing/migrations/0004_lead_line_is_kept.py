"""The database keeps `lead_line`: each statement that changes a contact, score, stage or owner changes its line too."""

from django.db import migrations

_NAME = "coalesce(f.full_name, f.email, 'L-' || f.number)"
_CONTACT = f"{_NAME}, f.company_name, f.country, f.source"
_LINES = "(l.full_name, l.company_name, l.country, l.source)"

# name, table, when, the statement over the rows that changed (`fresh`, or `gone` where they were deleted)
_KEPT = [
    (
        "contact_in",
        "contact",
        "INSERT",
        "INSERT INTO lead_line (contact_id, number, full_name, company_name, country, source, created_at)"
        f" SELECT f.id, f.number, {_CONTACT}, f.created_at FROM fresh f ON CONFLICT (contact_id) DO NOTHING",
    ),
    (
        "contact_changed",
        "contact",
        "UPDATE",
        f"UPDATE lead_line l SET (full_name, company_name, country, source) = ROW ({_CONTACT}) FROM fresh f"
        f" WHERE l.contact_id = f.id AND {_LINES} IS DISTINCT FROM ({_CONTACT})",
    ),
    ("contact_gone", "contact", "DELETE", "DELETE FROM lead_line l USING gone g WHERE l.contact_id = g.id"),
    *(
        (
            f"score_{when.lower()}",
            "contact_score",
            when,
            "UPDATE lead_line l SET fit = f.fit, engagement = f.engagement, value = f.value, grade = f.grade"
            " FROM fresh f WHERE f.model = 'main' AND l.contact_id = f.contact_id",
        )
        for when in ("INSERT", "UPDATE")
    ),
    *(
        (
            f"stage_{when.lower()}",
            "contact_stage",
            when,
            "UPDATE lead_line l SET stage = f.stage, since = f.since FROM fresh f WHERE l.contact_id = f.contact_id",
        )
        for when in ("INSERT", "UPDATE")
    ),
    *(
        (
            f"owner_{when.lower()}",
            "assignment",
            when,
            "UPDATE lead_line l SET owner_id = f.owner_id, routed_at = f.routed_at, queue = q.slug"
            " FROM fresh f LEFT JOIN queue q ON q.id = f.queue_id WHERE l.contact_id = f.contact_id",
        )
        for when in ("INSERT", "UPDATE")
    ),
    (
        "owner_gone",
        "assignment",
        "DELETE",
        "UPDATE lead_line l SET owner_id = NULL, routed_at = NULL, queue = NULL FROM gone g"
        " WHERE l.contact_id = g.contact_id",
    ),
]


def _make(name: str, table: str, when: str, statement: str) -> migrations.RunSQL:
    rows = "OLD TABLE AS gone" if when == "DELETE" else "NEW TABLE AS fresh"
    return migrations.RunSQL(
        f"CREATE FUNCTION lead_line_{name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {statement}; RETURN NULL; END $$;"
        f" CREATE TRIGGER lead_line_{name} AFTER {when} ON {table} REFERENCING {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION lead_line_{name}()",
        f"DROP TRIGGER lead_line_{name} ON {table}; DROP FUNCTION lead_line_{name}()",
    )


_FILL = f"""
INSERT INTO lead_line (contact_id, number, full_name, company_name, country, source, created_at, fit, engagement,
  value, grade, stage, since, queue, owner_id, routed_at)
SELECT f.id, f.number, {_CONTACT}, f.created_at, s.fit, s.engagement, s.value, s.grade, st.stage, st.since, o.queue,
  o.owner_id, o.routed_at
FROM contact f LEFT JOIN main_score s ON s.contact_id = f.id LEFT JOIN contact_stage st ON st.contact_id = f.id
  LEFT JOIN lead_owner o ON o.contact_id = f.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0003_lead_line"),
        ("contacts", "0003_quality"),
        ("scoring", "0002_main_score"),
        ("register", "0001_initial"),
    ]

    operations = [*(_make(*one) for one in _KEPT), migrations.RunSQL(_FILL, migrations.RunSQL.noop)]
