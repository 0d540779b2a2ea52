"""Numbers for references, and the view by which a company's fields stand beside its people."""

from django.db import migrations

_VIEW = """
CREATE VIEW contact_company AS
SELECT c.id AS contact_id, o.id AS company_id, o.name, o.domain, o.website, o.industry, o.employees, o.country, o.city
FROM contact c JOIN company o ON o.id = c.company_id
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE contact_number", "DROP SEQUENCE contact_number"),
        migrations.RunSQL("CREATE SEQUENCE company_number", "DROP SEQUENCE company_number"),
        migrations.RunSQL(_VIEW, "DROP VIEW contact_company"),
    ]
