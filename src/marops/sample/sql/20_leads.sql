-- Firms, and the people of them who came in over two years.
CREATE TABLE firm AS
WITH parts AS (
    SELECT count(*) FILTER (kind = 'root') AS roots, count(*) FILTER (kind = 'end') AS ends, count(*) FILTER (kind = 'trade') AS trades FROM part
), drawn AS (
    SELECT k, (k * 7919 + getvariable('seed')) % (roots * ends * trades) AS p, roots, ends, u(1, k) AS in_market, u(2, k) AS in_country,
        -- Firms have from 3 to some thousand people.
        greatest(3, least(20000, around(140, 1.3, 3, k)))::INTEGER AS employees
    FROM range(1, getvariable('firms') + 1) t(k), parts
), placed AS (
    SELECT d.*, m.market, m.culture, c.country, c.zone, c.language, c.fit
    FROM drawn d ASOF JOIN market m ON d.in_market >= m.low ASOF JOIN country c ON m.market = c.market AND d.in_country >= c.low
), spelled AS (
    SELECT p.*, p.p % p.roots AS root_i, p.p // p.roots % p.ends AS end_i, p.p // (p.roots * p.ends) AS trade_i,
        floor(u(6, p.k) * w.towns)::BIGINT AS town_i
    FROM placed p JOIN words_of w ON w.culture = p.country
)
SELECT d.k, d.market, d.culture, d.country, d.zone, d.language, d.fit, d.employees,
    r.text || e.text || ' ' || t.text AS name, lower(r.text || e.text) || ' ' || lower(t.text) AS name_key,
    lower(r.text || e.text) || '-' || t.word || '.example' AS domain, t.industry, town.text AS city,
    row_number() OVER (PARTITION BY d.market ORDER BY d.k) - 1 AS i
FROM spelled d
JOIN part r ON r.kind = 'root' AND r.i = d.root_i
JOIN part e ON e.kind = 'end' AND e.i = d.end_i
JOIN part t ON t.kind = 'trade' AND t.i = d.trade_i
JOIN word town ON town.kind = 'city' AND town.culture = d.country AND town.i = d.town_i;

CREATE TABLE firms_of AS SELECT market, count(*) AS firms FROM firm GROUP BY market;

-- What decides about a lead: market, source, when it came, how much it means to buy.
CREATE TABLE drawn_lead AS
WITH drawn AS (
    SELECT i, u(10, i) AS in_market, u(11, i) AS in_source, (i - u(12, i)) / getvariable('leads') AS in_days,
        u(13, i) < getvariable('old_list_share') AS old_list
    FROM range(1, getvariable('leads') + 1) t(i)
), sourced AS (
    SELECT d.*, m.market, s.code, s.channel, s.keen AS keen_share, s.visits, s.clicks, s.lasting, s.accepted, s.won, s.form AND NOT d.old_list AS form
    FROM drawn d ASOF JOIN market m ON d.in_market >= m.low ASOF JOIN source s ON d.in_source >= s.low
), dated AS (
    SELECT s.*, CASE WHEN s.old_list THEN 'trade_show' ELSE s.code END AS source, y.day AS day
    FROM sourced s ASOF JOIN day y ON s.in_days >= y.low
), campaigned AS (
    -- Webinars and trade shows bring their people on the day they are held and the days after.
    SELECT d.*, c.id AS campaign_id, c.slug AS campaign, c.held, c.title AS campaign_title
    FROM dated d ASOF LEFT JOIN campaign c ON d.channel = c.channel AND d.day >= c.held
)
SELECT i, market, source, channel, keen_share, visits, clicks, lasting, accepted, won, form, old_list,
    CASE WHEN old_list THEN NULL ELSE campaign_id END AS campaign_id,
    CASE WHEN old_list THEN NULL ELSE campaign END AS campaign,
    CASE WHEN old_list THEN getvariable('old_list') WHEN source IN ('webinar', 'trade_show') THEN campaign_title END AS source_detail,
    CASE WHEN old_list THEN getvariable('old_list_day')
         WHEN source IN ('webinar', 'trade_show') AND held IS NOT NULL
         THEN least(day, held + (floor(-ln(greatest(u(14, i), 1e-9)) * 0.8))::INTEGER)
         ELSE day END AS day, held, channel = 'event' AND held IS NOT NULL AND NOT old_list AS at_show
FROM campaigned;

-- Who sent no form came in a file: the old list, the visitors of a show two days after it, the publishers' every other
-- Monday (those of the last days in the file before, since the next one is not there yet).
CREATE TABLE batch AS
WITH filed AS (
    SELECT i, old_list, at_show, CASE WHEN at_show THEN campaign END AS held_as, day, held,
        DATE '2001-01-01' + (14 * (datediff('day', DATE '2001-01-01', day) // 14))::INTEGER AS fortnight
    FROM drawn_lead WHERE NOT form
), timed AS (
    SELECT i, CASE WHEN old_list THEN 'old list' WHEN at_show THEN held_as ELSE 'publishers' END AS file,
        CASE WHEN old_list THEN day + TIME '10:15:00'
             WHEN at_show THEN least(held + 2, getvariable('last_day')) + TIME '11:20:00'
             WHEN fortnight + 14 < getvariable('last_day') THEN fortnight + 14 + TIME '08:40:00'
             ELSE fortnight + TIME '08:40:00' END AS local_at
    FROM filed
)
SELECT i, file, timezone('Europe/Berlin', local_at) AS brought_at FROM timed;

CREATE TABLE title_draw AS
SELECT title, seniority, function, (sum(weight) OVER (ORDER BY n) - weight) / sum(weight) OVER ()::DOUBLE AS low FROM titles;

CREATE TABLE known_lead AS
WITH aimed AS (
    SELECT l.*, floor(pow(u(15, l.i), 1.4) * c.firms)::BIGINT AS firm_i FROM drawn_lead l JOIN firms_of c USING (market)
), placed AS (
    SELECT l.*, f.k AS firm, f.country, f.zone, f.language, f.culture, f.fit, f.employees, f.industry, f.city, f.name AS firm_name, f.domain,
        u(20, l.i) AS in_titles,
        -- A week in which a robot filled in the forms behind the ads.
        l.source = 'paid_search' AND l.day >= getvariable('spam_from') AND l.day < getvariable('spam_to') AND u(21, l.i) < 0.75 AS spam
    FROM aimed l JOIN firm f ON f.market = l.market AND f.i = l.firm_i
), titled AS (
    SELECT p.*, t.title, t.seniority, t.function, floor(u(27, p.i) * w.givens)::BIGINT AS given_i,
        floor(u(28, p.i) * w.families)::BIGINT AS family_i
    FROM placed p ASOF JOIN title_draw t ON p.in_titles >= t.low JOIN words_of w ON w.culture = p.culture
)
SELECT t.* EXCLUDE (in_titles, firm_i, given_i, family_i), g.text AS given_name, n.text AS family_name,
    CASE WHEN t.spam THEN 'disposable' WHEN t.form AND u(22, t.i) < 0.11 THEN 'free' ELSE 'work' END AS email_kind,
    -- Local clock time of the first sign of life.
    t.day::TIMESTAMP + to_seconds(CASE WHEN t.spam THEN (86399 * u(23, t.i))::BIGINT
        ELSE second_of_day(24, t.i) END) AS local_at
FROM titled t
JOIN word g ON g.kind = 'given' AND g.culture = t.culture AND g.i = t.given_i
JOIN word n ON n.kind = 'family' AND n.culture = t.culture AND n.i = t.family_i;

CREATE TABLE lead AS
WITH timed AS (
    SELECT k.*, b.file, coalesce(b.brought_at, timezone(zone, local_at)) AS drawn_at FROM known_lead k LEFT JOIN batch b USING (i)
), past AS (
    -- In the west the last day is not over yet.
    SELECT * EXCLUDE (drawn_at), CASE WHEN drawn_at < getvariable('today') THEN drawn_at ELSE drawn_at - INTERVAL 1 DAY END AS came_at FROM timed
), numbered AS (
    SELECT *, row_number() OVER (ORDER BY came_at, i) AS number,
        plain(given_name) || '.' || plain(family_name) AS mailbox
    FROM past
), addressed AS (
    SELECT *, CASE email_kind WHEN 'work' THEN domain WHEN 'free' THEN ['postfaecher.example', 'inboxen.example', 'mailhouse.example'][1 + i % 3]
        ELSE 'throwaway-mail.example' END AS email_domain
    FROM numbered
), told_apart AS (
    SELECT *, row_number() OVER (PARTITION BY mailbox, email_domain ORDER BY number) AS same FROM addressed
)
SELECT * EXCLUDE (same, mailbox, local_at, day, held, at_show),
    made_id(came_at, 30, number) AS id,
    CASE email_kind WHEN 'disposable' THEN 'q' || substr(printf('%016x', hash(number)), 1, 9) ELSE mailbox || CASE WHEN same > 1 THEN same::VARCHAR ELSE '' END END
        || '@' || email_domain AS email,
    -- The same formula as the score model that the company has in force.
    least(50, greatest(0,
        CASE WHEN seniority IN ('head', 'director', 'vp', 'c_level', 'owner') THEN 16 WHEN seniority = 'manager' THEN 10 ELSE 0 END
        + CASE WHEN function IN ('operations', 'support', 'it') THEN 8 ELSE 0 END
        + CASE email_kind WHEN 'work' THEN 8 WHEN 'disposable' THEN -20 ELSE 0 END
        + CASE WHEN email_kind = 'work' AND employees >= 50 THEN 10 ELSE 0 END
        + CASE WHEN source IN ('referral', 'partner') THEN 8 ELSE 0 END)) AS fit_points,
    -- What of it gave how much, as the engine says it.
    concat_ws(',', CASE WHEN seniority IN ('head', 'director', 'vp', 'c_level', 'owner') THEN '"decides":16' WHEN seniority = 'manager' THEN '"manages":10' END,
        CASE WHEN function IN ('operations', 'support', 'it') THEN '"plans_service":8' END,
        CASE email_kind WHEN 'work' THEN '"work_address":8' WHEN 'disposable' THEN '"throwaway":-20' END,
        CASE WHEN email_kind = 'work' AND employees >= 50 THEN '"large":10' END,
        CASE WHEN source IN ('referral', 'partner') THEN '"recommended":8' END) AS fit_json,
    NOT spam AND u(31, i) < keen_share * CASE WHEN function IN ('operations', 'support', 'it') THEN 1.15 ELSE 0.75 END AS keen
FROM told_apart;

-- The files they came in, in the order in which they came.
CREATE TABLE brought AS
SELECT file, min(came_at) AS moment, count(*) AS leads, row_number() OVER (ORDER BY min(came_at), file) AS n FROM lead WHERE file IS NOT NULL
GROUP BY file, CASE WHEN file = 'publishers' THEN came_at END;
CREATE TABLE brought_row AS
SELECT l.number, b.n, row_number() OVER (PARTITION BY b.n ORDER BY l.number) + 1 AS "row" FROM lead l JOIN brought b ON b.file = l.file AND b.moment = l.came_at;
