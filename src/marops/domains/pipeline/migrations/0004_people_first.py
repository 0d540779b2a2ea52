"""`contact_pipeline` without a second look at who takes part: a handful of people never costs a scan of all deals."""

from django.db import migrations

_VIEW = """
CREATE OR REPLACE VIEW contact_pipeline AS
SELECT c.id AS contact_id, a.open, a.won, a.lost, a.stage, a.amount, a.currency, a.last_change
FROM contact c CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE o.state = 'open')::integer AS open,
    count(*) FILTER (WHERE o.state = 'won')::integer AS won,
    count(*) FILTER (WHERE o.state = 'lost')::integer AS lost,
    (array_agg(o.stage ORDER BY o.state = 'open' DESC, o.state = 'won' DESC, coalesce(s.place, 0) DESC, o.stage))[1]
      AS stage,
    CASE WHEN min(o.currency) FILTER (WHERE o.state = 'open' AND o.amount IS NOT NULL)
            = max(o.currency) FILTER (WHERE o.state = 'open' AND o.amount IS NOT NULL)
      THEN sum(o.amount) FILTER (WHERE o.state = 'open') END AS amount,
    CASE WHEN min(o.currency) FILTER (WHERE o.state = 'open' AND o.amount IS NOT NULL)
            = max(o.currency) FILTER (WHERE o.state = 'open' AND o.amount IS NOT NULL)
      THEN min(o.currency) FILTER (WHERE o.state = 'open' AND o.amount IS NOT NULL) END AS currency,
    max(o.updated_at) AS last_change
  FROM opportunity_person p JOIN opportunity o ON o.id = p.opportunity_id
  LEFT JOIN pipeline_stage s ON s.name = o.stage
  WHERE p.contact_id = c.id GROUP BY p.contact_id
) a
"""


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0003_moves")]

    operations = [migrations.RunSQL(_VIEW, migrations.RunSQL.noop)]
