-- What sales does about those who qualified: who gets them, when they are first spoken to, what becomes of them.
CREATE TABLE routed AS
WITH asked AS (
    SELECT q.number, l.i, l.market, l.source, l.fit, l.old_list, l.spam, l.accepted AS accepts_source, l.won AS won_share, l.seniority,
        q.moment AS mql_at, q.moment + to_seconds(2 + (20 * u(60, l.i))::BIGINT) AS routed_at
    FROM qualified q JOIN lead l USING (number)
), weighed AS (
    -- A draw of lots with weights; who is away draws only against others who are away.
    SELECT a.*, p.seller, p.rule, -ln(greatest(u(100 + p.seller, a.i), 1e-12)) / p.weight AS lot,
        (SELECT max(x.ends) FROM absence x WHERE x.seller = p.seller AND a.routed_at >= x.starts AND a.routed_at < x.ends) AS away_until
    FROM asked a JOIN pool p ON p.market = a.market AND a.routed_at >= p.since
)
SELECT number, i, market, source, fit, old_list, spam, accepts_source, won_share, seniority, mql_at, routed_at,
    arg_min(seller, (away_until IS NOT NULL, lot)) AS seller, arg_min(rule, (away_until IS NOT NULL, lot)) AS rule,
    arg_min(away_until, (away_until IS NOT NULL, lot)) AS away_until
FROM weighed GROUP BY ALL;

CREATE TABLE handled AS
WITH moved AS (
    -- Since the Nordics changed hands, the rule sends them to who covered them before; somebody notices, mostly.
    SELECT r.*, r.market = 'nordics' AND r.routed_at >= getvariable('moved_at') AS misled,
        r.market = 'nordics' AND r.routed_at >= getvariable('moved_at') AND u(61, r.i) < 0.72 AS noticed FROM routed r
), given AS (
    SELECT m.*, s.account AS first_owner, s.zone AS first_zone, CASE WHEN noticed THEN work_later(routed_at, around(1100, 0.5, 62, m.i), s.zone) END AS by_hand_at
    FROM moved m JOIN seller s ON s.seller = m.seller
), owned AS (
    SELECT g.*, CASE WHEN g.by_hand_at < getvariable('today') THEN getvariable('covers') ELSE g.seller END AS owner_i,
        greatest(g.routed_at, coalesce(g.away_until, g.routed_at), CASE WHEN g.by_hand_at < getvariable('today') THEN g.by_hand_at ELSE g.routed_at END) AS begins
    FROM given g
), touched AS (
    SELECT o.* EXCLUDE (by_hand_at), CASE WHEN o.by_hand_at < getvariable('today') THEN o.by_hand_at END AS by_hand_at,
        s.account AS owner, s.zone, s.accepts,
        CASE WHEN u(64, o.i) >= CASE WHEN s.slow THEN 0.2 ELSE 0.015 END
             THEN work_later(o.begins, around(s.minutes * CASE WHEN o.misled AND NOT o.noticed THEN 7 ELSE 1 END, 0.7, 65, o.i), s.zone) END AS touched_at
    FROM owned o JOIN seller s ON s.seller = o.owner_i
), said AS (
    SELECT t.*, work_later(t.touched_at, 45 + around(500, 0.8, 68, t.i), t.zone) AS said_at,
        u(70, t.i) < t.accepts_source * t.fit * t.accepts
            * CASE WHEN t.old_list THEN 0.45 WHEN t.spam THEN 0.02 ELSE 1 END
            * CASE WHEN work_between(t.routed_at, t.touched_at, t.zone) > 960 THEN 0.8 ELSE 1 END AS accepted
    FROM touched t
), reasoned AS (
    SELECT s.*, CASE
        WHEN s.old_list AND u(71, s.i) < 0.66 THEN 'wrong_person'
        WHEN s.spam THEN 'other'
        WHEN s.source = 'content_syndication' AND u(71, s.i) < 0.5 THEN 'no_need'
        ELSE ['no_need', 'no_need', 'no_need', 'no_budget', 'no_budget', 'no_fit', 'no_fit', 'wrong_person', 'not_reachable', 'not_reachable',
              'too_early', 'too_early', 'too_early', 'duplicate'][1 + floor(14 * u(72, s.i))::INTEGER] END AS drawn_reason,
        CASE WHEN s.accepted AND u(73, s.i) < 0.86 THEN work_later(s.said_at, around(620, 0.7, 74, s.i), s.zone) END AS worked_at
    FROM said s
)
SELECT r.* EXCLUDE (touched_at, said_at, worked_at, drawn_reason),
    CASE WHEN touched_at < getvariable('today') THEN touched_at END AS touched_at,
    CASE WHEN said_at < getvariable('today') THEN said_at END AS said_at,
    CASE WHEN worked_at < getvariable('today') THEN worked_at END AS worked_at,
    CASE WHEN NOT accepted THEN drawn_reason END AS reason,
    -- The clock of the first touch; it starts anew when a person hands the lead over.
    coalesce(by_hand_at, routed_at) AS clock_at, work_later(coalesce(by_hand_at, routed_at), 480, zone) AS due_at,
    CASE WHEN touched_at < getvariable('today') THEN work_between(coalesce(by_hand_at, routed_at), touched_at, zone) END AS minutes,
    CASE WHEN by_hand_at > work_later(routed_at, 480, first_zone) THEN work_later(routed_at, 480, first_zone) END AS first_missed_at
FROM reasoned r;

CREATE TABLE deal AS
WITH opened AS (
    SELECT h.number, h.i, h.owner, h.zone, h.market, h.won_share * h.fit AS wins, work_later(h.worked_at, around(1500, 0.6, 80, h.i), h.zone) AS opened_at,
        l.firm, l.firm_name, l.employees, l.source, l.campaign_id
    FROM handled h JOIN lead l USING (number) WHERE h.worked_at IS NOT NULL AND u(82, h.i) < 0.52
), drawn AS (
    SELECT o.*, u(83, i) < wins AS won, 1 + (u(84, i) > 0.25)::INTEGER + (u(84, i) > 0.5)::INTEGER + (u(84, i) > 0.8)::INTEGER AS loses_at,
        [around(11, 0.5, 85, i), around(19, 0.5, 87, i), around(15, 0.5, 89, i), around(12, 0.5, 91, i)] AS days
    FROM opened o WHERE opened_at < getvariable('today')
)
SELECT *, row_number() OVER (ORDER BY opened_at, number) AS deal, made_id(opened_at, 93, i) AS id,
    round(around(2500 + 900 * sqrt(employees), 0.5, 94, i) / 100) * 100 AS amount,
    (opened_at + to_days(90 + (60 * u(96, i))::INTEGER))::DATE AS expected_close,
    ['price', 'no_decision', 'competitor', 'timing'][1 + floor(4 * u(97, i))::INTEGER] AS lost_reason,
    ['no_budget', 'too_early', 'other', 'too_early'][1 + floor(4 * u(97, i))::INTEGER] AS lead_reason
FROM drawn;

CREATE TABLE deal_step AS
WITH steps AS (
    SELECT d.deal, d.number, d.id, d.i, d.owner, d.amount, d.won, s.k,
        CASE WHEN s.k <= CASE WHEN d.won THEN 4 ELSE d.loses_at END
             THEN ['qualification', 'needs_analysis', 'proposal', 'negotiation'][s.k]
             WHEN d.won THEN 'closed_won' ELSE 'closed_lost' END AS stage,
        d.opened_at + to_seconds((86400 * coalesce(list_sum(d.days[1:s.k - 1]), 0))::BIGINT) AS drawn_at, d.zone
    FROM deal d, range(1, 6) s(k) WHERE s.k <= CASE WHEN d.won THEN 5 ELSE d.loses_at + 1 END
), timed AS (
    -- Deals move in working hours.
    SELECT * EXCLUDE (drawn_at), CASE WHEN k = 1 THEN drawn_at ELSE work_later(drawn_at, 30 + 300 * u(98, i * 8 + k), zone) END AS moment FROM steps
)
SELECT *, lag(stage) OVER (PARTITION BY deal ORDER BY k) AS before, lead(moment) OVER (PARTITION BY deal ORDER BY k) AS until
FROM timed WHERE moment < getvariable('today');

CREATE TABLE deal_now AS
SELECT d.deal, s.stage, s.moment AS stage_since, s.stage IN ('closed_won', 'closed_lost') AS closed, s.stage = 'closed_won' AS is_won
FROM deal d JOIN (SELECT DISTINCT ON (deal) deal, stage, moment FROM deal_step ORDER BY deal, k DESC) s USING (deal);

-- The way through the lifecycle, as the rules of the lifecycle would have moved them.
CREATE TABLE passage AS
WITH reached AS (
    SELECT number, came_at AS moment, 'lead' AS stage, 1 AS rank FROM lead
    UNION ALL SELECT number, mql_at, 'mql', 2 FROM handled
    UNION ALL SELECT number, said_at, 'sal', 3 FROM handled WHERE accepted AND said_at IS NOT NULL
    UNION ALL SELECT number, worked_at, 'sql', 4 FROM handled WHERE worked_at IS NOT NULL
    UNION ALL SELECT number, opened_at, 'opportunity', 5 FROM deal
    UNION ALL SELECT number, moment, 'customer', 6 FROM deal_step WHERE stage = 'closed_won'
    UNION ALL SELECT number, said_at, CASE WHEN reason IN ('too_early', 'no_budget', 'not_reachable') THEN 'recycled' ELSE 'disqualified' END, 7
        FROM handled WHERE NOT accepted AND said_at IS NOT NULL
    UNION ALL SELECT s.number, s.moment, CASE WHEN d.lead_reason = 'other' THEN 'disqualified' ELSE 'recycled' END, 8
        FROM deal_step s JOIN deal d USING (deal) WHERE s.stage = 'closed_lost'
)
SELECT number, stage, moment, row_number() OVER w AS step, lag(stage) OVER w AS before, lag(moment) OVER w AS before_since,
    row_number() OVER (PARTITION BY number ORDER BY rank DESC) = 1 AS latest
FROM reached WINDOW w AS (PARTITION BY number ORDER BY rank);

-- Who said no is left in peace: no letters, no forms; a visit now and then.
CREATE TABLE gone AS SELECT number, moment FROM passage WHERE stage IN ('recycled', 'disqualified');
DELETE FROM touchpoint t USING gone g WHERE g.number = t.number AND t.moment > g.moment AND t.what <> 'visit';
DELETE FROM scored t USING gone g WHERE g.number = t.number AND t.moment > g.moment;
