"""Numbers for references; and the trigger that makes a delivery of every fact that an endpoint wants to be told of.

It runs in the transaction that writes the fact: a delivery exists exactly if the fact does.
"""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE webhook_number;
CREATE FUNCTION webhook_fan_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM webhook_endpoint WHERE active OR stopped_because <> '') THEN
    INSERT INTO webhook_delivery (id, endpoint_id, fact_id, kind, contact_id, payload, created_at, next_at)
    SELECT md5(f.id::text || e.id::text)::uuid, e.id, f.id, f.kind, f.contact_id,
      jsonb_build_object(
        'type', f.kind,
        'timestamp', to_char(f.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'data', jsonb_strip_nulls(jsonb_build_object(
          'id', f.id, 'contact_id', f.contact_id, 'subject_type', f.subject_type, 'subject_id', f.subject_id,
          'actor_type', f.actor_type, 'actor_id', f.actor_id, 'source', f.source, 'definition', f.definition,
          'properties', f.properties))),
      f.recorded_at, f.recorded_at
    FROM fresh f JOIN webhook_endpoint e ON (e.active OR e.stopped_because <> '') AND CASE
      WHEN f.kind = 'webhook.tested' THEN f.subject_id = e.id::text
      ELSE e.kinds @> jsonb_build_array(f.kind) OR e.kinds @> '["*"]' END
    ON CONFLICT (id) DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER webhook_fan_out AFTER INSERT ON fact_inbox REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION webhook_fan_out();
"""
BACKWARD = """
DROP TRIGGER webhook_fan_out ON fact_inbox;
DROP FUNCTION webhook_fan_out();
DROP SEQUENCE webhook_number;
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial"), ("kernel", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
