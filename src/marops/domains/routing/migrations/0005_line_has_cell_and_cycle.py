"""The line of a lead knows its cell of the matrix, whether the model says MQL, and its cycle."""

from django.db import migrations, models

_SCORE = ("fit", "engagement", "value", "grade", "level", "mql")
_STAGE = ("stage", "since", "cycle")


def _kept(name: str, columns: tuple[str, ...], where: str = "") -> migrations.RunSQL:
    old, new = ", ".join(f"l.{one}" for one in columns), ", ".join(f"f.{one}" for one in columns)
    statement = (
        f"UPDATE lead_line l SET ({', '.join(columns)}) = ROW ({new}) FROM fresh f"
        f" WHERE {where}l.contact_id = f.contact_id AND ({old}) IS DISTINCT FROM ({new})"
    )
    return migrations.RunSQL(
        f"CREATE OR REPLACE FUNCTION lead_line_{name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {statement}; RETURN NULL; END $$",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("routing", "0004_lead_line_is_kept"), ("scoring", "0004_what_is_known")]

    operations = [
        migrations.AddField("leadline", "level", models.SmallIntegerField(null=True)),
        migrations.AddField("leadline", "mql", models.BooleanField(null=True)),
        migrations.AddField("leadline", "cycle", models.SmallIntegerField(null=True)),
        *(_kept(f"score_{when}", _SCORE, "f.model = 'main' AND ") for when in ("insert", "update")),
        *(_kept(f"stage_{when}", _STAGE) for when in ("insert", "update")),
        migrations.RunSQL(
            "UPDATE lead_line l SET cycle = s.cycle FROM contact_stage s WHERE s.contact_id = l.contact_id",
            migrations.RunSQL.noop,
        ),
    ]
