-- What leads do: they come by, follow links in e-mails, fill in forms, ask for meetings.
CREATE TABLE touchpoint AS
WITH counted AS (
    SELECT l.number, l.i, l.zone, l.came_at, l.keen, l.lasting, l.clicks, l.form, l.spam, l.old_list,
        CASE WHEN l.spam THEN 0 ELSE least(30, floor(-ln(greatest(u(40, l.i), 1e-9)) * l.visits * CASE WHEN l.keen THEN 1.5 WHEN l.old_list THEN 0.5 ELSE 0.75 END))::INTEGER END AS more
    FROM lead l
), listed AS (
    SELECT c.*, unnest(range(CASE WHEN form THEN 0 ELSE 1 END, more + 1)) AS n FROM counted c
), timed AS (
    SELECT l.*, l.i * 64 + n AS t,
        CASE WHEN n = 0 THEN came_at
             ELSE timezone(zone, date_trunc('day', timezone(zone, came_at))
                  + to_days(1 + floor(pow(u(41, l.i * 64 + n), 2.2) * CASE WHEN keen THEN 75 ELSE lasting END)::INTEGER)
                  + to_seconds(second_of_day(42, l.i * 64 + n))) END AS moment
    FROM listed l
), weekdays AS (
    -- Three in four of those that fall on a weekend wait for Monday.
    SELECT * EXCLUDE (moment), CASE WHEN n > 0 AND isodow(moment) >= 6 AND u(45, t) < 0.75 THEN moment + to_days((8 - isodow(moment))::INTEGER) ELSE moment END AS moment
    FROM timed
)
SELECT number, n, t, moment, came_at,
    CASE WHEN n = 0 THEN 'form'
         WHEN u(46, t) < clicks THEN 'click'
         WHEN keen AND u(47, t) < 0.07 THEN 'meeting'
         WHEN u(48, t) < CASE WHEN keen THEN 0.30 ELSE 0.05 END THEN 'form'
         ELSE 'visit' END AS what,
    CASE WHEN spam THEN 1 ELSE 1 + least(24, floor(-ln(greatest(u(49, t), 1e-9)) * getvariable('pages')))::INTEGER END AS pages
FROM weekdays WHERE moment < getvariable('today');

-- Points as the score models give them, fading by half-lives: a running sum of what each was worth when it happened.
CREATE MACRO points(touchpoints) AS TABLE
WITH days AS (
    SELECT t.*, datediff('second', t.came_at, t.moment) / 86400.0 AS d,
        CASE WHEN what = 'click' THEN 0 ELSE pages END AS seen FROM query_table(touchpoints) t
), summed AS (
    SELECT number, n, t, moment, what,
        sum(CASE WHEN what = 'form' THEN pow(2, d / 30) ELSE 0 END) OVER w / pow(2, d / 30) AS forms,
        sum(CASE WHEN what = 'meeting' THEN pow(2, d / 45) ELSE 0 END) OVER w / pow(2, d / 45) AS meetings,
        sum(CASE WHEN what = 'click' THEN pow(2, d / 21) ELSE 0 END) OVER w / pow(2, d / 21) AS clicks,
        sum(seen * pow(2, d / 14)) OVER w / pow(2, d / 14) AS pages
    FROM days WINDOW w AS (PARTITION BY number ORDER BY moment, n)
), worth AS (
    SELECT number, n, t, moment, what, moment >= getvariable('third_model_at') AS third, round(least(30, 15 * forms), 4) AS form,
        round(least(40, 25 * meetings), 4) AS meeting,
        round(CASE WHEN moment >= getvariable('third_model_at') THEN least(30, 6 * clicks) ELSE least(12, 3 * clicks) END, 4) AS click,
        round(least(10, 0.4 * pages), 4) AS page
    FROM summed
)
SELECT w.*, l.fit_points AS fit, least(50, w.form + w.meeting + w.click + w.page) AS engagement FROM worth w JOIN lead l USING (number);

CREATE TABLE scored AS SELECT * FROM points('touchpoint');

CREATE TABLE qualified AS
SELECT number, min(moment) AS moment FROM scored WHERE fit + engagement >= 48 AND engagement >= 18 GROUP BY number;

-- What people said about being written to, with the form by which they came and when they left the list again.
CREATE TABLE spoken AS
WITH asked AS (
    SELECT number, i, came_at, u(220, i) AS word FROM lead WHERE form AND NOT spam AND u(220, i) < 0.68
)
SELECT number, 0 AS n, CASE WHEN word < 0.64 THEN 'granted' ELSE 'denied' END AS state, came_at + to_seconds(21) AS moment FROM asked
UNION ALL
SELECT number, 1, 'unsubscribed', came_at + to_seconds((86400 * (20 + 220 * u(222, i)))::BIGINT) FROM asked WHERE word >= 0.58 AND word < 0.64;
DELETE FROM spoken WHERE moment >= getvariable('today');
