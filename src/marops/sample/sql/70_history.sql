-- What the product wrote down along the way: how pools dealt, which files came in, how good the records were.

-- How many leads each seller had open, and how many they had been given, from moment to moment.
CREATE TABLE held AS
WITH moves(account, moment, n) AS (
    SELECT first_owner, routed_at, 1 FROM handled
    UNION ALL SELECT first_owner, by_hand_at, -1 FROM handled WHERE by_hand_at IS NOT NULL
    UNION ALL SELECT owner, by_hand_at, 1 FROM handled WHERE by_hand_at IS NOT NULL
    UNION ALL SELECT owner, said_at, CASE WHEN accepted THEN 1 ELSE -1 END FROM spoken_to WHERE said_at IS NOT NULL AND accepted = (cycle = 2)
    UNION ALL SELECT owner, given_up_at, -1 FROM spoken_to WHERE given_up_at IS NOT NULL
    UNION ALL SELECT owner, moment, -1 FROM deal_step WHERE stage IN ('closed_won', 'closed_lost')
)
SELECT account, moment, sum(n) OVER (PARTITION BY account ORDER BY moment ROWS UNBOUNDED PRECEDING)::INTEGER AS open FROM moves;
CREATE TABLE given AS
SELECT first_owner AS account, routed_at AS moment, row_number() OVER (PARTITION BY first_owner ORDER BY routed_at) AS had FROM handled;

CREATE MACRO pool_deals() AS TABLE
WITH seated AS (
    SELECT p.*, d.rule, d.before, d.routed_at, s.name, s.ref, s.account, timezone(s.zone, date_trunc('day', timezone(s.zone, d.routed_at))) AS morning
    FROM stood p JOIN dealt d USING (number) JOIN seller s ON s.seller = p.seller
), loaded AS (
    SELECT s.*, greatest(0, coalesce(h.open, 0)) AS open, coalesce(g.had, 0) - coalesce(b.had, 0) AS today FROM seated s
    ASOF LEFT JOIN held h ON h.account = s.account AND s.routed_at > h.moment
    ASOF LEFT JOIN given g ON g.account = s.account AND s.routed_at > g.moment
    ASOF LEFT JOIN given b ON b.account = s.account AND s.morning > b.moment
)
SELECT deal_id(routed_at, number) AS id, 'main' AS route, rule,
    CASE WHEN routed_at >= getvariable('moved_at') THEN getvariable('second_route') ELSE getvariable('first_route') END AS definition,
    routed_at AS "at", before AS turn, 1 AS dealt,
    '[' || string_agg('{"ref": "' || ref || '", "name": "' || name || '", "weight": ' || weight || ', "state": "' || state || '", "open": ' || open
        || ', "today": ' || today || ', "credit": ' || credit || ', "last": ' || last || ', "room": null, "account": "' || dashed(account) || '"'
        || CASE WHEN away_until IS NULL THEN '' ELSE ', "until": "' || strftime(timezone('UTC', away_until), '%Y-%m-%dT%H:%M:%S+00:00') || '"' END || '}',
        ', ' ORDER BY place) || ']' AS seats
FROM loaded GROUP BY number, rule, before, routed_at;

CREATE MACRO pool_seats() AS TABLE
SELECT 'main' AS route, rule, s.person AS person_id, credit, last, taken FROM ledger JOIN seller s USING (seller) WHERE last > 0;

-- The files that leads came in, with rows that named nobody and rows that were known already.
CREATE TABLE filed AS
SELECT *, floor(leads * 0.02 * u(180, n) + 2 * u(181, n))::INTEGER AS rejected, floor((2 + leads * 0.06) * u(185, n))::INTEGER AS unchanged FROM brought;
CREATE MACRO import_id(moment, n) AS made_id(moment, 182, n);
CREATE MACRO imports() AS TABLE
SELECT import_id(moment, n) AS id, getvariable('import_base') + n AS number,
    CASE file WHEN 'old list' THEN 'service-technology-days-visitors.csv' WHEN 'publishers' THEN 'publishers-' || strftime(timezone('Europe/Berlin', moment), '%Y-%m-%d') || '.csv'
        ELSE 'visitors-' || file || '.csv' END AS file_name,
    sha256(file || n || getvariable('seed')) AS sha256, 200 + 160 * (leads + rejected + unchanged) AS size, true AS practice, getvariable('import_plan') AS plan, 'done' AS state,
    '{"rows": ' || leads + rejected + unchanged || ', "created": ' || leads || ', "updated": 0, "unchanged": ' || unchanged || ', "rejected": ' || rejected
        || ', "repeats": 0, "consents": 0}' AS counts,
    '{}' AS report, 'human' AS actor_kind, getvariable('importer') AS actor_id, moment AS created_at, moment AS started_at,
    moment + to_seconds(2 + leads // 4000) AS ended_at
FROM filed;
CREATE MACRO import_findings() AS TABLE
SELECT import_id(moment, n) AS run_id, leads + unchanged + 1 + k AS "row", 'no-identity' AS code, '' AS field, 'reject' AS level, '' AS detail
FROM (SELECT *, unnest(range(1, rejected + 1)) AS k FROM filed);

-- The faults of each record by the rules that every workspace begins with, and since when; most are there from the start.
CREATE MACRO day_of(moment) AS timezone(getvariable('zone'), moment)::DATE;
CREATE MACRO end_of(day) AS timezone(getvariable('zone'), (day + 1)::TIMESTAMP);
CREATE TABLE record AS
WITH named AS (
    SELECT l.*, array_to_string(list_sort(regexp_extract_all(strip_accents(lower(given_name || ' ' || family_name)), '[\p{L}\p{N}]+')), ' ') AS words,
        CASE email_kind WHEN 'work' THEN firm::VARCHAR WHEN 'free' THEN lower(firm_name) END AS company FROM lead l
), twinned AS (
    SELECT number, i, came_at, source, file, email_kind, title,
        greatest(came_at, CASE WHEN company IS NOT NULL THEN nth_value(came_at, 2) OVER (PARTITION BY words, company ORDER BY came_at, number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) END) AS beside,
        CASE WHEN company IS NOT NULL THEN count(*) OVER (PARTITION BY words, company) ELSE 1 END AS beside_n,
        greatest(came_at, nth_value(came_at, 2) OVER (PARTITION BY words, email_domain ORDER BY came_at, number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS alike,
        count(*) OVER (PARTITION BY words, email_domain) AS alike_n
    FROM named
)
SELECT t.number, t.came_at, t.source, coalesce(getvariable('import_base') + b.n, 0)::VARCHAR AS brought, f.moment AS fresh_at, s.number IS NULL AS no_word,
    t.email_kind = 'disposable' AS thrown, as_typed(t.title, t.file IS NOT NULL, t.i) <> t.title AS shouts,
    CASE WHEN beside_n > 1 THEN beside END AS beside_at, CASE WHEN alike_n > 1 THEN alike END AS alike_at,
    h.routed_at, h.by_hand_at, dashed(h.first_owner) AS first_owner, dashed(h.owner) AS owner
FROM twinned t LEFT JOIN brought_row b USING (number) LEFT JOIN fresh f USING (number) LEFT JOIN handled h USING (number)
LEFT JOIN (SELECT DISTINCT number FROM spoken) s USING (number);

-- How each stood at the ends of those days on which something about it changed, until the next of them.
CREATE TABLE standing AS
WITH marks AS (
    SELECT number, unnest([came_at, fresh_at, came_at + INTERVAL 18 MONTH, fresh_at + INTERVAL 18 MONTH, beside_at, alike_at, routed_at, by_hand_at]) AS mark FROM record
), days AS (
    SELECT DISTINCT number, day_of(mark) AS day FROM marks WHERE mark < getvariable('today')
), told AS (
    SELECT r.number, d.day, r.source, r.brought, r.no_word, r.thrown, r.shouts,
        CASE WHEN r.routed_at < end_of(d.day) THEN '' ELSE getvariable('nurture_queue') END AS queue,
        CASE WHEN r.by_hand_at < end_of(d.day) THEN r.owner WHEN r.routed_at < end_of(d.day) THEN r.first_owner ELSE '' END AS owner,
        coalesce(r.beside_at < end_of(d.day), false) AS beside, coalesce(r.alike_at < end_of(d.day), false) AS alike,
        CASE WHEN r.fresh_at < end_of(d.day) THEN r.fresh_at ELSE r.came_at END + INTERVAL 18 MONTH < end_of(d.day) AS stale
    FROM days d JOIN record r USING (number)
)
SELECT *, no_word OR thrown OR shouts OR beside OR alike OR stale AS faulty,
    greatest(0, 100 - 5 * (no_word::INT + thrown::INT + shouts::INT + alike::INT + stale::INT) - 15 * beside::INT - 40 * thrown::INT) AS score,
    lead(day) OVER (PARTITION BY number ORDER BY day) AS until
FROM told;

CREATE TABLE quality_sum AS
WITH turned AS (
    SELECT *, day AS since, 1 AS n FROM standing UNION ALL SELECT *, until, -1 FROM standing WHERE until IS NOT NULL
), parted AS (
    SELECT 'all' AS part, '' AS key, since, sum(n) AS contacts, sum(n) FILTER (faulty) AS faulty, sum(n * score) AS score FROM turned GROUP BY ALL
    UNION ALL SELECT 'source', source, since, sum(n), sum(n) FILTER (faulty), sum(n * score) FROM turned GROUP BY ALL
    UNION ALL SELECT 'import', brought, since, sum(n), sum(n) FILTER (faulty), sum(n * score) FROM turned GROUP BY ALL
    UNION ALL SELECT 'queue', queue, since, sum(n), sum(n) FILTER (faulty), sum(n * score) FROM turned GROUP BY ALL
    UNION ALL SELECT 'owner', owner, since, sum(n), sum(n) FILTER (faulty), sum(n * score) FROM turned GROUP BY ALL
    UNION ALL
    SELECT 'rule', rule, since, 0, sum(n), NULL FROM (
        SELECT since, n, unnest(list_filter([CASE WHEN no_word THEN 'no-consent-word' END, CASE WHEN thrown THEN 'throw-away-address' END, CASE WHEN thrown THEN 'no-company' END,
            CASE WHEN shouts THEN 'title-shouts' END, CASE WHEN beside THEN 'same-name-company' END, CASE WHEN alike THEN 'same-name-domain' END, CASE WHEN stale THEN 'stale' END],
            lambda x: x IS NOT NULL)) AS rule FROM turned) GROUP BY ALL
), grid AS (
    SELECT k.part, k.key, m.day FROM (SELECT part, key, min(since) AS since FROM parted GROUP BY ALL) k JOIN morning m ON m.day >= k.since
)
-- A record of the very first hours may lie before the first morning; it counts from there on.
SELECT g.part, g.key, g.day, sum(coalesce(p.contacts, 0)) OVER w AS contacts, sum(coalesce(p.faulty, 0)) OVER w AS faulty, sum(coalesce(p.score, 0)) OVER w AS score
FROM grid g LEFT JOIN (SELECT part, key, greatest(since, (SELECT min(day) FROM morning)) AS since, sum(contacts) AS contacts, sum(faulty) AS faulty, sum(score) AS score
    FROM parted GROUP BY ALL) p ON p.part = g.part AND p.key = g.key AND p.since = g.day
WINDOW w AS (PARTITION BY g.part, g.key ORDER BY g.day ROWS UNBOUNDED PRECEDING);

-- In all and by rule for the two years; by source, owner and import for the last ninety days.
CREATE MACRO quality_days() AS TABLE
SELECT q.day, q.part, q.key, CASE WHEN q.part = 'rule' THEN w.contacts ELSE q.contacts END::INTEGER AS contacts, q.faulty::INTEGER AS faulty,
    CASE WHEN q.part <> 'rule' THEN round(q.score / q.contacts, 2) END::DECIMAL(5, 2) AS score
FROM quality_sum q JOIN quality_sum w ON w.part = 'all' AND w.day = q.day WHERE CASE WHEN q.part = 'rule' THEN q.faulty ELSE q.contacts END > 0 AND (q.part IN ('all', 'rule') OR q.day >= day_of(getvariable('today')) - 90);

-- Figures that say how something stands have no past but the readings of each day.
CREATE MACRO readings() AS TABLE
WITH words AS (
    SELECT day_of(moment) AS day, sum(CASE state WHEN 'granted' THEN 1 WHEN 'unsubscribed' THEN -1 ELSE 0 END) AS n FROM spoken GROUP BY 1
), found AS (
    SELECT 'quality.score' AS metric, 183 AS k, getvariable('quality_version') AS version, day, round(score / contacts, 9) AS value, contacts AS n
    FROM quality_sum WHERE part = 'all'
    UNION ALL
    SELECT 'list.reachable', 184, getvariable('reachable_version'), m.day, sum(coalesce(w.n, 0)) OVER (ORDER BY m.day), sum(coalesce(w.n, 0)) OVER (ORDER BY m.day)
    FROM morning m LEFT JOIN words w USING (day)
)
SELECT made_id(end_of(day), k, datediff('day', DATE '2001-01-01', day)) AS id, metric, version, 'day' AS grain, day AS period, '' AS by, '' AS piece,
    value::DECIMAL(38, 9) AS value, n::BIGINT AS n, false AS closed, end_of(day) AS computed_at
FROM found;
