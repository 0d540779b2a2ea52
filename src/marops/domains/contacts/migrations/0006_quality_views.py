"""Numbers for fixes, and the view by which a rule can ask for the faults of others."""

from django.db import migrations

_VIEW = """
CREATE VIEW contact_fault AS
SELECT q.contact_id, split_part(split_part(f, '@', 1), '/', 2) AS rule, f AS definition
FROM contact_quality q, jsonb_array_elements_text(q.faults) f
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_quality_work")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE quality_fix_number", "DROP SEQUENCE quality_fix_number"),
        migrations.RunSQL(_VIEW, "DROP VIEW contact_fault"),
    ]
