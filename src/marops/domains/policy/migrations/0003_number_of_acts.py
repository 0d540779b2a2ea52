from django.db import migrations, models

_REVOKE = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'marops_app') THEN
    REVOKE DELETE, TRUNCATE ON ai_tally FROM marops_app;
  END IF;
END $$
"""
# Acts that were noted before there were numbers have none; those after them begin where they end.
_BEGIN = """
INSERT INTO ai_tally (of, acts, last)
SELECT of, count(*), max(at) FROM (
  SELECT 'all' AS of, at FROM audit_row WHERE object_type = 'ai_act'
  UNION ALL SELECT 'use:' || coalesce(ai_use, ''), at FROM audit_row WHERE object_type = 'ai_act'
) noted GROUP BY of
"""


class Migration(migrations.Migration):
    dependencies = [
        ("policy", "0002_drafts_of_ai"),
        ("kernel", "0007_for_whom_an_ai_wrote"),
    ]

    operations = [
        migrations.CreateModel(
            name="AiTally",
            fields=[
                ("of", models.TextField(primary_key=True, serialize=False)),
                ("acts", models.BigIntegerField()),
                ("last", models.DateTimeField()),
            ],
            options={
                "db_table": "ai_tally",
            },
        ),
        migrations.RunSQL(_REVOKE, migrations.RunSQL.noop),
        migrations.RunSQL(_BEGIN, migrations.RunSQL.noop),
    ]
