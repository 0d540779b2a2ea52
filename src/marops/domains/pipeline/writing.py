"""Writing many deals at once, inside an action: matched by their ids, created or changed where they differ.

The statements work on temporary tables that go with the transaction: `deal_in` (a row per deal, as it came), `deal`
(the row, the deal it is about, what it is to be and what it was), `firm` (its company), `deal_person` (its people).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db import connection

from marops.domains.contacts.public import folded as folded_sql
from marops.domains.contacts.public import resolve_people, settle_companies
from marops.domains.pipeline.fields import KINDS
from marops.domains.pipeline.models import OPPORTUNITY_NUMBERS, Opportunity, PipelineStage
from marops.domains.pipeline.rules import MAIN, Pipeline, folded, likely_outcome, stage_name
from marops.kernel.actions import Act
from marops.kernel.definitions import active, load
from marops.kernel.facts import fact_kind, touch_from
from marops.kernel.ids import new_id
from marops.kernel.importers import Batch, Kept
from marops.store.bulk import stage

CREATED = fact_kind("opportunity.created", KINDS["created"])
CHANGED = fact_kind("opportunity.changed", KINDS["changed"])
STAGE_CHANGED = fact_kind("opportunity.stage_changed", KINDS["stage_changed"])
WON = fact_kind("opportunity.won", KINDS["won"])
LOST = fact_kind("opportunity.lost", KINDS["lost"])

_LOCK = "marops.pipeline.write"
_TEXTS = (
    "name", "company", "company_key", "company_domain", "owner", "stage", "is_closed", "is_won", "currency",
    "amount_currency", "reason", "source", "product", "people", "person_role",
)  # fmt: skip
_TYPES = {
    "amount": "numeric", "opened_at": "timestamptz", "close_date": "timestamptz", "expected_close": "timestamptz",
    "stage_since": "timestamptz", "custom": "jsonb",
}  # fmt: skip
_IDS = ("id", "spare_id", "fact_1", "fact_2", "fact_3")
# What a row can change of a deal, in the order of the comparison.
_VALUES = (
    "name", "company_id", "company_name", "owner_id", "owner_name", "stage", "state", "amount", "currency", "opened_at",
    "expected_close", "closed_at", "reason", "source", "product", "custom",
)  # fmt: skip
_FACT = (
    "SELECT {ident} AS id, %s AS kind, least({moment}, %s::timestamptz) AS occurred_at, %s::timestamptz AS recorded_at,"
    " p.contact_id, 'opportunity' AS subject_type, d.opportunity_id::text AS subject_id, %s AS actor_type,"
    " %s AS actor_id, {properties} AS properties, %s || ':' || d.opportunity_id || {key} AS key FROM deal d"
    ' LEFT JOIN opportunity_person p ON p.opportunity_id = d.opportunity_id AND p."primary" WHERE {where}'
)
_MONEY = "'amount', trim_scale(d.amount)::text, 'currency', CASE WHEN d.amount IS NOT NULL THEN d.currency END"


_MOVED = (
    "(d.outcome = 'updated' AND d.stage IS DISTINCT FROM d.old_stage) OR (d.outcome = 'created' AND d.state <> 'open')"
)
_WHEN = "coalesce(CASE WHEN d.state <> 'open' THEN d.closed_at ELSE d.stage_since END, %s::timestamptz)"


def pipeline() -> Pipeline:
    """The pipeline in force; the starter's where somebody retired it."""
    from marops.domains.pipeline.starter import PIPELINE

    row = next((one for one in active("pipeline") if one.slug == MAIN), None)
    found: Pipeline = load(row) if row else Pipeline.model_validate(PIPELINE)
    return found


def stages_in_force(as_of: datetime) -> int:
    """Bring the rows of stages in step with the pipeline in force; whoever takes part in a deal is looked at again.

    Part of the activation of a definition, in its transaction. A stage that went away stays where deals stand in it.
    """
    stages = pipeline().stages
    PipelineStage.objects.bulk_create(
        [
            PipelineStage(
                name=one.name, label=one.label, place=place, probability=one.probability, outcome=one.outcome,
                proposed=False, created_at=as_of,
            )
            for place, one in enumerate(stages, start=1)
        ],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["label", "place", "probability", "outcome", "proposed"],
    )  # fmt: skip
    gone = PipelineStage.objects.exclude(name__in=[one.name for one in stages]).filter(proposed=False)
    gone.exclude(name__in=Opportunity.objects.values("stage")).delete()
    gone.update(proposed=True, place=0)
    return touch_from("SELECT DISTINCT contact_id FROM opportunity_person", as_of)


def write_opportunities(act: Act, batch: Batch) -> Kept:
    """Keep a batch of deals; call it inside an action. The columns are those of the importer `opportunities`."""
    with connection.cursor() as cursor:
        work = _Work(act, batch, cursor)
        work.prepare()
        work.match()
        work.companies()
        work.stages()
        work.settle()
        work.write()
        work.people()
        work.announce()
        work.note_moves()
        return work.kept()


class _Work:
    """The steps of one write; each is a statement or a few."""

    def __init__(self, act: Act, batch: Batch, cursor: Any) -> None:
        self.act, self.batch, self.cursor = act, batch, cursor
        self.number = batch.import_number

    def run(self, sql: str, *params: Any) -> int:
        self.cursor.execute(sql, params or None)
        return int(self.cursor.rowcount)

    def prepare(self) -> None:
        """Stage the rows. One writer of deals at a time: two would open the same deal twice."""
        self.run("SELECT set_config('TimeZone', %s, true)", self.batch.zone)
        self.run("SELECT pg_advisory_xact_lock(hashtext(%s))", _LOCK)
        types = _TYPES | dict.fromkeys(_TEXTS, "text") | dict.fromkeys(_IDS, "uuid")
        stage(self.cursor, "deal_in", _whole(self.batch.rows), types=types)
        stage(self.cursor, "deal_key", self.batch.keys)

    def match(self) -> None:
        """Which deal each row is about: the one that any of its ids names."""
        self.run(
            "CREATE TEMPORARY TABLE deal_hit ON COMMIT DROP AS SELECT k.row, count(DISTINCT o.opportunity_id) AS hits,"
            " (array_agg(o.opportunity_id ORDER BY o.opportunity_id))[1] AS opportunity_id,"
            " array_agg(DISTINCT o.opportunity_id) AS deals"
            " FROM deal_key k JOIN opportunity_key o ON o.system = k.system AND o.value = k.value GROUP BY k.row"
        )
        self.run(
            "CREATE TEMPORARY TABLE repeated ON COMMIT DROP AS SELECT h.row, l.last AS keep FROM deal_hit h JOIN ("
            "SELECT opportunity_id, max(row) AS last FROM deal_hit WHERE hits = 1 GROUP BY opportunity_id) l"
            " ON l.opportunity_id = h.opportunity_id WHERE h.hits = 1 AND h.row <> l.last"
        )
        self.run(
            "DELETE FROM deal_in WHERE row IN (SELECT row FROM repeated)"
            " OR row IN (SELECT row FROM deal_hit WHERE hits > 1)"
        )

    def companies(self) -> None:
        """Accounts become companies: found by domain or name, made where they are new."""
        self.run(
            "CREATE TEMPORARY TABLE firm ON COMMIT DROP AS SELECT row, spare_id, nullif(company_key, '') AS key,"
            " company AS name, company_domain AS domain, NULL::text AS mail_domain, NULL::uuid AS company_id"
            " FROM deal_in WHERE coalesce(nullif(company_key, ''), company_domain) IS NOT NULL"
        )
        settle_companies(self.act, import_number=self.number, keep_numbers=self.batch.trial)

    def stages(self) -> None:
        """What the stages are that the rows name. One that nobody defined is proposed under the file's name."""
        known = pipeline()
        labels = {folded(one.label): one.name for one in PipelineStage.objects.all()}
        self.run("SELECT DISTINCT stage, is_closed, is_won FROM deal_in WHERE stage IS NOT NULL")
        said = []
        for words, closed, won in self.cursor.fetchall():  # a handful of names
            found = known.meant(words)
            name = found.name if found else labels.get(folded(words)) or stage_name(words)
            said.append((words, closed or "", won or "", name, _outcome(words, closed, won)))
        columns = zip(*said, strict=True) if said else [()] * 5
        names = ("said", "closed", "won", "name", "outcome")
        stage(
            self.cursor, "deal_stage",
            pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}),
        )  # fmt: skip
        self.run(
            "INSERT INTO pipeline_stage (name, label, place, outcome, proposed, import_number, created_at)"
            " SELECT DISTINCT ON (name) name, left(said, 80), 0, outcome, TRUE, %s, %s FROM deal_stage"
            " ORDER BY name, said ON CONFLICT DO NOTHING",
            self.number, self.act.at,
        )  # fmt: skip

    def settle(self) -> None:
        """What each deal is to be: the row's values over those it has; empty cells change nothing."""
        self.run(_SETTLE, self.batch.currency, self.act.at, self.act.at)
        same = ", ".join(f"d.{name}" for name in _VALUES)
        old = ", ".join(f"o.{name}" for name in _VALUES)
        fields = ", ".join(
            f"CASE WHEN d.{name} IS DISTINCT FROM o.{name} THEN '{name.removesuffix('_id')}' END"
            for name in _VALUES
            if name not in ("stage", "state", "company_name")
        )
        self.run(
            f"UPDATE deal d SET outcome = CASE WHEN ({same}, d.stage_since) IS NOT DISTINCT FROM ({old}, o.stage_since)"
            f" THEN 'unchanged' ELSE 'updated' END, changed = array_remove(ARRAY[{fields}], NULL)"
            " FROM opportunity o WHERE o.id = d.opportunity_id AND d.outcome = 'matched'"
        )
        self.run("ANALYZE deal")

    def write(self) -> None:
        """Open the new deals, change those that differ, and remember the ids of all."""
        names = ", ".join((*_VALUES, "stage_since"))
        values = ", ".join(f"d.{name}" for name in (*_VALUES, "stage_since"))
        number = "0 - row_number() OVER (ORDER BY d.row)" if self.batch.trial else f"nextval('{OPPORTUNITY_NUMBERS}')"
        since = f"{self.act.at:%Y-%m-%dT%H:%M:%SZ}"
        text = folded_sql("concat_ws(' ', d.name, d.company_name)")
        self.run(
            f"INSERT INTO opportunity (id, number, {names}, provenance, search_text, created_at, updated_at)"
            f" SELECT d.opportunity_id, {number}, {values}, jsonb_build_object('*',"
            f" jsonb_build_array(%s::bigint, d.row, %s::text)), {text}, %s, %s FROM deal d"
            " WHERE d.outcome = 'created' ORDER BY d.row",
            self.number, since, self.act.at, self.act.at,
        )  # fmt: skip
        sets = ", ".join(f"{name} = d.{name}" for name in (*_VALUES, "stage_since"))
        self.run(
            f"UPDATE opportunity o SET {sets}, provenance = o.provenance || jsonb_build_object('last',"
            f" jsonb_build_array(%s::bigint, d.row, %s::text)), search_text = {text}, updated_at = %s"
            " FROM deal d WHERE d.outcome = 'updated' AND o.id = d.opportunity_id",
            self.number, since, self.act.at,
        )  # fmt: skip
        self.run(
            "INSERT INTO opportunity_key (system, value, opportunity_id) SELECT DISTINCT ON (k.system, k.value)"
            " k.system, k.value, d.opportunity_id FROM deal_key k JOIN deal d USING (row)"
            " ORDER BY k.system, k.value, d.row DESC ON CONFLICT DO NOTHING"
        )

    def people(self) -> None:
        """Who takes part: each row may name several, the first of them the one to talk to."""
        if "people" not in self.batch.rows.column_names:
            return
        self.run(
            "CREATE TEMPORARY TABLE deal_person ON COMMIT DROP AS SELECT d.row, d.opportunity_id, min(p.nth) AS nth,"
            " coalesce(substring(p.said FROM '[^\\s<>()]+@[^\\s<>()]+'), trim(p.said)) AS ref,"
            " coalesce(i.person_role, '') AS role, NULL::uuid AS contact_id, 0::bigint AS hits"
            " FROM deal d JOIN deal_in i USING (row),"
            " regexp_split_to_table(i.people, '\\s*[;,|]\\s*') WITH ORDINALITY AS p (said, nth)"
            " WHERE trim(p.said) <> '' GROUP BY 1, 2, 4, 5"
        )
        resolve_people(self.act, "deal_person")
        self.run(
            'INSERT INTO opportunity_person (opportunity_id, contact_id, role, "primary") SELECT opportunity_id,'
            " contact_id, role, row_number() OVER (PARTITION BY opportunity_id ORDER BY nth) = 1 AND NOT EXISTS ("
            'SELECT FROM opportunity_person o WHERE o.opportunity_id = p.opportunity_id AND o."primary") FROM ('
            "SELECT DISTINCT ON (opportunity_id, contact_id) * FROM deal_person WHERE contact_id IS NOT NULL"
            " ORDER BY opportunity_id, contact_id, nth) p ON CONFLICT (opportunity_id, contact_id)"
            " DO UPDATE SET role = excluded.role WHERE excluded.role <> '' AND opportunity_person.role <> excluded.role"
            " RETURNING opportunity_id"
        )
        joined = [deal for (deal,) in self.cursor.fetchall()]
        self.run(
            "UPDATE deal SET outcome = 'updated', changed = array_append(changed, 'people')"
            " WHERE outcome IN ('unchanged', 'updated') AND opportunity_id = ANY(%s)",
            joined,
        )

    def announce(self) -> None:
        """Facts of what became of the deals, at the file's own times; their people are looked at again."""
        imported = f"'import', {int(self.number)}::bigint"
        self._say(
            CREATED, "d.fact_1", "coalesce(d.opened_at, d.closed_at, %s::timestamptz)", "d.outcome = 'created'",
            f"'stage', d.stage, {_MONEY}, {imported}", "''",
        )  # fmt: skip
        self._say(
            CHANGED, "d.fact_1", "%s::timestamptz", "d.outcome = 'updated' AND d.changed <> '{}'",
            f"'fields', to_jsonb(d.changed), {imported}", "':' || %s::text || ':' || d.row", self.number,
        )  # fmt: skip
        moved, when = _MOVED, _WHEN
        told = f"'from', d.old_stage, 'to', d.stage, {_MONEY}, {imported}"
        key = "':' || d.stage || ':' || " + when
        self._say(STAGE_CHANGED, "d.fact_2", when, moved, told, key, self.act.at)
        for kind, state in ((WON, "won"), (LOST, "lost")):
            ended = (
                f"d.state = '{state}' AND d.outcome IN ('created', 'updated') AND d.old_state IS DISTINCT FROM d.state"
            )
            told = f"'reason', d.reason, {_MONEY}, {imported}"
            self._say(kind, "d.fact_3", when, ended, told, "':' || " + when, self.act.at)
        touch_from(
            "SELECT DISTINCT p.contact_id FROM opportunity_person p JOIN deal d USING (opportunity_id)"
            " WHERE d.outcome IN ('created', 'updated')",
            self.act.at,
        )

    def note_moves(self) -> None:
        """A line for each passage, and one for how a deal came in."""
        self.run(
            "INSERT INTO opportunity_move (id, opportunity_id, at, from_stage, to_stage, amount, currency, actor_kind,"
            f" actor_id, import_number) SELECT d.fact_2, d.opportunity_id, least({_WHEN}, %s), d.old_stage, d.stage,"
            " d.amount, CASE WHEN d.amount IS NOT NULL THEN d.currency END, %s, %s, %s FROM deal d"
            f" WHERE {_MOVED} OR d.outcome = 'created'",
            self.act.at, self.act.at, self.act.actor.kind, self.act.actor.id, self.number,
        )  # fmt: skip

    def _say(self, kind: str, ident: str, moment: str, where: str, told: str, key: str, *in_key: Any) -> None:
        properties = f"jsonb_strip_nulls(jsonb_build_object({told}))"
        fact = _FACT.format(ident=ident, moment=moment, properties=properties, key=key, where=where)
        actor = (self.act.actor.kind, self.act.actor.id)
        self.act.facts_from(fact, (kind, self.act.at, self.act.at, self.act.at, *actor, kind, *in_key))

    def kept(self) -> Kept:
        """Counts, and what is to be told about rows."""
        self.run("SELECT outcome, count(*) FROM deal GROUP BY outcome")
        counts = dict(self.cursor.fetchall())
        kept = Kept(counts.get("created", 0), counts.get("updated", 0), counts.get("unchanged", 0))
        self.run(
            "SELECT h.row, string_agg('D-' || o.number, ', ' ORDER BY o.number) FROM deal_hit h JOIN opportunity o"
            " ON o.id = ANY (h.deals) WHERE h.hits > 1 GROUP BY h.row ORDER BY h.row"
        )
        kept.refused = [(row, "", "deals-disagree", refs) for row, refs in self.cursor.fetchall()]
        self.run("SELECT row, keep FROM repeated ORDER BY row")
        kept.repeats = self.cursor.fetchall()
        if "people" in self.batch.rows.column_names:
            self.run(
                "SELECT row, CASE WHEN hits > 1 THEN 'person-ambiguous' ELSE 'person-unknown' END FROM deal_person"
                " WHERE contact_id IS NULL GROUP BY 1, 2 ORDER BY 1"
            )
            kept.noticed = [(row, "people", code, "") for row, code in self.cursor.fetchall()]
        return kept


_SETTLE = """
CREATE TEMPORARY TABLE deal ON COMMIT DROP AS
WITH said AS (
  SELECT i.*, o.id AS known, h.opportunity_id AS hit, coalesce(s.name, o.stage) AS new_stage,
    coalesce(g.outcome, o.state, 'open') AS new_state, f.company_id AS firm_id, a.id AS account_id,
    coalesce(i.currency, i.amount_currency, o.currency, %s) AS money, o.stage AS old_stage, o.state AS old_state,
    (SELECT k.value FROM deal_key k WHERE k.row = i.row ORDER BY k.system LIMIT 1) AS own_id
  FROM deal_in i
  LEFT JOIN deal_hit h ON h.row = i.row
  LEFT JOIN opportunity o ON o.id = h.opportunity_id
  LEFT JOIN deal_stage s ON s.said = i.stage AND s.closed = coalesce(i.is_closed, '') AND s.won = coalesce(i.is_won, '')
  LEFT JOIN pipeline_stage g ON g.name = s.name
  LEFT JOIN firm f ON f.row = i.row
  LEFT JOIN LATERAL (
    SELECT (array_agg(x.id))[1] AS id FROM account x
    WHERE lower(i.owner) IN (lower(x.email), lower(x.name)) HAVING count(*) = 1) a ON TRUE
)
SELECT d.row, coalesce(o.id, d.id) AS opportunity_id, d.fact_1, d.fact_2, d.fact_3,
  CASE WHEN o.id IS NULL THEN 'created' ELSE 'matched' END AS outcome, ARRAY[]::text[] AS changed,
  d.old_stage, d.old_state,
  coalesce(d.name, o.name, nullif(concat_ws(' – ', d.company, d.product), ''), d.own_id) AS name,
  coalesce(d.firm_id, o.company_id) AS company_id, coalesce(d.company, o.company_name) AS company_name,
  CASE WHEN d.owner IS NULL OR (d.owner = o.owner_name AND o.owner_id IS NOT NULL) THEN o.owner_id
    ELSE d.account_id END AS owner_id,
  coalesce(d.owner, o.owner_name) AS owner_name,
  coalesce(d.new_stage, '') AS stage, d.new_state AS state,
  coalesce(d.amount::numeric(18,4), o.amount) AS amount,
  CASE WHEN coalesce(d.amount, o.amount) IS NOT NULL THEN d.money ELSE o.currency END AS currency,
  coalesce(d.opened_at, o.opened_at) AS opened_at,
  coalesce(d.expected_close::date, CASE WHEN d.new_state = 'open' THEN d.close_date::date END, o.expected_close)
    AS expected_close,
  CASE WHEN d.new_state <> 'open'
    THEN coalesce(d.close_date, o.closed_at, CASE WHEN o.id IS NOT NULL THEN %s::timestamptz END) END AS closed_at,
  CASE WHEN d.new_state <> 'open' THEN coalesce(d.reason, o.reason) END AS reason,
  coalesce(d.source, o.source) AS source, coalesce(d.product, o.product) AS product,
  coalesce(o.custom, '{}') || coalesce(d.custom, '{}') AS custom,
  CASE WHEN o.id IS NOT NULL AND o.stage = d.new_stage THEN coalesce(d.stage_since, o.stage_since)
    ELSE coalesce(d.stage_since, CASE WHEN d.new_state <> 'open' THEN d.close_date END, %s::timestamptz) END
    AS stage_since
FROM said d LEFT JOIN opportunity o ON o.id = d.known
"""


def _whole(rows: pa.Table) -> pa.Table:
    """The rows with every column there is, and with the ids that their deals, companies and facts may need."""
    for name in (*_TEXTS, *_TYPES):
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
    for name in _IDS:
        ids: Sequence[str] = [str(new_id()) for _ in range(rows.num_rows)]
        rows = rows.append_column(name, pa.array(ids, pa.string()))
    return rows


def _outcome(words: str, closed: str | None, won: str | None) -> str:
    """What an unknown stage means: by the file's own columns where it has them, else by its words."""
    if won == "true":
        return "won"
    if closed == "true":
        return "lost" if won == "false" else likely_outcome(words)
    return "open" if closed == "false" else likely_outcome(words)
