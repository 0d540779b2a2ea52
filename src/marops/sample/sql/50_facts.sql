-- Everything that happened, as the product writes it down: a macro for a span of time, so that facts are made month by
-- month and never stand anywhere all at once.
CREATE MACRO dashed(id) AS id[1:8] || '-' || id[9:12] || '-' || id[13:16] || '-' || id[17:20] || '-' || id[21:32];

CREATE MACRO missed_json(due) AS
    '{"clock": "first_touch", "due": "' || strftime(timezone('UTC', due), '%Y-%m-%dT%H:%M:%SZ') || '"}';

CREATE MACRO facts_between(a, b) AS TABLE
WITH web AS (
    SELECT t.number, t.t, t.n, t.what, t.moment, t.pages FROM touchpoint t WHERE t.moment >= a AND t.moment < b
), pages AS (
    SELECT *, unnest(range(pages)) AS p FROM web WHERE what <> 'click'
), paged AS (
    SELECT number, t, t * 32 + p AS f, moment + to_seconds((p * 41 + 30 * u(120, t * 32 + p))::BIGINT) AS moment,
        CASE WHEN p = 0 AND what = 'form' THEN 1 ELSE 1 + floor(pow(u(121, t * 32 + p), 1.5) * 12)::INTEGER END AS page FROM pages
), stepped AS (
    SELECT s.*, d.campaign_id FROM deal_step s JOIN deal d USING (deal) WHERE s.moment >= a AND s.moment < b
), events(k, f, kind, moment, number, actor_type, actor_id, subject_type, subject_id, campaign_id, definition, properties) AS (
    SELECT 130, number, 'lead.created', came_at, number, CASE WHEN form THEN 'system' ELSE 'human' END, CASE WHEN form THEN 'intake' ELSE getvariable('importer') END,
        CASE WHEN NOT form THEN 'import' END, CASE WHEN NOT form THEN (getvariable('import_base') + n)::VARCHAR END, campaign_id, NULL,
        CASE WHEN form THEN '{"via": "intake"}' ELSE '{"import": ' || getvariable('import_base') + n || '}' END
    FROM lead LEFT JOIN brought_row USING (number) WHERE came_at >= a AND came_at < b
    UNION ALL
    SELECT 155, number, 'lead.updated', moment, number, 'system', 'intake', NULL, NULL, NULL, NULL, '{"via": "intake", "fields": ["phone"]}'
    FROM fresh WHERE moment >= a AND moment < b
    UNION ALL
    SELECT 131, f, 'page.viewed', moment, number, 'system', 'intake', NULL, NULL, NULL, NULL, page_json[page] FROM paged, page_list
    UNION ALL
    SELECT 132, w.t, 'email.clicked', w.moment, w.number, 'system', 'intake', NULL, NULL, l.id, NULL,
        '{"campaign": "' || coalesce(l.slug, 'nurture') || '", "link": "link-' || 1 + w.t % 4 || '"}'
    FROM (SELECT * FROM web WHERE what = 'click') w ASOF LEFT JOIN letter l ON w.moment >= l.sent_at
    UNION ALL
    SELECT 133, t, 'form.submitted', moment + to_seconds(20), number, 'system', 'intake', NULL, NULL, NULL, NULL,
        '{"form": "' || ['newsletter', 'guide', 'demo', 'price-list', 'contact'][1 + floor(5 * u(134, t))::INTEGER] || '"}'
    FROM web WHERE what = 'form'
    UNION ALL
    SELECT 135, t, 'meeting.requested', moment + to_seconds(35), number, 'system', 'intake', NULL, NULL, NULL, NULL, '{"form": "meeting"}'
    FROM web WHERE what = 'meeting'
    UNION ALL
    SELECT 154, number * 2 + n, 'consent.recorded', moment, number, 'system', 'intake', NULL, NULL, NULL, NULL,
        '{"channel": "email", "purpose": "marketing", "state": "' || state || '"}'
    FROM spoken WHERE moment >= a AND moment < b
    UNION ALL
    SELECT 136, t, 'lead.scored', moment + to_seconds(CASE what WHEN 'click' THEN 2 ELSE 37 END), number, 'system', 'engine', NULL, NULL, NULL,
        CASE WHEN third THEN getvariable('third_model') ELSE getvariable('second_model') END,
        printf('{"model": "main", "value": %.4f, "grade": "%s", "level": %d, "fit": %.4f, "engagement": %.4f, "mql": %s, "points": {%s}}', fit + engagement,
            CASE WHEN fit >= 34 THEN 'A' WHEN fit >= 24 THEN 'B' WHEN fit >= 12 THEN 'C' ELSE 'D' END,
            CASE WHEN engagement >= 30 THEN 1 WHEN engagement >= 18 THEN 2 WHEN engagement >= 8 THEN 3 ELSE 4 END, fit::DOUBLE, engagement::DOUBLE,
            CASE WHEN fit + engagement >= 48 AND engagement >= 18 THEN 'true' ELSE 'false' END,
            concat_ws(',', nullif(fit_json, ''), CASE WHEN form > 0 THEN '"form":' || form END, CASE WHEN meeting > 0 THEN '"meeting":' || meeting END,
                CASE WHEN click > 0 THEN '"click":' || click END, CASE WHEN page > 0 THEN '"page":' || page END,
                CASE WHEN form + meeting + click + page > 50 THEN '"cap:engagement":' || round(50 - form - meeting - click - page, 4) END))
    FROM (SELECT s.*, l.fit_json FROM scored s JOIN lead l USING (number)) WHERE moment >= a AND moment < b
    UNION ALL
    SELECT 137, number * 16 + step, 'lead.stage_changed', moment, number, 'system', 'engine', NULL, NULL, NULL, getvariable('lifecycle'),
        '{"from": ' || CASE WHEN before IS NULL THEN 'null' ELSE '"' || before || '"' END || ', "to": "' || stage || '", "cycle": ' || cycle
            || CASE WHEN passed_one THEN ', "passed": ["lead"]}' ELSE '}' END
    FROM passage WHERE NOT passed AND moment >= a AND moment < b
    UNION ALL
    SELECT 138, number, 'lead.routed', came_at + to_seconds(2), number, 'system', 'engine', 'queue', getvariable('nurture_queue'), NULL,
        getvariable('first_route'), '{"queue": "' || getvariable('nurture_queue') || '", "rule": "nurture", "cause": "route"}'
    FROM lead WHERE came_at >= a AND came_at < b
    UNION ALL
    SELECT 139, number, 'lead.routed', routed_at, number, 'system', 'engine', 'account', dashed(first_owner), NULL,
        CASE WHEN routed_at >= getvariable('moved_at') THEN getvariable('second_route') ELSE getvariable('first_route') END,
        '{"owner": "' || dashed(first_owner) || '", "rule": "' || rule || '", "cause": "route"}'
    FROM handled WHERE routed_at >= a AND routed_at < b
    UNION ALL
    SELECT 140, number, 'lead.routed', by_hand_at, number, 'human', getvariable('head'), 'account', dashed(owner), NULL, 'by hand',
        '{"owner": "' || dashed(owner) || '", "rule": null, "cause": "by_hand", "by_hand": true}'
    FROM handled WHERE by_hand_at >= a AND by_hand_at < b
    UNION ALL
    SELECT 141, number * 2 + cycle, 'lead.touched', touched_at, number, 'human', dashed(owner), NULL, NULL, NULL, NULL,
        '{"channel": "' || ['call', 'call', 'email', 'email', 'email', 'meeting'][1 + floor(6 * u(142, i))::INTEGER] || '", "by": "' || dashed(owner) || '"}'
    FROM spoken_to WHERE touched_at >= a AND touched_at < b
    UNION ALL
    SELECT 143, number, 'sla.met', touched_at, number, 'system', 'engine', NULL, NULL, NULL, getvariable('second_route'),
        '{"clock": "first_touch", "minutes": ' || round(minutes)::INTEGER || '}'
    FROM handled WHERE minutes <= 480 AND touched_at >= a AND touched_at < b
    UNION ALL
    SELECT 144, number, 'sla.missed', due_at, number, 'system', 'engine', NULL, NULL, NULL, getvariable('second_route'), missed_json(due_at)
    FROM handled WHERE (minutes > 480 OR minutes IS NULL) AND due_at < getvariable('today') AND due_at >= a AND due_at < b
    UNION ALL
    SELECT 145, number, 'sla.reminded', work_later(routed_at, 240, first_zone), number, 'system', 'engine', NULL, NULL, NULL, getvariable('second_route'),
        '{"clock": "first_touch"}'
    FROM handled WHERE (minutes > 240 OR minutes IS NULL) AND work_later(routed_at, 240, first_zone) < getvariable('today')
        AND work_later(routed_at, 240, first_zone) >= a AND work_later(routed_at, 240, first_zone) < b
    UNION ALL
    SELECT 153, number, 'sla.escalated', due_at, number, 'system', 'engine', NULL, NULL, NULL, getvariable('second_route'),
        '{"to": "' || getvariable('head') || '"}'
    FROM handled WHERE (minutes > 480 OR minutes IS NULL) AND due_at < getvariable('today') AND due_at >= a AND due_at < b
    UNION ALL
    SELECT 146, number * 2 + cycle, CASE WHEN accepted THEN 'lead.accepted' ELSE 'lead.rejected' END, said_at, number, 'human', dashed(owner), NULL, NULL, NULL, NULL,
        CASE WHEN accepted THEN '{}' ELSE '{"reason": "' || reason || '"}' END
    FROM spoken_to WHERE said_at >= a AND said_at < b
    UNION ALL
    SELECT 147, number * 2 + cycle, 'lead.worked', worked_at, number, 'human', dashed(owner), NULL, NULL, NULL, NULL, '{}'
    FROM spoken_to WHERE worked_at >= a AND worked_at < b
    UNION ALL
    SELECT 158, number * 2 + cycle, 'lead.lost', given_up_at, number, 'human', dashed(owner), NULL, NULL, NULL, NULL, '{"reason": "' || why_given_up || '"}'
    FROM spoken_to WHERE given_up_at >= a AND given_up_at < b
    UNION ALL
    SELECT 148, deal, 'opportunity.created', moment, number, 'human', dashed(owner), 'opportunity', dashed(id), campaign_id, NULL,
        '{"stage": "' || stage || '", "amount": "' || amount::BIGINT || '", "currency": "EUR"}'
    FROM stepped WHERE k = 1
    UNION ALL
    SELECT 149, deal * 8 + k, 'opportunity.stage_changed', moment, number, 'human', dashed(owner), 'opportunity', dashed(id), campaign_id, NULL,
        '{"from": "' || before || '", "to": "' || stage || '", "amount": "' || amount::BIGINT || '", "currency": "EUR"}'
    FROM stepped WHERE k > 1
    UNION ALL
    SELECT 150, s.deal, CASE WHEN s.stage = 'closed_won' THEN 'opportunity.won' ELSE 'opportunity.lost' END, s.moment, s.number, 'human', dashed(s.owner),
        'opportunity', dashed(s.id), s.campaign_id, NULL,
        CASE WHEN s.stage = 'closed_won' THEN '{"amount": "' || s.amount::BIGINT || '", "currency": "EUR"}' ELSE '{"reason": "' || d.lost_reason || '"}' END
    FROM stepped s JOIN deal d USING (deal) WHERE s.stage IN ('closed_won', 'closed_lost')
    UNION ALL
    SELECT 151, s.deal, CASE WHEN s.stage = 'closed_won' THEN 'lead.won' ELSE 'lead.lost' END, s.moment, s.number, 'human', dashed(s.owner), NULL, NULL, NULL, NULL,
        CASE WHEN s.stage = 'closed_won' THEN '{}' ELSE '{"reason": "' || d.lead_reason || '"}' END
    FROM stepped s JOIN deal d USING (deal) WHERE s.stage IN ('closed_won', 'closed_lost')
)
SELECT made_id(e.moment, e.k, e.f) AS id, e.kind, e.moment AS occurred_at, e.moment AS recorded_at, l.id AS contact_id,
    e.subject_type, e.subject_id, e.actor_type, e.actor_id, e.campaign_id, 'sample' AS source, e.definition, e.properties
FROM events e JOIN lead l USING (number) WHERE e.moment < getvariable('today');
