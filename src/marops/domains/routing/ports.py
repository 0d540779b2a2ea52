"""What routing contributes when people are merged or erased."""

from marops.kernel import persons

# Makes the lines of some leads anew: no trigger sees that a score or a stage was taken away.
_LINE_AGAIN = """
UPDATE lead_line l SET fit = s.fit, engagement = s.engagement, value = s.value, grade = s.grade,
  level = s.level, mql = s.mql, stage = st.stage, cycle = st.cycle,
  since = st.since, queue = q.slug, owner_id = o.owner_id, routed_at = o.routed_at
FROM contact c
LEFT JOIN contact_score s ON s.contact_id = c.id AND s.model = 'main'
LEFT JOIN contact_stage st ON st.contact_id = c.id
LEFT JOIN assignment o ON o.contact_id = c.id LEFT JOIN queue q ON q.id = o.queue_id
WHERE l.contact_id = c.id AND c.id = ANY(%(ids)s)
"""


def fill() -> None:
    """Fill the ports `merge`, `unmerge` and `erase` for the tables of routing."""
    persons.fill("assignment", persons.rows("assignment"))
    persons.fill("lead_line", persons.derived("lead_line", refresh=_LINE_AGAIN), order=90)
    persons.fill("lead_sla", persons.rows("lead_sla", per=("clock",)))
    # What was said last of either is what stands.
    later = persons.rows("lead_disposition", takes_over="loser.at > winner.at")
    persons.fill("lead_disposition", later)
