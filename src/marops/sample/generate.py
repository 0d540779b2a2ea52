"""The sample company as tables: the same seed, size and day always make the same company.

    with Company(Recipe(leads=6_000, seed=1, today=date(2026, 11, 20), zone="Europe/Berlin")) as company:
        company.build()
        company.rows("contacts", 0, 5_000)     # an Arrow table with the columns of the table
        company.facts(3)                       # the facts of one of its months

Everything is drawn by hashes of (seed, purpose, whom it is about) in a scratch database (`sql/`), so nothing depends on
the order of rows or on threads; only the work on campaigns is a sequence (`work`).
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from importlib import resources
from itertools import accumulate, pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa

from marops.methods.worktime import local
from marops.sample import work
from marops.sample.pools import Asked, Dealing, Member, pools
from marops.sample.world import (
    COVERS,
    DAYS,
    DOMAIN,
    HEAD,
    IMPORTER,
    MARKETS,
    MOVED_DAYS,
    OLD_LIST,
    OLD_LIST_SHARE,
    PEOPLE,
    SELLERS,
    SLOW,
    SOURCES,
    absences,
)
from marops.store.staging import Staging

MONTHS: Final = 24
OLD_LIST_DAYS: Final = 430
"""So many days before the load the old event list was imported."""
TITLES_AGED_DAYS: Final = 1_310
"""So old are its titles at the load."""
SPAM_DAYS: Final = (140, 133)
"""From when until when, in days before the load, a robot filled in the forms behind the ads."""
THIRD_MODEL_DAYS: Final = 300
"""So many days before the load the score model came into force that pays for clicks."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE_SALES: Final = ("10_words", "20_leads", "30_activity")
_AFTER: Final = ("40_sales", "50_facts", "60_tables", "70_history")
_SEASON: Final = (0.9, 1.0, 1.1, 1.05, 1.0, 0.95, 0.75, 0.7, 1.1, 1.15, 1.1, 0.7)
_WEEK: Final = (1.1, 1.15, 1.1, 1.0, 0.8, 0.18, 0.2)
_PAGES: Final = (
    ("/", "Larkmoor"), ("/product", "Planner"), ("/product/routes", "Routes"), ("/price", "Prices"),
    ("/customers", "Customers"), ("/customers/lifts", "A lift service plans its week"), ("/guide", "Planning guide"),
    ("/blog/empty-trips", "Fewer empty trips"), ("/blog/first-visit", "Right on the first visit"),
    ("/webinars", "Webinars"), ("/demo", "See it at work"), ("/about", "About"), ("/jobs", "Jobs"),
)  # fmt: skip

_COLUMNS_OF_FILES: Final = {
    "First name": "given_name", "Last name": "family_name", "E-mail": "email", "Phone": "phone",
    "Job title": "job_title", "Company": "company_name", "Country": "country", "City": "city",
}  # fmt: skip
_IMPORT_PLAN: Final = {
    "columns": [{"column": column, "target": target} for column, target in _COLUMNS_OF_FILES.items()],
    "encoding": "utf-8", "delimiter": ",", "sheet": "", "shape": "", "null_words": [], "country": "", "zone": "UTC",
    "day_first": True, "kind": "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What the workspace calls things that facts and rows point to."""

    second_model: str = "score/main@2"
    third_model: str = "score/main@3"
    first_route: str = "route/main@2"
    second_route: str = "route/main@3"
    lifecycle: str = "lifecycle/main@2"
    nurture_queue: str = "nurture"
    nurture_id: str = "00000000000070008000000000000000"
    contact_base: int = 0
    company_base: int = 0
    deal_base: int = 0
    person_base: int = 0
    import_base: int = 0
    quality_version: int = 1
    reachable_version: int = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what the company looks like. `zone` is the workspace's: its today is where the history ends."""

    leads: int
    seed: int
    today: date
    zone: str = "UTC"
    names: Names = field(default_factory=Names)

    @property
    def firms(self) -> int:
        """How many companies the leads work for."""
        return min(50_000, max(400, self.leads // 4))

    @property
    def pages(self) -> float:
        """Pages of a visit, on average, beyond the first."""
        return 4.3 if self.leads < 50_000 else 6.5

    def before(self, days: int) -> datetime:
        """The start of the day so many days before the load."""
        return local(self.today - timedelta(days=days), 0, ZoneInfo(self.zone))

    @property
    def months(self) -> list[tuple[datetime, datetime]]:
        """Twenty-four spans of equal length, the last one ending today."""
        steps = [self.before(DAYS - DAYS * n // MONTHS) for n in range(MONTHS + 1)]
        return list(pairwise(steps))

    def made_id(self, kind: str, slug: str, at: datetime | None = None) -> UUID:
        """The id of something that is named; the same for the same recipe."""
        moment = at or self.before(DAYS)
        drawn = hashlib.sha256(f"{self.seed} {kind} {slug}".encode()).digest()
        stamp = int(moment.timestamp() * 1000).to_bytes(6, "big")
        raw = bytearray(stamp + drawn[:10])
        raw[6], raw[8] = raw[6] & 0x0F | 0x70, raw[8] & 0x3F | 0x80
        return UUID(bytes=bytes(raw))

    def account_id(self, slug: str) -> UUID:
        """The account of one of the company's people."""
        return self.made_id("account", slug)


class Company:
    """A sample company being made. Needs a folder for its scratch database."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self.recipe = recipe
        self._scratch = Staging(folder, memory="1500MB")
        self._built = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.close()

    @cached_property
    def campaigns(self) -> list[work.Campaign]:
        """Every campaign and the work on it."""
        return work.campaigns(self.recipe.today, DAYS, self.recipe.seed)

    def campaign_id(self, campaign: work.Campaign) -> UUID:
        """The id of a campaign."""
        return self.recipe.made_id("campaign", campaign.slug, campaign.begins)

    def build(self) -> None:
        """Make everything but the facts, which are made month by month."""
        if self._built:
            return
        self._set_variables()
        self._bring_words()
        self._bring_world()
        self._bring_sellers()
        self._bring_campaigns()
        self._run(_BEFORE_SALES)
        self._deal()
        self._run(_AFTER)
        self._built = True

    def _run(self, scripts: Sequence[str]) -> None:
        for script in scripts:
            for statement in _statements(script):
                self._scratch.execute(statement)

    def _deal(self) -> None:
        """Whose turn it was is a sequence: each pool is dealt in the order of time."""
        recipe = self.recipe
        members: dict[str, list[Member]] = {}
        for market, who, weight, since in pools():
            one = Member(_seller_number(who), weight, ZoneInfo(ZONE_OF[who]), recipe.before(since))
            members.setdefault(market, []).append(one)
        away: dict[int, list[tuple[datetime, datetime]]] = {}
        for who, starts, ends in self._absences():
            away.setdefault(_seller_number(who), []).append((starts, ends))
        dealing = Dealing(members, away, recipe.before(0))
        asked = (
            "SELECT epoch_us(q.moment + to_seconds(2 + (20 * u(60, l.i))::BIGINT)), number, l.market"
            " FROM qualified q JOIN lead l USING (number) ORDER BY number"
        )
        rows = self._scratch.rows(asked)
        dealing.run(Asked(_EPOCH + timedelta(microseconds=at), number, market) for at, number, market in rows)
        for name, table in dealing.tables().items():
            self._scratch.append(name, table)

    def _absences(self) -> Iterator[tuple[str, datetime, datetime]]:
        for who, first, last in absences(self.recipe.today):
            zone = ZoneInfo(ZONE_OF[who])
            yield who, local(first, 0, zone), local(last, 0, zone)

    def rows(self, table: str, low: int | None = None, high: int | None = None) -> pa.Table:
        """The rows of one table of `sql/60_tables.sql`; for leads and companies those with numbers in (low, high]."""
        span = f"{low}, {high}" if low is not None else ""
        return self._scratch.arrow(f"SELECT * FROM {table}({span})")

    def count(self, table: str) -> int:
        """How many rows a table of the scratch database has."""
        return int(self._scratch.value(f'SELECT count(*) FROM "{table}"'))

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Any question about the company as it was made."""
        return self._scratch.rows(sql)

    def facts(self, month: int) -> pa.Table:
        """The facts about leads and deals of one of the twenty-four months, with the columns of a fact."""
        start, end = (one.isoformat() for one in self.recipe.months[month])
        return self._scratch.arrow(f"SELECT * FROM facts_between(TIMESTAMPTZ '{start}', TIMESTAMPTZ '{end}')")

    def work_facts(self) -> pa.Table:
        """The work on campaigns, and what platforms cost and how far they were used."""
        from marops.sample.platforms import platform_facts

        tasks = [
            {**row, "person": str(self.recipe.account_id(row["person"])) if row["person"] else None}
            for campaign in self.campaigns
            for row in work.facts_of(campaign, str(self.campaign_id(campaign)))
        ]
        return pa.concat_tables(
            [_task_facts(self.recipe, tasks), platform_facts(self.recipe)], promote_options="default"
        )

    # --- what the scripts are given ---

    def _set_variables(self) -> None:
        recipe, names = self.recipe, self.recipe.names
        moments = {
            "today": recipe.before(0), "first_day": recipe.before(DAYS),
            "third_model_at": recipe.before(THIRD_MODEL_DAYS), "moved_at": recipe.before(MOVED_DAYS),
            "old_list_at": recipe.before(TITLES_AGED_DAYS),
        }  # fmt: skip
        days = {"last_day": 1, "old_list_day": OLD_LIST_DAYS, "spam_from": SPAM_DAYS[0], "spam_to": SPAM_DAYS[1]}
        aged = (recipe.today - timedelta(days=TITLES_AGED_DAYS)).isoformat()
        texts = {
            "old_list": OLD_LIST, "old_list_custom": f'{{"title_as_of": "{aged}"}}', "zone": recipe.zone,
            "head": str(recipe.account_id(HEAD.slug)), "second_model": names.second_model,
            "third_model": names.third_model, "first_route": names.first_route,
            "second_route": names.second_route, "lifecycle": names.lifecycle,
            "nurture_queue": names.nurture_queue, "nurture_id": names.nurture_id,
            "importer": str(recipe.account_id(IMPORTER)), "import_plan": json.dumps(_IMPORT_PLAN),
        }  # fmt: skip
        numbers = {
            "seed": recipe.seed, "leads": recipe.leads, "firms": recipe.firms, "pages": recipe.pages,
            "old_list_share": OLD_LIST_SHARE, "contact_base": names.contact_base, "company_base": names.company_base,
            "deal_base": names.deal_base, "covers": _seller_number(COVERS),
            "import_base": names.import_base, "quality_version": names.quality_version,
            "reachable_version": names.reachable_version,
        }  # fmt: skip
        said = {name: f"TIMESTAMPTZ '{at.isoformat()}'" for name, at in moments.items()}
        said |= {name: f"DATE '{recipe.today - timedelta(days=back)}'" for name, back in days.items()}
        said |= {name: "'" + text.replace("'", "''") + "'" for name, text in texts.items()}
        said |= {name: str(number) for name, number in numbers.items()}
        for name, value in said.items():
            self._scratch.execute(f"SET VARIABLE {name} = {value}")

    def _bring_words(self) -> None:
        for name in ("names", "firms", "titles"):
            text = resources.files("marops.sample").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
            rows = list(csv.DictReader(text.splitlines()))
            columns: dict[str, Any] = {key: [row[key] for row in rows] for key in rows[0]}
            if "weight" in columns:
                columns["weight"] = [int(weight) for weight in columns["weight"]]
            self._scratch.append(name, pa.table({**columns, "n": list(range(len(rows)))}))
        pages = [
            f'{{"url": "https://www.{DOMAIN}{path}", "path": "{path}", "title": "{title}"}}' for path, title in _PAGES
        ]
        self._scratch.append("page_list", pa.table({"page_json": [pages]}))

    def _bring_world(self) -> None:
        recipe, put = self.recipe, self._scratch.append
        put(
            "market",
            _columns(
                [{"market": one.slug, "culture": one.culture} for one in MARKETS],
                low=_lows([one.share for one in MARKETS]),
            ),
        )
        put(
            "country",
            _columns(
                [
                    {"market": one.slug, "country": name, "zone": zone, "language": language, "fit": one.fit}
                    for one in MARKETS
                    for name, _, zone, language in one.countries
                ],
                low=[low for one in MARKETS for low in _lows([share for _, share, _, _ in one.countries])],
            ),
        )
        put(
            "source",
            _columns(
                [
                    {
                        "code": one.code,
                        "channel": one.channel,
                        "keen": one.keen,
                        "visits": one.visits,
                        "clicks": one.clicks,
                        "lasting": one.lasting,
                        "accepted": one.accepted,
                        "won": one.won,
                        "form": one.form,
                    }
                    for one in SOURCES
                ],
                low=_lows([one.share for one in SOURCES]),
            ),
        )
        days = [recipe.today - timedelta(days=back) for back in range(DAYS, 0, -1)]
        weights = [
            (1 + 0.8 * n / DAYS) * _SEASON[day.month - 1] * _WEEK[day.weekday()] * _feasts(day)
            for n, day in enumerate(days)
        ]
        put("day", _columns([{"day": day} for day in days], low=_lows(weights)))
        put("morning", pa.table({"day": days}))

    def _bring_sellers(self) -> None:
        recipe, put = self.recipe, self._scratch.append
        put(
            "seller",
            _columns(
                [
                    {
                        "seller": number,
                        "name": one.person.name,
                        "ref": f"P-{recipe.names.person_base + PEOPLE.index(one.person) + 1}",
                        "person": recipe.made_id("person", one.person.slug).hex,
                        "account": recipe.account_id(one.person.slug).hex,
                        "zone": one.person.zone,
                        "minutes": float(one.minutes),
                        "accepts": one.accepts,
                        "slow": one.person.slug == SLOW,
                    }
                    for number, one in enumerate(SELLERS)
                ]
            ),
        )

    def _bring_campaigns(self) -> None:
        held = [one for one in self.campaigns if one.held]
        rows = [
            {"id": self.campaign_id(one).hex, "slug": one.slug, "title": one.title, "channel": one.workflow.channel,
             "held": one.held.date(), "sent_at": one.held.astimezone(UTC)}
            for one in sorted(held, key=lambda one: (one.held, one.number)) if one.held
        ]  # fmt: skip
        self._scratch.append("campaign", _columns([row for row in rows if row["channel"] != "email"]))
        self._scratch.append("letter", _columns([row for row in rows if row["channel"] == "email"]))


ZONE_OF: Final[Mapping[str, str]] = {one.person.slug: one.person.zone for one in SELLERS}


def _seller_number(slug: str) -> int:
    return next(number for number, one in enumerate(SELLERS) if one.person.slug == slug)


def _feasts(day: date) -> float:
    """Hardly anybody reads about software around the turn of the year."""
    return 0.3 if (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 3) else 1.0


def _lows(shares: Sequence[float]) -> list[float]:
    """Where each share begins on the line from 0 to 1."""
    total = sum(shares)
    return [low / total for low in accumulate([0.0, *shares[:-1]])]


def _columns(rows: list[dict[str, Any]], **more: Sequence[Any]) -> pa.Table:
    return pa.table({name: [row[name] for row in rows] for name in rows[0]} | {k: list(v) for k, v in more.items()})


def _statements(script: str) -> list[str]:
    """The statements of a script; they end with a semicolon at the end of a line."""
    text = resources.files("marops.sample").joinpath("sql", f"{script}.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [one for one in "\n".join(lines).split(";\n") if one.strip()]


def _task_facts(recipe: Recipe, rows: list[dict[str, Any]]) -> pa.Table:
    made = [
        {
            "id": str(recipe.made_id("task", str(row["number"]), row["occurred_at"])),
            "kind": "task.finished",
            "occurred_at": row["occurred_at"].astimezone(UTC),
            "recorded_at": row["occurred_at"].astimezone(UTC),
            "subject_type": "task",
            "subject_id": f"{row['case_id']}/{row['number'] % 64}",
            "actor_type": "human" if row["person"] else "system",
            "actor_id": row["person"] or "automation",
            "source": "sample",
            "properties": "{}",
        }
        | {
            name: row[name]
            for name in ("campaign_id", "case_id", "case_class", "activity", "skill", "touch", "platform")
        }
        | {name: row[name].astimezone(UTC) for name in ("enabled_at", "started_at", "ended_at")}
        | {"attempt": row["attempt"], "rework_of": row["rework_of"], "cost": row["cost"]}
        for row in rows
    ]
    return _columns(made)
