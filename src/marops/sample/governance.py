"""What the sample company lets AI do: its policy and the one before it, its register, and three months of a trail.

Vendors and models are made up, as everything here is.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from marops.domains.policy.public import Past, PastDraft, template
from marops.sample.generate import Recipe

POLICY_DAYS: Final = 84
"""So many days before the load the policy in force began, and the trail with it."""
LATE_DAYS: Final = 12
STOPPED_DAYS: Final = 9
STOPPED: Final = "advert-budgets"
STOPPED_WHY: Final = "Twice in a night it moved money to an advert that nobody had looked at."
_LETTER_DAY: Final = 3
SAMPLED: Final = 0.2
_MISPLACED: Final = "Two orders lay in the heap of questions. The prompt now says what an order looks like."
_OWNER = "Marketing Automation Manager"
_OVERDUE = "Its entry in the register should have been looked at by {day}."
_THROWN = "The kill switch is thrown since {at}: {why}"


def policies(recipe: Recipe) -> Sequence[tuple[Mapping[str, Any], str, int, int | None]]:
    """Document, reason, and the days before the load from and until which it was in force; the older first."""
    agreed = ["Inés Aldana (marketing operations)", "Gwen Parrish (sales)", "Henrike Daum (legal)"]
    review_by = (recipe.today + timedelta(days=96)).isoformat()
    now = {**template("balanced"), "agreed_by": agreed, "review_by": review_by}
    return [
        (template("cautious"), "To begin with: AI drafts, and two people read.", 210, POLICY_DAYS),
        (now, "A quarter with two readers showed where one is enough.", POLICY_DAYS, None),
    ]


def uses(recipe: Recipe) -> Mapping[str, dict[str, Any]]:
    """Short name → the entry of the register."""

    def day(after: int) -> str:
        return (recipe.today + timedelta(days=after)).isoformat()

    own = {"vendor": "Larkmoor", "name": "Sparrow", "version": "2", "hosting": "own", "region": "Frankfurt"}
    rented = {"vendor": "Fennwick AI", "name": "Scribe", "version": "4.1", "hosting": "vendor", "region": "EU",
              "keeps_days": 0}  # fmt: skip
    return {
        "lead-summaries": _use(
            "Summaries before a call", "Tells a seller in five lines who a lead is.", own, day(150),
            actions=["summarise"], content=["records", "words"], data=["none", "internal", "contact", "behaviour"],
            autonomy=4, rights=["leads.view"], evidence=["Trial of 200 summaries, read by two sellers"],
        ),
        "reply-sorting": _use(
            "Sorting replies", "Puts replies to letters into five heaps.", rented, day(60), actions=["classify"],
            data=["none", "internal", "contact"], autonomy=3, reach={"records": 400}, rights=["leads.view"],
            review={"needed": 1, "when": "sample", "sample": SAMPLED, "roles": ["lead_db_admin"]},
        ),
        "newsletter-drafts": _use(
            "Newsletter drafts", "The first draft of each letter, in four languages.", rented, day(88),
            actions=["draft", "translate"], audience=["customers", "prospects"], data=["none", "internal"],
            review={"needed": 1, "roles": ["email_marketing_specialist"]}, discloses=True, owner="Noor Vandaele",
            jurisdictions=["DE", "FR"], evidence=["Data processing agreement of 2 March"],
        ),
        "newsletter-sending": _use(
            "Sending newsletters", "Sends what was read, to those who agreed.", own, day(88), actions=["send"],
            audience=["customers", "prospects"], data=["none", "internal", "contact"], reversibility="none",
            reach={"recipients": 5000}, review={"needed": 2, "roles": ["email_marketing_specialist"]},
            discloses=True, consent_purpose="newsletter", owner="Noor Vandaele",
        ),
        "segment-proposals": _use(
            "Proposed segments", "Proposes whom a campaign should address.", own, day(-LATE_DAYS),
            actions=["segment", "score"], content=["records"], data=["none", "internal", "contact", "behaviour"],
            rights=["leads.view", "definitions.change"],
        ),
        STOPPED: _use(
            "Budgets of adverts", "Moves money to the adverts that bring visits.", rented, day(40), actions=["spend"],
            content=["words", "pictures"], audience=["prospects", "public"], data=["none", "internal"], autonomy=4,
            reversibility="costly", reach={"money": 500}, discloses=True, owner="Marit Ekholm",
        ),
    }  # fmt: skip


def drafted(recipe: Recipe) -> Mapping[str, dict[str, Any]]:
    """An entry that somebody would like to see in the register; nobody has put it in force."""
    model = {"vendor": "Fennwick AI", "name": "Chorus", "hosting": "vendor"}
    return {"event-voice": _use(
        "A voice for event films", "Speaks the text of films about events.", model,
        (recipe.today + timedelta(days=180)).isoformat(), actions=["draft"], content=["sound"], audience=["public"],
        data=["none"], discloses=True, owner="Marit Ekholm",
    )}  # fmt: skip


def _use(title: str, purpose: str, model: Mapping[str, Any], review_by: str, **given: Any) -> dict[str, Any]:
    careful = {"owner": _OWNER, "content": ["words"], "audience": ["colleagues"], "autonomy": 2,
               "reversibility": "easy"}  # fmt: skip
    return {**careful, "title": title, "purpose": purpose, "model": dict(model), "review_by": review_by, **given}


def acts(recipe: Recipe) -> list[Past]:
    """What AI wanted to do on every working day since the policy is in force."""
    draw, found = Random(f"{recipe.seed} ai"), []  # noqa: S311  # a made-up history, no secret
    for back in range(POLICY_DAYS - 1, 0, -1):
        morning = recipe.before(back)
        if morning.weekday() < 5:
            found += list(_day(recipe, draw, morning + timedelta(hours=8), back))
    return found


def _day(recipe: Recipe, draw: Random, start: datetime, back: int) -> Iterator[Past]:
    def at(most: int = 500) -> datetime:
        return start + timedelta(minutes=draw.randrange(most), seconds=draw.randrange(60))

    def who(slug: str) -> str:
        return str(recipe.account_id(slug))

    for _n in range(draw.randrange(3, 8)):
        yield Past(at(), "lead-summaries", who("marit.ekholm"), "ai.read", "summarise", "lead", "records",
                   "colleagues", "contact", records=1, tokens=draw.randrange(900, 2600))  # fmt: skip
    yield Past(at(), "reply-sorting", who("samuel.adjei"), "ai.read", "classify", "replies", "words", "colleagues",
               "contact", records=draw.randrange(20, 140), tokens=9000, cost=Decimal("0.04"),
               sampled=_looked_at(back, who("samuel.adjei")))  # fmt: skip
    yield from _letters(draw, at, who("noor.vandaele"), back)
    if draw.random() < 0.4 or back in (8, 9, 10):  # one of three days in a row is a working day
        late = _OVERDUE.format(day=recipe.today - timedelta(days=LATE_DAYS)) if back < LATE_DAYS else ""
        yield Past(at(), "segment-proposals", who("lena.hartwig"), "definition.draft", "segment", "segment/proposed",
                   "records", "colleagues", "behaviour", approvals=1, records=1, tokens=4000, against=late)  # fmt: skip
    yield from _money(recipe, draw, at, who("marit.ekholm"), back)
    if back in (61, 33, 30, 5):
        yield Past(at(), "website-chat", who("carla.montsant"), "ai.read", "draft", "answer", "words", "public",
                   "internal")  # fmt: skip


def _looked_at(back: int, who: str) -> Sequence[tuple[int, str, bool, str]] | None:
    """Of every fifth day's sorting somebody looks at a sample, the day after; the last ones wait."""
    if back % round(1 / SAMPLED):
        return None
    if back < LATE_DAYS:
        return ()
    return [(26, who, False, _MISPLACED) if back == 40 else (26, who, True, "")]


def _letters(draw: Random, at: Any, who: str, back: int) -> Iterator[Past]:
    """A draft waits, is read, and goes out; some come back for a second reader, for consent, or for being too many."""
    if back % 3 == 0:
        audience = "customers" if back % 6 == 0 else "prospects"
        first, letter = at(200), f"letter-{POLICY_DAYS - back}"
        for approvals, hours in ((0, 0), (1, 2), *(((2, 4),) if audience == "customers" else ())):
            if approvals == 0 or draw.random() < 0.9:
                yield Past(first + timedelta(hours=hours), "newsletter-drafts", who, "policy.propose", "draft", letter,
                           "words", audience, "internal", approvals=approvals, tokens=6000,
                           cost=Decimal("0.11"))  # fmt: skip
    if at().weekday() == _LETTER_DAY:  # by the weekday, so that every week has one whenever the company is loaded
        week = back // 7
        many = 6200 if week == 5 else draw.randrange(900, 2600)
        customers = week % 3 == 1
        for approvals in (1, 2) if customers else (1,):
            yield Past(
                at(), "newsletter-sending", who, "letter.send", "send", f"letter-{POLICY_DAYS - back}", "words",
                "customers" if customers else "prospects", "contact", approvals=approvals, recipients=many,
                consented=week != 8,
            )  # fmt: skip


def _money(recipe: Recipe, draw: Random, at: Any, who: str, back: int) -> Iterator[Past]:
    thrown = recipe.before(STOPPED_DAYS) + timedelta(hours=7, minutes=12)
    stopped = _THROWN.format(at=f"{thrown:%Y-%m-%d %H:%M} UTC", why=STOPPED_WHY) if back <= STOPPED_DAYS else ""
    if draw.random() < 0.6 or back in (5, 6, 7):
        spent = 640 if back == 26 else draw.randrange(20, 160)
        yield Past(at(), STOPPED, who, "adverts.move", "spend", "adverts", "words", "prospects", "internal",
                   approvals=1, spent=spent, tokens=1500, cost=Decimal("0.02"), against=stopped)  # fmt: skip


def stopped_at(recipe: Recipe) -> datetime:
    """When the switch was thrown."""
    return recipe.before(STOPPED_DAYS) + timedelta(hours=7, minutes=12)


_WORDS: Final = (
    (
        "Three questions before the renewal",
        "Your plan renews in spring. Three questions show whether it still fits: who uses it each week, what you export"
        " by hand, and which report nobody opens.",
    ),
    (
        "What changed in the planner",
        "Shared calendars, a quieter inbox, and plans that can be put back. Ten minutes of reading; the videos are at"
        " the end.",
    ),
    (
        "Invitation: planning without spreadsheets",
        "On Thursday at ten we show how a team of six moved its yearly plan in an afternoon. Bring your messiest"
        " sheet.",
    ),
    (
        "A guide to the first thirty days",
        "Day one: one project, three people. Day ten: the first report. Day thirty: what to leave out. The guide has a"
        " page for each.",
    ),
    (
        "How others plan their fairs",
        "Four companies told us what they book first, what they book too late, and what they stopped booking. Their"
        " lists are inside.",
    ),
)
_CLAIM: Final = " It saves every team a day a week."


def drafts(recipe: Recipe) -> list[PastDraft]:
    """Letters that were handed in: read and approved, one declined and one changed a month, the last ones open."""
    noor, matteo, hana = (str(recipe.account_id(one)) for one in ("noor.vandaele", "matteo.brusca", "hana.kolarik"))
    found = []
    for back in range(POLICY_DAYS - POLICY_DAYS % 3, 0, -3):
        morning, (title, words) = recipe.before(back), _WORDS[back // 3 % len(_WORDS)]
        if morning.weekday() > 4:
            continue
        said: list[tuple[int, str, bool, str]] = [(2, matteo, True, ""), (4, hana, True, "")]
        changed, text = None, f"{words} (Letter {POLICY_DAYS - back}.)"
        if back <= 6:
            said = said[:1] if back % 6 == 0 else []
        elif back % 27 == 0:
            text, said = text + _CLAIM, [(3, matteo, False, "Nobody measured that day a week. Leave it out.")]
        elif back % 21 == 0:
            changed, text = (3, noor, text), text + _CLAIM
        found.append(PastDraft(
            morning + timedelta(hours=9), "newsletter-drafts", noor, f"letter-{POLICY_DAYS - back}", title, text,
            "customers" if back % 6 == 0 else "prospects", "internal", said=said, changed=changed,
        ))  # fmt: skip
    return found
