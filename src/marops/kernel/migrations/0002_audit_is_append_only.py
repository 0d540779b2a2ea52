"""The application's role may add to the audit trail and never change or remove an act.

Erasure removes payloads, which is why those alone may be deleted.
"""

from django.db import migrations

_REVOKE = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'marops_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON audit_row, audit_seal, audit_sealed FROM marops_app;
    REVOKE UPDATE, TRUNCATE ON audit_payload FROM marops_app;
  END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [migrations.RunSQL(_REVOKE, migrations.RunSQL.noop)]
