"""Each figure of each truth, measured in the tables and the lake by SQL that knows nothing of how it was made."""

_CLOSED = "kind IN ('lead.accepted', 'lead.rejected')"

MEASURES = {
    ("source-inflates-scores", "share accepted"): f"""
        SELECT c.source AS who, avg((f.kind = 'lead.accepted')::INT) AS found
        FROM facts f JOIN pg.public.contact c ON c.id = f.contact_id WHERE f.{_CLOSED} GROUP BY 1""",
    ("source-inflates-scores", "clicks per lead"): """
        SELECT c.source AS who, count(f.id) / count(DISTINCT c.id) AS found FROM pg.public.contact c
        LEFT JOIN facts f ON f.contact_id = c.id AND f.kind = 'email.clicked' GROUP BY 1""",
    ("route-out-of-date", "share handed over by hand"): """
        WITH routed AS (
            SELECT contact_id, (properties->>'rule') AS by_rule FROM facts WHERE kind = 'lead.routed'
            AND (properties->>'cause') = 'route' AND (properties->>'owner') IS NOT NULL
            AND occurred_at >= now_ - INTERVAL 205 DAY AND occurred_at < now_ - INTERVAL 5 DAY
        ), handed AS (
            SELECT DISTINCT contact_id FROM facts WHERE kind = 'lead.routed' AND (properties->>'cause') = 'by_hand'
        )
        SELECT r.by_rule AS who, avg((h.contact_id IS NOT NULL)::INT) AS found
        FROM routed r LEFT JOIN handed h USING (contact_id) GROUP BY 1""",
    ("legal-on-tuesdays", "share of all waiting"): """
        WITH waits AS (
            SELECT activity, epoch(started_at) - epoch(enabled_at) AS waited FROM facts WHERE kind = 'task.finished'
        )
        SELECT activity AS who, sum(waited) / (SELECT sum(waited) FROM waits) AS found FROM waits GROUP BY 1""",
    ("legal-on-tuesdays", "share begun on a Tuesday"): """
        SELECT activity AS who, avg((isodow(timezone('Europe/Berlin', started_at)) = 2)::INT) AS found
        FROM facts WHERE kind = 'task.finished' GROUP BY 1 HAVING count(*) > 25""",
    ("platform-nobody-uses", "days since anybody used it"): """
        SELECT platform AS who, date_diff('day', max(occurred_at), now_) AS found FROM facts
        WHERE kind = 'platform.used' GROUP BY 1""",
    ("platform-nobody-uses", "paid in the last 270 days"): """
        SELECT platform AS who, sum(cost)::DOUBLE AS found FROM facts
        WHERE kind = 'platform.billed' AND occurred_at >= now_ - INTERVAL 270 DAY GROUP BY 1""",
    ("list-with-stale-titles", "share of rejections for the wrong person"): """
        SELECT coalesce(c.source_detail, c.source) AS who,
            avg(((f.properties->>'reason') = 'wrong_person')::INT) AS found
        FROM facts f JOIN pg.public.contact c ON c.id = f.contact_id WHERE f.kind = 'lead.rejected'
        GROUP BY 1 HAVING count(*) >= 30 OR any_value(c.source_detail) LIKE '%visitor list'""",
    ("list-with-stale-titles", "age of titles in days"): """
        SELECT source_detail AS who, avg(date_diff('day', known_since, now_)) AS found FROM pg.public.contact
        WHERE known_since IS NOT NULL GROUP BY 1""",
    ("seller-sits-on-leads", "share of promises kept"): """
        SELECT split_part(a.email, '@', 1) AS who, avg((f.kind = 'sla.met')::INT) AS found
        FROM facts f JOIN pg.public.assignment s ON s.contact_id = f.contact_id
        JOIN pg.public.account a ON a.id = s.owner_id
        WHERE f.kind IN ('sla.met', 'sla.missed') AND s.definition <> 'by hand' AND NOT (a.email LIKE 'jonas%')
        GROUP BY 1""",
    ("seller-sits-on-leads", "median working minutes to first touch"): """
        SELECT split_part(a.email, '@', 1) AS who, median(s.minutes) AS found
        FROM pg.public.lead_sla s JOIN pg.public.account a ON a.id = s.owner_id
        JOIN pg.public.assignment o ON o.contact_id = s.contact_id AND o.definition <> 'by hand'
        WHERE s.minutes IS NOT NULL GROUP BY 1""",
    ("robot-in-the-forms", "share of throw-away addresses in that week"): """
        SELECT source AS who, avg((email_kind = 'disposable')::INT) AS found FROM pg.public.contact
        WHERE created_at >= now_ - INTERVAL 140 DAY AND created_at < now_ - INTERVAL 133 DAY GROUP BY 1""",
    ("partners-win", "share of closed deals won"): """
        SELECT source AS who, avg((state = 'won')::INT) AS found FROM pg.public.opportunity
        WHERE state <> 'open' GROUP BY 1 HAVING count(*) >= 20""",
}
