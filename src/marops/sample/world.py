"""The sample company: who works there, what it sells where, and what it works with. Every name here is made up.

Larkmoor Systems makes planning software for firms that send technicians out. All its domains end in `.example`, so
that no address can belong to anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

COMPANY: Final = "Larkmoor Systems"
DOMAIN: Final = "larkmoor.example"
ZONE: Final = "Europe/Berlin"
CURRENCY: Final = "EUR"
DAYS: Final = 730
"""How far back the company's memory reaches."""

SIZES: Final = {"small": 6_000, "large": 200_000}
"""Leads of each size; about 20 and 25 facts each."""


@dataclass(frozen=True, slots=True)
class Market:
    """Where the company sells: a group of countries with one language, one time and one team of sellers."""

    slug: str
    name: str
    culture: str
    share: float
    fit: float
    """How well what the company makes fits there: the odds of acceptance are multiplied by it."""
    countries: tuple[tuple[str, float, str, str], ...]
    """Country, share, zone, language."""


MARKETS: Final = (
    Market("dach", "DACH", "german", 0.24, 1.15, (
        ("DE", 0.74, "Europe/Berlin", "de"), ("AT", 0.14, "Europe/Vienna", "de"), ("CH", 0.12, "Europe/Zurich", "de"))),
    Market("uki", "UK and Ireland", "english", 0.17, 1.05, (
        ("GB", 0.86, "Europe/London", "en"), ("IE", 0.14, "Europe/Dublin", "en"))),
    Market("nordics", "Nordics", "nordic", 0.12, 1.10, (
        ("SE", 0.42, "Europe/Stockholm", "sv"), ("NO", 0.24, "Europe/Oslo", "no"),
        ("DK", 0.22, "Europe/Copenhagen", "da"), ("FI", 0.12, "Europe/Helsinki", "fi"))),
    Market("benelux", "Benelux", "dutch", 0.10, 1.0, (
        ("NL", 0.66, "Europe/Amsterdam", "nl"), ("BE", 0.34, "Europe/Brussels", "nl"))),
    Market("france", "France", "french", 0.10, 0.95, (("FR", 1.0, "Europe/Paris", "fr"),)),
    Market("south", "Southern Europe", "southern", 0.09, 0.9, (
        ("ES", 0.45, "Europe/Madrid", "es"), ("IT", 0.38, "Europe/Rome", "it"), ("PT", 0.17, "Europe/Lisbon", "pt"))),
    Market("namer", "North America", "american", 0.18, 0.9, (
        ("US", 0.84, "America/Chicago", "en"), ("CA", 0.16, "America/Toronto", "en"))),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where leads come from, and what their kind is like."""

    code: str
    channel: str
    share: float
    keen: float
    """Share of them that mean to buy something."""
    visits: float
    """How often they come back, on average."""
    clicks: float
    """Of their visits, the share that is only a click in an e-mail."""
    accepted: float
    """Share that sales accepts once they qualify."""
    won: float
    """Share of opportunities that are won."""
    lasting: int = 260
    """Days over which those who mean nothing by it come back."""
    form: bool = True
    """Whether they come in by a form of the website."""


SOURCES: Final = (
    Source("organic_search", "search", 0.22, 0.20, 3.0, 0.22, 0.52, 0.27),
    Source("paid_search", "search", 0.17, 0.18, 2.6, 0.20, 0.50, 0.24),
    Source("linkedin_ads", "social", 0.10, 0.15, 2.6, 0.25, 0.46, 0.22),
    Source("webinar", "webinar", 0.12, 0.22, 3.4, 0.32, 0.55, 0.26),
    Source("trade_show", "event", 0.08, 0.28, 3.2, 0.26, 0.50, 0.25, form=False),
    Source("referral", "referral", 0.06, 0.32, 3.0, 0.18, 0.66, 0.33),
    Source("direct", "website", 0.10, 0.20, 2.8, 0.20, 0.52, 0.26),
    Source("partner", "partner", 0.05, 0.30, 3.0, 0.20, 0.64, 0.52),
    Source("content_syndication", "syndication", 0.10, 0.10, 8.0, 0.88, 0.13, 0.18, lasting=40, form=False),
)

OLD_LIST: Final = "Service Technology Days visitor list"
"""The old event list that was imported once, with the titles of its day."""
OLD_LIST_SHARE: Final = 0.03


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company. `skills`: what of the campaigns' work they do."""

    slug: str
    name: str
    role: str
    job: str
    manager: str = ""
    zone: str = ZONE
    access: tuple[str, ...] = ()
    """Access roles; none: no account."""
    skills: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """The address at the company."""
        return f"{self.slug}@{DOMAIN}"


_VP, _MANAGER, _HEAD = "ines.aldana", "tobias.rehm", "gwen.parrish"
_DEMAND = "marit.ekholm"
"""She leads the marketing managers, who work with marketing operations and are none of it."""


def _marketer(slug: str, name: str, role: str, job: str, skills: str = "", manager: str = _MANAGER) -> Person:
    roles = ("marketing_manager",) if role == "marketing_manager" else (role,)
    return Person(slug, name, role, job, manager, access=roles, skills=tuple(skills.split()))


MARKETERS: Final = (
    Person(_VP, "Inés Aldana", "vp_mops", "VP of Marketing Operations", access=("vp_mops",), skills=("approval",)),
    Person(_MANAGER, "Tobias Rehm", "mops_manager", "Manager of Marketing Operations", _VP,
           access=("mops_manager",), skills=("approval",)),
    _marketer("saskia.odink", "Saskia Odink", "martech_specialist", "MarTech Specialist", "web"),
    _marketer("farid.benmoussa", "Farid Benmoussa", "martech_specialist", "MarTech Specialist", "web"),
    _marketer("lena.hartwig", "Lena Hartwig", "marketing_automation_manager",
              "Marketing Automation Manager", "automation"),
    _marketer("piotr.zawada", "Piotr Zawada", "marketing_automation_manager",
              "Marketing Automation Manager", "automation"),
    _marketer("yuki.tamaki", "Yuki Tamaki", "marketing_data_analyst", "Marketing Data Analyst", "analysis"),
    _marketer("owen.tregarth", "Owen Tregarth", "marketing_data_analyst", "Marketing Data Analyst", "analysis"),
    _marketer("carla.montsant", "Carla Montsant", "campaign_ops_manager", "Campaign Operations Manager", "planning"),
    _marketer("birgit.solheim", "Birgit Solheim", "campaign_ops_manager", "Campaign Operations Manager", "planning"),
    _marketer("dewi.anggara", "Dewi Anggara", "campaign_ops_manager", "Campaign Operations Manager", "planning"),
    _marketer("noor.vandaele", "Noor Vandaele", "email_marketing_specialist", "Email Marketing Specialist", "email"),
    _marketer("matteo.brusca", "Matteo Brusca", "email_marketing_specialist", "Email Marketing Specialist", "email"),
    _marketer("hana.kolarik", "Hana Kolářík", "email_marketing_specialist", "Email Marketing Specialist", "email"),
    _marketer("samuel.adjei", "Samuel Adjei", "lead_db_admin", "Lead Management and Database Administrator", "data"),
    _marketer("ruta.balsys", "Rūta Balsys", "lead_db_admin", "Lead Management and Database Administrator", "data"),
    _marketer("milo.castellan", "Milo Castellan", "mops_coordinator",
              "Marketing Operations Coordinator", "checking data"),
    _marketer("aino.lehtola", "Aino Lehtola", "mops_coordinator", "Marketing Operations Coordinator", "checking"),
    _marketer("joao.serrano", "João Serrano", "mops_coordinator", "Marketing Operations Coordinator", "checking"),
    _marketer("marit.ekholm", "Marit Ekholm", "marketing_manager", "Marketing Manager, demand", "approval media", ""),
    _marketer("rahul.deshmane", "Rahul Deshmane", "marketing_manager",
              "Marketing Manager, product", "approval writing", _DEMAND),
    _marketer("clemence.arnoult", "Clémence Arnoult", "marketing_manager",
              "Marketing Manager, content", "writing", _DEMAND),
    _marketer("ewan.strachan", "Ewan Strachan", "marketing_manager", "Writer", "writing", "clemence.arnoult"),
    _marketer("delphine.okoro", "Delphine Okoro", "marketing_manager", "Designer", "design", "clemence.arnoult"),
    _marketer("lukas.pranger", "Lukas Pranger", "marketing_manager", "Designer", "design", "clemence.arnoult"),
    _marketer("henrike.daum", "Henrike Daum", "marketing_manager", "Marketing counsel", "legal", _DEMAND),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seller:
    """A person of sales: what they cover, and how fast they pick a lead up."""

    person: Person
    market: str
    weight: int
    minutes: float
    """Working minutes until the first touch, in the middle of all leads."""
    accepts: float = 1.0
    absences: tuple[tuple[int, int], ...] = ()
    """Days before the load on which an absence began and ended; below zero: it is planned."""


def _seller(slug: str, name: str, market: str, zone: str, minutes: float, weight: int = 1, accepts: float = 1.0,
            absences: tuple[tuple[int, int], ...] = ()) -> Seller:  # fmt: skip
    job = f"Account Executive, {next(one.name for one in MARKETS if one.slug == market)}"
    person = Person(slug, name, "sales_owner", job, _HEAD, zone, access=("sales_owner",))
    return Seller(person, market, weight, minutes, accepts, absences)


HEAD: Final = Person(_HEAD, "Gwen Parrish", "sales_owner", "Head of Sales", "", "Europe/London", ("sales_owner",))

SLOW: Final = "victor.lindqvist-hale"
"""The seller who sits on leads."""
MOVED: Final = "jonas.krogsrud"
"""The seller who left the Nordics; the rule does not know."""
COVERS: Final = "freja.holmgaard"
"""The seller who covers the Nordics since."""
MOVED_DAYS: Final = 210
"""So many days before the load the Nordics changed hands."""

SELLERS: Final = (
    _seller("annika.voss", "Annika Voss", "dach", "Europe/Berlin", 95, 2, absences=((410, 396), (52, 45), (-16, -23))),
    _seller("emil.gerstner", "Emil Gerstner", "dach", "Europe/Berlin", 120, 2, absences=((395, 381), (120, 113))),
    _seller("sofia.ruckert", "Sofia Rückert", "dach", "Europe/Vienna", 110, absences=((500, 490),)),
    _seller("callum.breck", "Callum Breck", "uki", "Europe/London", 100, absences=((365, 355),)),
    _seller(SLOW, "Victor Lindqvist-Hale", "uki", "Europe/London", 1_000),
    _seller(MOVED, "Jonas Krogsrud", "nordics", "Europe/Oslo", 105),
    _seller(COVERS, "Freja Holmgaard", "nordics", "Europe/Copenhagen", 90),
    _seller("bram.oosterwijk", "Bram Oosterwijk", "benelux", "Europe/Amsterdam", 115, absences=((330, 320),)),
    _seller(
        "manon.delorme", "Manon Delorme", "france", "Europe/Paris", 130, absences=((470, 450), (105, 90), (-9, -14))
    ),
    _seller("irene.palacin", "Irene Palacín", "south", "Europe/Madrid", 125, absences=((460, 445),)),
    _seller("dana.whitlock", "Dana Whitlock", "namer", "America/Chicago", 85, 2, absences=((300, 293),)),
    _seller("marcus.tillery", "Marcus Tillery", "namer", "America/New_York", 105, absences=((150, 141),)),
    _seller("renee.fontenelle", "Renée Fontenelle", "namer", "America/Toronto", 100),
)

IMPORTER: Final = "milo.castellan"
"""The coordinator who brings files in."""

PEOPLE: Final = (*MARKETERS, HEAD, *(one.person for one in SELLERS))


@dataclass(frozen=True, slots=True)
class Platform:
    """Software the company pays for: price a month, seats paid, and the share of them that is used on a working day."""

    slug: str
    name: str
    category: str
    owner: str
    cost: Decimal
    seats: int
    used: float
    ends: int
    """Days after the load at which the contract ends."""
    idle_since: int | None = None
    """So many days before the load somebody used it last; None: it is in use."""


def _platform(slug: str, name: str, category: str, owner: str, cost: int, seats: int, used: float, ends: int,
              idle_since: int | None = None) -> Platform:  # fmt: skip
    return Platform(slug, name, category, owner, Decimal(cost), seats, used, ends, idle_since)


UNUSED: Final = "pollardry"
PLATFORMS: Final = (
    _platform("kestrello-crm", "Kestrello CRM", "CRM", "lead_db_admin", 5_200, 40, 0.82, 290),
    _platform("automoor", "Automoor", "marketing automation", "marketing_automation_manager", 4_100, 12, 0.75, 150),
    _platform("postwren", "Postwren", "e-mail", "email_marketing_specialist", 1_450, 6, 0.85, 75),
    _platform("pageyard", "Pageyard", "website", "martech_specialist", 980, 10, 0.60, 210),
    _platform("webinarden", "Webinarden", "webinars", "campaign_ops_manager", 620, 5, 0.45, 40),
    _platform("plankboard", "Plankboard", "work management", "campaign_ops_manager", 760, 30, 0.80, 330),
    _platform("assetloft", "Assetloft", "asset library", "marketing_manager", 540, 20, 0.35, 120),
    _platform("drawnest", "Drawnest", "design", "marketing_manager", 390, 6, 0.70, 260),
    _platform("quillfox", "Quillfox", "AI writing", "marketing_manager", 310, 8, 0.65, 95),
    _platform("bidwarden", "Bidwarden", "advertising", "marketing_manager", 890, 4, 0.70, 180),
    _platform("leadlanthorn", "Leadlanthorn", "enrichment", "lead_db_admin", 1_700, 5, 0.50, 60),
    _platform("tallywick", "Tallywick", "analytics", "marketing_data_analyst", 1_150, 15, 0.55, 240),
    _platform("tagsmithy", "Tagsmithy", "tag management", "martech_specialist", 240, 4, 0.40, 310),
    _platform("sealwright", "Sealwright", "contracts and approvals", "marketing_manager", 450, 10, 0.30, 135),
    _platform("chatmarl", "Chatmarl", "chat", "martech_specialist", 360, 8, 0.45, 20),
    _platform(UNUSED, "Pollardry Surveys", "surveys", "marketing_data_analyst", 1_250, 25, 0.30, 110, idle_since=275),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a workflow: who does it with what, how long it takes, and what can go wrong.

    `hours`: work in the middle case. `outside`: working hours that are spent waiting for somebody outside. `again`: the
    share of cases in which the work goes back to `back_to`.
    """

    name: str
    skill: str
    touch: str
    platform: str
    hours: float
    outside: float = 0.0
    again: float = 0.0
    back_to: str = ""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A class of campaigns: its steps in order, how many begin in a month, what one costs in media."""

    slug: str
    name: str
    channel: str
    a_month: float
    budget: int
    steps: tuple[Step, ...]


LEGAL: Final = "Legal review"
_BRIEF = Step("Brief", "planning", "human", "plankboard", 2.0)
_COPY = Step("Write copy", "writing", "ai", "quillfox", 3.0)
_DESIGN = Step("Design", "design", "human", "drawnest", 4.0)
_PAGE = Step("Build landing page", "web", "human", "pageyard", 3.0)
_MAIL = Step("Build e-mails", "email", "human", "postwren", 3.0)
_LEGAL = Step(LEGAL, "legal", "human", "sealwright", 1.5, again=0.22, back_to="Write copy")
_LIST = Step("Pull audience", "data", "human", "kestrello-crm", 1.5)
_CHECK = Step("Test and check", "checking", "human", "postwren", 1.2, again=0.08, back_to="Build e-mails")
_APPROVE = Step("Approve", "approval", "human", "plankboard", 0.4)
_SEND = Step("Send", "automation", "automatic", "automoor", 0.2)
_REPORT = Step("Report", "analysis", "human", "tallywick", 2.0)

WORKFLOWS: Final = (
    Workflow("newsletter", "Newsletter", "email", 4.0, 0, (
        _BRIEF, _COPY, _MAIL, _LEGAL, _CHECK, _APPROVE, _SEND, _REPORT)),
    Workflow("webinar", "Webinar", "webinar", 2.0, 2_500, (
        _BRIEF, Step("Book speaker", "planning", "human", "plankboard", 1.0, outside=24.0), _COPY, _DESIGN, _PAGE,
        _LEGAL, _MAIL, _LIST, _CHECK, _APPROVE, _SEND,
        Step("Hold webinar", "planning", "human", "webinarden", 2.0, outside=40.0),
        Step("Hand leads over", "data", "human", "kestrello-crm", 1.0), _REPORT)),
    Workflow("paid", "Paid campaign", "search", 1.5, 14_000, (
        _BRIEF, _COPY, _DESIGN, _PAGE, _LEGAL, Step("Set up media", "media", "human", "bidwarden", 3.0), _APPROVE,
        Step("Launch", "automation", "automatic", "bidwarden", 0.2), _REPORT)),
    Workflow("social", "Social campaign", "social", 1.0, 9_000, (
        _BRIEF, _COPY, _DESIGN, _LEGAL, Step("Set up media", "media", "human", "bidwarden", 2.5), _APPROVE,
        Step("Launch", "automation", "automatic", "bidwarden", 0.2), _REPORT)),
    Workflow("content", "Content piece", "syndication", 2.5, 3_000, (
        _BRIEF, _COPY, Step("Edit", "writing", "human", "quillfox", 2.0), _DESIGN, _LEGAL, _PAGE, _REPORT)),
    Workflow("event", "Trade show", "event", 0.4, 38_000, (
        _BRIEF, Step("Book stand", "planning", "human", "plankboard", 3.0, outside=60.0), _COPY, _DESIGN, _LEGAL, _PAGE,
        _MAIL, _CHECK, _APPROVE, _SEND, Step("Import visitors", "data", "human", "leadlanthorn", 2.5), _REPORT)),
    Workflow("launch", "Product launch", "website", 0.33, 22_000, (
        _BRIEF, _COPY, _DESIGN, _PAGE, _LEGAL, _MAIL, _LIST, _CHECK, _APPROVE, _SEND, _REPORT)),
)  # fmt: skip


def absences(today: date) -> Sequence[tuple[str, date, date]]:
    """Who was away from when to when (half-open)."""
    return [
        (one.person.slug, today - timedelta(days=began), today - timedelta(days=ended))
        for one in SELLERS
        for began, ended in one.absences
    ]
