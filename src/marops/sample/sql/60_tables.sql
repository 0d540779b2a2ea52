-- The rows of the tables, with the columns of the tables.
CREATE TABLE phone AS
WITH wanted AS (
    SELECT number, country, row_number() OVER (PARTITION BY country ORDER BY number) - 1 AS p FROM lead WHERE has_phone(spam, i)
)
-- Only numbers that the countries keep free for films and books: nobody can be called by them.
SELECT number, CASE
    WHEN country = 'GB' AND p < 1000 THEN '+441632960' || printf('%03d', p)
    WHEN country = 'GB' AND p < 2000 THEN '+447700900' || printf('%03d', p - 1000)
    WHEN country = 'FR' AND p < 10000 THEN '+3319900' || printf('%04d', p)
    WHEN country = 'DE' AND p < 5000 THEN ['+493023125', '+496990009', '+494066969', '+492214710', '+498999998'][1 + p % 5] || printf('%03d', p // 5)
    WHEN country = 'US' AND p < 1000 THEN '+1' || ['202', '303', '312', '404', '503', '512', '614', '617', '702', '713'][1 + p % 10] || '55501' || printf('%02d', p // 10)
    WHEN country = 'SE' AND p < 100 THEN '+468465004' || printf('%02d', p) END AS phone
FROM wanted;

CREATE MACRO folded(name) AS
    lower(strip_accents(replace(replace(replace(replace(name, 'ø', 'o'), 'Ø', 'o'), 'ß', 'ss'), 'æ', 'ae')));
CREATE MACRO firm_id(k) AS made_id(getvariable('first_day'), 210, k);

-- Where a record comes from, as the product notes it: an import (0: the website), the row of its file, and when.
CREATE MACRO origin(import, "row", moment) AS '[' || import || ', ' || "row" || ', "' || strftime(timezone('UTC', moment), '%Y-%m-%dT%H:%M:%SZ') || '"]';
CREATE MACRO provenance(import, "row", came_at, fresh_at) AS
    '{"*": ' || origin(coalesce(import, 0), coalesce("row", 1), came_at) || CASE WHEN fresh_at IS NULL THEN '}' ELSE ', "phone": ' || origin(0, 1, fresh_at) || '}' END;
-- On paper, titles are often written in capitals.
CREATE MACRO as_typed(title, listed, i) AS CASE WHEN listed AND u(205, i) < 0.04 AND regexp_matches(upper(title), '[A-Z]{5}') THEN upper(title) ELSE title END;

CREATE MACRO companies(low, high) AS TABLE
SELECT firm_id(k) AS id, getvariable('company_base') + k AS number, name, name_key, domain, 'https://' || domain AS website, industry, employees,
    country, city, '{}' AS custom, '{}' AS provenance, folded(name || ' ' || domain) AS search_text,
    getvariable('first_day') AS created_at, getvariable('first_day') AS updated_at
FROM firm WHERE k > low AND k <= high;

CREATE MACRO contacts(low, high) AS TABLE
SELECT l.id, getvariable('contact_base') + l.number AS number, given_name, family_name, given_name || ' ' || family_name AS full_name, email,
    email_domain, email_kind, false AS email_role, p.phone, as_typed(title, l.file IS NOT NULL, l.i) AS job_title, nullif(seniority, '') AS seniority,
    nullif(function, '') AS job_function, CASE WHEN email_kind = 'work' THEN firm_id(firm) END AS company_id,
    CASE WHEN email_kind <> 'disposable' THEN firm_name END AS company_name,
    CASE WHEN email_kind = 'work' THEN industry END AS industry, CASE WHEN email_kind = 'work' THEN employees END AS employees,
    country, city, language, zone, source, source_detail, campaign,
    CASE WHEN old_list THEN getvariable('old_list_at') END AS known_since,
    CASE WHEN old_list THEN getvariable('old_list_custom') ELSE '{}' END AS custom, '{}' AS originals,
    provenance(getvariable('import_base') + b.n, b."row", came_at, f.moment) AS provenance,
    folded(concat_ws(' ', given_name || ' ' || family_name, email, CASE WHEN email_kind <> 'disposable' THEN firm_name END)) AS search_text,
    came_at AS created_at, coalesce(f.moment, came_at) AS updated_at
FROM lead l LEFT JOIN phone p USING (number) LEFT JOIN brought_row b USING (number) LEFT JOIN fresh f USING (number) WHERE number > low AND number <= high;

CREATE MACRO identities(low, high) AS TABLE
SELECT id AS contact_id, 'email' AS kind, '' AS system, email AS value, came_at AS created_at FROM lead WHERE number > low AND number <= high
UNION ALL
SELECT l.id, 'phone', '', p.phone, l.came_at FROM lead l JOIN phone p USING (number) WHERE p.phone IS NOT NULL AND number > low AND number <= high;

CREATE MACRO consents(low, high) AS TABLE
SELECT made_id(s.moment, 221, s.number * 2 + s.n) AS id, l.id AS contact_id, 'email' AS channel, 'marketing' AS purpose, s.state,
    CASE WHEN s.n = 0 THEN 'form' ELSE 'link in an e-mail' END AS basis, CASE WHEN s.n = 0 THEN 'a form of the website' ELSE 'a link in the newsletter' END AS source,
    'en-1' AS wording, 'system' AS actor_kind, 'intake' AS actor_id, s.moment AS "at", s.moment AS recorded_at
FROM spoken s JOIN lead l USING (number) WHERE s.number > low AND s.number <= high;

CREATE MACRO consent_states(low, high) AS TABLE
SELECT contact_id, channel, purpose, arg_max(state, "at") AS state, arg_max(id, "at") AS entry_id, max("at") AS "at"
FROM consents(low, high) GROUP BY contact_id, channel, purpose;

CREATE MACRO passages(low, high) AS TABLE
SELECT l.id AS contact_id, p.step::INTEGER AS step, p.cycle, p.stage, p.moment AS entered_at, CASE WHEN p.passed THEN 'passed' ELSE 'reached' END AS how, p.before, p.before_since,
    getvariable('lifecycle') AS definition
FROM passage p JOIN lead l USING (number) WHERE number > low AND number <= high;

CREATE MACRO stages(low, high) AS TABLE
SELECT l.id AS contact_id, p.stage, p.moment AS since, getvariable('lifecycle') AS definition, p.cycle, a.back_at AS cycle_since, p.step::INTEGER AS step
FROM passage p JOIN lead l USING (number) LEFT JOIN again a USING (number) WHERE p.latest AND number > low AND number <= high;

CREATE MACRO dispositions(low, high) AS TABLE
WITH ends AS (SELECT d.number, n.stage_since, n.is_won, d.lead_reason FROM deal d JOIN deal_now n USING (deal) WHERE n.closed),
-- The word in force is the last one.
words AS (SELECT * FROM spoken_to WHERE said_at IS NOT NULL AND number > low AND number <= high QUALIFY row_number() OVER (PARTITION BY number ORDER BY cycle DESC) = 1)
SELECT l.id AS contact_id,
    CASE WHEN e.is_won THEN 'won' WHEN e.number IS NOT NULL OR h.given_up_at IS NOT NULL THEN 'lost' WHEN h.worked_at IS NOT NULL THEN 'working'
         WHEN h.accepted THEN 'accepted' ELSE 'rejected' END AS state,
    CASE WHEN NOT h.accepted THEN h.reason WHEN e.number IS NOT NULL AND NOT e.is_won THEN e.lead_reason WHEN h.given_up_at IS NOT NULL THEN h.why_given_up END AS reason, '' AS note,
    coalesce(e.stage_since, h.given_up_at, h.worked_at, h.said_at) AS "at", dashed(h.owner) AS "by"
FROM words h JOIN lead l USING (number) LEFT JOIN ends e USING (number);

-- The rules are asked in this order; those before the one that held were not matched.
CREATE TABLE asked_before AS
SELECT market, coalesce((SELECT string_agg('"' || m.market || '"', ', ' ORDER BY m.low) FROM market m WHERE m.low < o.low), '') AS names FROM market o
UNION ALL SELECT 'nurture', string_agg('"' || market || '"', ', ' ORDER BY low) FROM market;
CREATE MACRO deal_id(moment, number) AS made_id(moment, 156, number);

CREATE MACRO owners(low, high) AS TABLE
SELECT l.id AS contact_id, CASE WHEN h.number IS NULL THEN getvariable('nurture_id') END AS queue_id, h.owner AS owner_id,
    CASE WHEN h.number IS NULL THEN 'nurture' WHEN h.by_hand_at IS NULL THEN h.rule END AS rule,
    CASE WHEN h.by_hand_at IS NOT NULL THEN 'by hand' WHEN h.routed_at >= getvariable('moved_at') THEN getvariable('second_route') ELSE getvariable('first_route') END AS definition,
    CASE WHEN h.by_hand_at IS NOT NULL THEN '{"cause": "by_hand", "by": "' || getvariable('head') || '", "reason": "Freja has the Nordics now."}'
        WHEN h.number IS NULL THEN '{"not_matched": [' || b.names || ']}'
        ELSE '{"not_matched": [' || b.names || '], "deal": "' || dashed(deal_id(h.routed_at, h.number)) || '", "turn": ' || h.turn || '}' END AS because,
    coalesce(h.by_hand_at, h.routed_at, l.came_at + to_seconds(2)) AS routed_at
FROM lead l LEFT JOIN handled h USING (number) JOIN asked_before b ON b.market = coalesce(h.rule, 'nurture') WHERE number > low AND number <= high;

CREATE MACRO clocks(low, high) AS TABLE
WITH running AS (
    SELECT h.*, work_later(h.routed_at, 240, h.first_zone) AS remind_at, l.id FROM handled h JOIN lead l USING (number) WHERE number > low AND number <= high
)
SELECT id AS contact_id, 'first_touch' AS clock, owner AS owner_id, 'standard' AS calendar, first_zone AS zone, getvariable('second_route') AS definition,
    rule, 0 AS rounds, routed_at AS started_at, due_at, remind_at, due_at AS escalate_at,
    CASE WHEN touched_at IS NOT NULL OR due_at < getvariable('today') THEN NULL WHEN remind_at >= getvariable('today') THEN remind_at ELSE due_at END AS next_at,
    CASE WHEN remind_at < coalesce(touched_at, getvariable('today')) THEN remind_at END AS reminded_at,
    CASE WHEN due_at < coalesce(touched_at, getvariable('today')) THEN due_at END AS missed_at,
    CASE WHEN due_at < coalesce(touched_at, getvariable('today')) THEN due_at END AS escalated_at,
    touched_at AS met_at, round(minutes)::INTEGER AS minutes
FROM running;

CREATE MACRO deals() AS TABLE
SELECT d.id, getvariable('deal_base') + d.deal AS number, d.firm_name || ': ' || ['Planner', 'Planner Plus', 'Planner and Routes'][1 + d.i % 3] AS name,
    firm_id(d.firm) AS company_id, d.firm_name AS company_name, d.owner AS owner_id, n.stage, n.stage_since,
    CASE WHEN n.is_won THEN 'won' WHEN n.closed THEN 'lost' ELSE 'open' END AS state, n.amount::DECIMAL(18, 4) AS amount, 'EUR' AS currency,
    d.opened_at, d.expected_close, CASE WHEN n.closed THEN n.stage_since END AS closed_at,
    CASE WHEN n.closed AND NOT n.is_won THEN d.lost_reason END AS reason, d.source, ['Planner', 'Planner Plus', 'Planner and Routes'][1 + d.i % 3] AS product,
    '{}' AS custom, '{}' AS provenance, folded(d.firm_name) AS search_text, d.opened_at AS created_at, n.stage_since AS updated_at
FROM deal d JOIN deal_now n USING (deal);

CREATE MACRO deal_people() AS TABLE
SELECT d.id AS opportunity_id, l.id AS contact_id, 'decision maker' AS role, true AS "primary" FROM deal d JOIN lead l USING (number);

CREATE MACRO deal_moves() AS TABLE
SELECT made_id(moment, 186, deal * 8 + k) AS id, s.id AS opportunity_id, moment AS "at", before AS from_stage, stage AS to_stage, amount::DECIMAL(18, 4) AS amount,
    'EUR' AS currency, 'human' AS actor_kind, dashed(owner) AS actor_id
FROM deal_step s;

-- Every morning, where each open deal stood.
CREATE MACRO deal_lines() AS TABLE
WITH mornings AS (
    SELECT d.deal, d.id, d.owner, d.expected_close, m.day, timezone(getvariable('zone'), m.day::TIMESTAMP) AS began
    FROM deal d JOIN deal_now n USING (deal)
    JOIN morning m ON timezone(getvariable('zone'), m.day::TIMESTAMP) > d.opened_at
        AND (NOT n.closed OR timezone(getvariable('zone'), m.day::TIMESTAMP) <= n.stage_since)
)
SELECT m.day, m.id AS opportunity_id, s.stage, s.amount::DECIMAL(18, 4) AS amount, 'EUR' AS currency, m.owner AS owner_id, m.expected_close, false AS filled
FROM mornings m ASOF JOIN deal_step s ON m.deal = s.deal AND m.began >= s.moment;
