"""The steps of logs that AI takes part in, each piece of work with its minutes: what a metric measures people and AI by."""

from django.db import migrations

# A log counts once it became a workflow; steps that AI never touched are left out, since there is nothing to compare.
_VIEW = """
CREATE VIEW step_beside_ai AS
WITH mapped AS (
  SELECT DISTINCT ON (d.log_id) d.log_id, d.workflow FROM log_discovery d ORDER BY d.log_id, d.at DESC
), touched AS (
  SELECT n.log_id, n.position, CASE WHEN lower(n.name) LIKE 'ai%' THEN 'ai' ELSE 'human' END AS by_whom
  FROM log_name n WHERE n.kind = 'touch' AND (lower(n.name) LIKE 'ai%' OR lower(n.name) IN ('human', 'person'))
), shared AS (
  SELECT DISTINCT e.log_id, e.activity_no FROM log_event e
  JOIN mapped m ON m.log_id = e.log_id
  JOIN touched t ON t.log_id = e.log_id AND t.position = e.touch_no AND t.by_whom = 'ai'
)
SELECT e.log_id::text || '/' || e.number AS id, e.ended AS ended_at,
  (EXTRACT(epoch FROM e.ended - e.started) / 60)::double precision AS minutes,
  m.workflow || ' / ' || a.name || ' / ' || t.by_whom AS part
FROM log_event e
JOIN shared s ON s.log_id = e.log_id AND s.activity_no = e.activity_no
JOIN mapped m ON m.log_id = e.log_id
JOIN touched t ON t.log_id = e.log_id AND t.position = e.touch_no
JOIN log_name a ON a.log_id = e.log_id AND a.kind = 'activity' AND a.position = e.activity_no
WHERE e.started IS NOT NULL AND e.ended >= e.started AND NOT e.again
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0002_answers")]

    operations = [migrations.RunSQL(_VIEW, "DROP VIEW step_beside_ai")]
