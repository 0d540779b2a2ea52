-- Chance without a stream: every draw is a hash of (seed, purpose, whom it is about), so that nothing depends on the
-- order in which rows are made, or on how many threads make them. `k` numbers the purposes.
CREATE MACRO u(k, id) AS
    (hash(xor(hash(getvariable('seed')::BIGINT * 4096 + k), id::UBIGINT)) >> 11)::DOUBLE / 9007199254740992.0;

CREATE MACRO normal(k, id) AS sqrt(-2 * ln(greatest(u(k, id), 1e-12))) * cos(2 * pi() * u(k + 1, id));

CREATE MACRO around(middle, spread, k, id) AS middle * exp(spread * normal(k, id));

-- An id of the seventh version, made of its moment and of what it is about.
CREATE MACRO made_id(moment, k, id) AS
    printf('%012x', epoch_ms(moment)) || '7' || printf('%016x', hash(xor(hash(getvariable('seed')::BIGINT * 4096 + k), id::UBIGINT)))[1:3]
    || '8' || printf('%016x', hash(xor(hash(getvariable('seed')::BIGINT * 4096 + k), id::UBIGINT)))[4:16]
    || printf('%02x', (id::UBIGINT % 256)::UTINYINT);

-- A moment of the day as people keep it: mostly in office hours, seldom at night. Seconds since midnight.
CREATE MACRO second_of_day(k, id) AS
    CASE WHEN u(k, id) < 0.9 THEN 27000 + 39600 * (u(k + 1, id) + u(k + 2, id)) / 2 ELSE 86399 * u(k + 1, id) END::BIGINT;

-- Working time from Monday to Friday, nine to five: minutes of it since a Monday long ago, and back.
CREATE MACRO worked(t) AS (
    datediff('day', TIMESTAMP '2001-01-01', t) // 7 * 2400
    + CASE WHEN datediff('day', TIMESTAMP '2001-01-01', t) % 7 >= 5 THEN 2400
           ELSE datediff('day', TIMESTAMP '2001-01-01', t) % 7 * 480
                + greatest(0, least(480, (epoch(t) % 86400) / 60 - 540)) END
);
CREATE MACRO at_worked(m) AS
    TIMESTAMP '2001-01-01' + to_days((floor(m / 2400) * 7 + floor((m % 2400) / 480))::INTEGER)
    + to_microseconds(((540 + m % 480) * 60000000)::BIGINT);
-- The moment `minutes` of working time after `at`, at a desk in `place`.
CREATE MACRO work_later(moment, minutes, place) AS
    timezone(place, at_worked(worked(timezone(place, moment)) + minutes));
CREATE MACRO work_between(one, other, place) AS worked(timezone(place, other)) - worked(timezone(place, one));

CREATE MACRO plain(name) AS
    regexp_replace(lower(strip_accents(replace(replace(replace(replace(name, 'ø', 'o'), 'Ø', 'o'), 'ß', 'ss'), 'æ', 'ae'))), '[^a-z0-9-]', '', 'g');

CREATE TABLE word AS SELECT culture, kind, text, row_number() OVER (PARTITION BY culture, kind ORDER BY n) - 1 AS i FROM names;
-- How many given names, family names (by culture) and towns (by country) there are to choose from.
CREATE TABLE words_of AS SELECT culture, count(*) FILTER (kind = 'given') AS givens, count(*) FILTER (kind = 'family') AS families,
    count(*) FILTER (kind = 'city') AS towns FROM word GROUP BY culture;
CREATE TABLE part AS SELECT kind, text, industry, word, row_number() OVER (PARTITION BY kind ORDER BY n) - 1 AS i FROM firms;

-- Why sales does not take a lead.
CREATE MACRO reason_of(x) AS ['no_need', 'no_need', 'no_need', 'no_budget', 'no_budget', 'no_fit', 'no_fit', 'wrong_person', 'not_reachable', 'not_reachable',
    'too_early', 'too_early', 'too_early', 'duplicate'][1 + floor(14 * x)::INTEGER];

CREATE MACRO has_phone(spam, i) AS NOT spam AND u(200, i) < 0.4;
