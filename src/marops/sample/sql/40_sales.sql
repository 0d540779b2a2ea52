-- What sales does about those who qualified: who gets them (`dealt`, see pools.py), when they are first spoken to, what
-- becomes of them.
CREATE TABLE handled AS
WITH routed AS (
    SELECT d.number, d.seller, d.rule, d.before + 1 AS turn, d.routed_at, q.moment AS mql_at, l.i, l.market, l.source, l.fit, l.old_list, l.spam,
        l.accepted AS accepts_source, l.won AS won_share
    FROM dealt d JOIN qualified q USING (number) JOIN lead l USING (number)
), moved AS (
    -- Since the Nordics changed hands, the rule sends them to who covered them before; somebody notices, mostly.
    SELECT r.*, r.market = 'nordics' AND r.routed_at >= getvariable('moved_at') AS misled,
        r.market = 'nordics' AND r.routed_at >= getvariable('moved_at') AND u(61, r.i) < 0.72 AS noticed FROM routed r
), given AS (
    SELECT m.*, s.account AS first_owner, s.zone AS first_zone, CASE WHEN noticed THEN work_later(routed_at, around(1100, 0.5, 62, m.i), s.zone) END AS by_hand_at
    FROM moved m JOIN seller s ON s.seller = m.seller
), owned AS (
    SELECT g.* REPLACE (CASE WHEN g.by_hand_at < getvariable('today') THEN g.by_hand_at END AS by_hand_at),
        CASE WHEN g.by_hand_at < getvariable('today') THEN getvariable('covers') ELSE g.seller END AS owner_i FROM given g
), touched AS (
    SELECT o.*, s.account AS owner, s.zone, s.accepts,
        -- A few are forgotten, until somebody asks about them months later.
        work_later(coalesce(o.by_hand_at, o.routed_at), CASE WHEN u(64, o.i) < CASE WHEN s.slow THEN 0.2 ELSE 0.03 END THEN around(26000, 0.5, 178, o.i)
            ELSE around(s.minutes * CASE WHEN o.misled AND NOT o.noticed THEN 7 ELSE 1 END, 0.7, 65, o.i) END, s.zone) AS touched_at
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
        ELSE reason_of(u(72, s.i)) END AS drawn_reason,
        CASE WHEN s.accepted AND u(73, s.i) < 0.86 THEN work_later(s.said_at, around(620, 0.7, 74, s.i), s.zone) END AS worked_at
    FROM said s
)
SELECT r.* EXCLUDE (touched_at, said_at, worked_at, drawn_reason),
    CASE WHEN touched_at < getvariable('today') THEN touched_at END AS touched_at,
    CASE WHEN said_at < getvariable('today') THEN said_at END AS said_at,
    CASE WHEN worked_at < getvariable('today') THEN worked_at END AS worked_at,
    CASE WHEN NOT accepted THEN drawn_reason END AS reason,
    -- The clock of the first touch; it goes on when a person hands the lead over, for who waits is the same.
    work_later(routed_at, 480, first_zone) AS due_at,
    CASE WHEN touched_at < getvariable('today') THEN work_between(routed_at, touched_at, first_zone) END AS minutes
FROM reasoned r;

-- Some of those who were not ready come back: they ask for a meeting or send a form, months later.
CREATE TABLE back AS
WITH drawn AS (
    SELECT h.number, h.i, h.said_at AS left_at, u(162, h.i) < 0.65 AS asks,
        timezone(l.zone, date_trunc('day', timezone(l.zone, h.said_at)) + to_days(35 + floor(190 * u(161, h.i))::INTEGER)
            + to_seconds(34200 + floor(26000 * u(163, h.i))::BIGINT)) AS drawn_at
    FROM handled h JOIN lead l USING (number)
    WHERE NOT h.accepted AND h.said_at IS NOT NULL AND h.reason IN ('too_early', 'no_budget', 'not_reachable') AND u(160, h.i) < 0.42
)
SELECT * EXCLUDE (drawn_at), drawn_at + to_days(CASE WHEN isodow(drawn_at) >= 6 THEN (8 - isodow(drawn_at))::INTEGER ELSE 0 END) AS moment FROM drawn
WHERE drawn_at + INTERVAL 3 DAY < getvariable('today');

-- Who said no is left in peace until then: no letters, no forms; a visit now and then.
DELETE FROM touchpoint t USING back b WHERE b.number = t.number AND t.moment > b.left_at AND t.moment <= b.moment AND t.what <> 'visit';
INSERT INTO touchpoint
SELECT b.number, 63, b.i * 64 + 63, b.moment, l.came_at, CASE WHEN asks THEN 'meeting' ELSE 'form' END, 4 + floor(6 * u(164, b.i))::INTEGER
FROM back b JOIN lead l USING (number);
CREATE TABLE touched_back AS SELECT t.* FROM touchpoint t JOIN back b USING (number);
DELETE FROM scored s USING back b WHERE b.number = s.number AND s.moment > b.left_at;
INSERT INTO scored SELECT s.* FROM points('touched_back') s JOIN back b USING (number) WHERE s.moment >= b.moment;

-- The second time round: whoever had the lead keeps it.
CREATE TABLE again AS
WITH asked AS (
    SELECT b.number, b.moment AS back_at, min(s.moment) AS mql_at FROM back b
    LEFT JOIN scored s ON s.number = b.number AND s.moment >= b.moment AND s.fit + s.engagement >= 48 AND s.engagement >= 18 GROUP BY ALL
), touched AS (
    SELECT a.*, h.i, h.owner, h.zone, h.market, h.won_share, h.fit, h.accepts_source,
        work_later(a.mql_at, around(110, 0.7, 165, h.i), h.zone) AS touched_at FROM asked a JOIN handled h USING (number)
), said AS (
    SELECT t.*, work_later(t.touched_at, 45 + around(500, 0.8, 167, t.i), t.zone) AS said_at, u(169, t.i) < least(0.8, t.accepts_source * t.fit * 1.25) AS accepted
    FROM touched t
), worked AS (
    SELECT s.*, CASE WHEN accepted AND u(170, i) < 0.86 THEN work_later(said_at, around(620, 0.7, 171, i), zone) END AS worked_at FROM said s
)
SELECT w.* EXCLUDE (touched_at, said_at, worked_at),
    CASE WHEN touched_at < getvariable('today') THEN touched_at END AS touched_at,
    CASE WHEN said_at < getvariable('today') THEN said_at END AS said_at,
    CASE WHEN worked_at < getvariable('today') THEN worked_at END AS worked_at,
    CASE WHEN NOT accepted THEN reason_of(u(173, i)) END AS reason
FROM worked w;

-- What sales did about leads, both times round. Half of the leads in work come to a deal; most of the others are given up.
CREATE MACRO comes_to_a_deal(worked_at, i) AS worked_at IS NOT NULL AND u(82, i) < 0.52;
CREATE TABLE spoken_to AS
WITH rounds AS (
    SELECT number, i, owner, zone, market, won_share, fit, touched_at, said_at, accepted, reason, worked_at, 1 AS cycle FROM handled
    UNION ALL
    SELECT number, i, owner, zone, market, won_share, fit, touched_at, said_at, accepted, reason, worked_at, 2 FROM again WHERE mql_at IS NOT NULL
), ended AS (
    SELECT *, CASE WHEN accepted AND said_at IS NOT NULL AND NOT comes_to_a_deal(worked_at, i) AND u(174, i) < 0.9
        THEN work_later(coalesce(worked_at, said_at), around(16000, 0.5, 175, i), zone) END AS ends_at FROM rounds
)
SELECT * EXCLUDE (ends_at), CASE WHEN ends_at < getvariable('today') THEN ends_at END AS given_up_at,
    ['no_budget', 'too_early', 'not_reachable', 'no_need'][1 + floor(4 * u(177, i))::INTEGER] AS why_given_up
FROM ended;

CREATE TABLE deal AS
WITH opened AS (
    SELECT w.number, w.i, w.cycle, w.owner, w.zone, w.market, w.won_share * w.fit AS wins, work_later(w.worked_at, around(1500, 0.6, 80, w.i), w.zone) AS opened_at,
        l.firm, l.firm_name, l.employees, l.source, l.campaign_id
    FROM spoken_to w JOIN lead l USING (number) WHERE comes_to_a_deal(w.worked_at, w.i)
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
    SELECT d.deal, d.number, d.id, d.i, d.owner, d.won, s.k,
        -- What it is worth is a guess until something is proposed.
        CASE WHEN s.k <= 2 THEN greatest(1000, round(d.amount * (0.7 + 0.5 * u(179, d.i)) / 1000) * 1000) ELSE d.amount END AS amount,
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
SELECT d.deal, s.stage, s.amount, s.moment AS stage_since, s.stage IN ('closed_won', 'closed_lost') AS closed, s.stage = 'closed_won' AS is_won
FROM deal d JOIN (SELECT DISTINCT ON (deal) deal, stage, moment, amount FROM deal_step ORDER BY deal, k DESC) s USING (deal);

-- The way through the lifecycle, as the rules of the lifecycle would have moved them. Who comes back begins a new cycle;
-- one who qualifies by coming back passes over the first stage.
CREATE MACRO way_out(reason) AS CASE WHEN reason IN ('too_early', 'no_budget', 'not_reachable') THEN 'recycled' ELSE 'disqualified' END;
CREATE TABLE passage AS
WITH reached AS (
    SELECT number, came_at AS moment, 'lead' AS stage, 1 AS cycle, 1 AS rank, false AS passed FROM lead
    UNION ALL SELECT number, moment, 'mql', 1, 2, false FROM qualified
    UNION ALL SELECT number, back_at, 'lead', 2, 1, mql_at IS NOT NULL AND mql_at = back_at FROM again
    UNION ALL SELECT number, mql_at, 'mql', 2, 2, false FROM again WHERE mql_at IS NOT NULL
    UNION ALL SELECT number, said_at, 'sal', cycle, 3, false FROM spoken_to WHERE accepted AND said_at IS NOT NULL
    UNION ALL SELECT number, worked_at, 'sql', cycle, 4, false FROM spoken_to WHERE worked_at IS NOT NULL
    UNION ALL SELECT number, said_at, way_out(reason), cycle, 7, false FROM spoken_to WHERE NOT accepted AND said_at IS NOT NULL
    UNION ALL SELECT number, given_up_at, way_out(why_given_up), cycle, 8, false FROM spoken_to WHERE given_up_at IS NOT NULL
    UNION ALL SELECT number, opened_at, 'opportunity', cycle, 5, false FROM deal
    UNION ALL SELECT s.number, s.moment, 'customer', d.cycle, 6, false FROM deal_step s JOIN deal d USING (deal) WHERE s.stage = 'closed_won'
    UNION ALL SELECT s.number, s.moment, way_out(d.lead_reason), d.cycle, 8, false FROM deal_step s JOIN deal d USING (deal) WHERE s.stage = 'closed_lost'
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY number ORDER BY cycle, rank) AS step FROM reached
), left_behind AS (
    SELECT number, step, lag(stage) OVER w AS before, lag(moment) OVER w AS before_since,
        row_number() OVER (PARTITION BY number ORDER BY step DESC) = 1 AS latest
    FROM numbered WHERE NOT passed WINDOW w AS (PARTITION BY number ORDER BY step)
)
SELECT n.number, n.stage, n.moment, n.cycle, n.step, n.passed, l.before, l.before_since, coalesce(l.latest, false) AS latest,
    lag(n.passed, 1, false) OVER (PARTITION BY n.number ORDER BY n.step) AS passed_one
FROM numbered n LEFT JOIN left_behind l ON l.number = n.number AND l.step = n.step;

-- Whoever is out now is left in peace.
CREATE TABLE gone AS SELECT number, moment FROM passage WHERE latest AND stage IN ('recycled', 'disqualified');
DELETE FROM touchpoint t USING gone g WHERE g.number = t.number AND t.moment > g.moment AND t.what <> 'visit';
DELETE FROM scored t USING gone g WHERE g.number = t.number AND t.moment > g.moment;

-- Who came in a file and sends a form later leaves a phone number there.
CREATE TABLE fresh AS
SELECT t.number, min(t.moment) + INTERVAL 20 SECOND AS moment FROM touchpoint t JOIN lead l USING (number)
WHERE t.what = 'form' AND NOT l.form AND has_phone(l.spam, l.i) GROUP BY t.number;
