"""The view that tells when each value of a person was last given by a source."""

from django.db import migrations

_FIELDS = ("email", "phone", "mobile", "job_title", "company_name", "country", "city", "street")
_AT = ", ".join(
    f"CASE WHEN c.{name} IS NOT NULL THEN"
    f" coalesce(c.provenance #>> '{{{name},2}}', c.provenance #>> '{{*,2}}')::timestamptz END AS {name}_at"
    for name in _FIELDS
)
_VIEW = f"CREATE VIEW contact_confirmed AS SELECT c.id AS contact_id, {_AT} FROM contact c"


class Migration(migrations.Migration):
    dependencies = [("contacts", "0010_matches")]

    operations = [migrations.RunSQL(_VIEW, "DROP VIEW contact_confirmed")]
