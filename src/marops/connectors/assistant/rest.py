"""The AI that helps over REST: set it up, ask it, see what came of it."""

from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from marops.connectors.assistant import actions, queries
from marops.connectors.assistant.forms import DraftForm, ProviderForm, WordsForm, values_of
from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.permissions import MANAGE
from marops.connectors.assistant.reading import summary_arguments
from marops.domains.accounts.public import actor_of
from marops.domains.capture.public import may_import, plan_import
from marops.domains.contacts.public import VIEW as SEE_LEADS
from marops.kernel import files
from marops.kernel.definitions import CHANGE
from marops.kernel.errors import NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.forms import validated
from marops.kernel.jobs import start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require
from marops.kernel.rest import Strict

router = Router(tags=["ai"])


class AiProviderOut(Strict):
    """The AI that helps, without its key; prices for a million tokens. `inside`: a model of our own."""

    url: str
    model: str
    vendor: str
    inside: bool
    inside_why: str
    price_in: Decimal
    price_out: Decimal
    seconds: int
    on: bool
    has_key: bool
    uses: list[str]


class AiProviderIn(Strict):
    """Which AI helps. A key that is left out stays, an empty one is forgotten; a new address needs it anew.

    `inside_why`: why a model on the open internet is our own, said by an administrator.
    """

    url: str
    model: str
    vendor: str
    key: str | None = None
    inside: bool = False
    inside_why: str = ""
    price_in: Decimal = Decimal(0)
    price_out: Decimal = Decimal(0)
    seconds: int = 60
    on: bool = False


class AskDraftIn(Strict):
    """A definition out of a sentence; `slug`: the one that is changed."""

    kind: str
    sentence: str
    slug: str = ""


class AskWordsIn(Strict):
    """A vocabulary of a field, such as contact.industry."""

    field: str
    sentence: str = ""


class AskColumnsIn(Strict):
    """Where the columns of a kept file go; `table`: leads, opportunities, …; empty: what its columns tell."""

    file: UUID
    table: str = ""


class AskSummaryIn(Strict):
    """A page of the house by its address, such as /quality."""

    page: str


class AskedAiOut(Strict):
    """A question to the AI, and what came of it: a definition's draft, or columns by their number."""

    ref: str
    help: str
    state: Literal["waiting", "running", "done", "failed", "stopped"]
    asked_at: datetime
    definition: str | None = None
    columns: dict[str, str] | None = None
    draft: str | None = None
    use: str | None = None
    tokens: int | None = None
    cost: Decimal | None = None
    problem: dict[str, Any] | None = None


def _provider(one: Provider) -> dict[str, Any]:
    shown = {name: getattr(one, name) for name in actions.SHOWN}
    return shown | {"has_key": bool(one.key), "uses": sorted(queries.uses_in_force())}


@router.get("/ai/provider", response=AiProviderOut, url_name="ai-provider")
def provider(request: HttpRequest) -> Any:
    """The AI that helps. 404 while there is none."""
    require(actor_of(request), MANAGE)
    one = queries.provider()
    if one is None:
        raise MaropsError(NOT_FOUND)
    return _provider(one)


@router.put("/ai/provider", response=AiProviderOut, url_name="ai-provider")
def set_provider(request: HttpRequest, given: AiProviderIn) -> Any:
    """Set it up."""
    actor = actor_of(request)
    require(actor, MANAGE)
    cleaned = validated(ProviderForm, given.dict())
    key = None if given.key is None else cleaned["key"]
    return _provider(actions.set_up(actor=actor, values=values_of(cleaned), key=key))


@router.post("/ai/asked/draft", response={202: AskedAiOut}, url_name="ai-ask-draft")
def ask_draft(request: HttpRequest, given: AskDraftIn) -> Any:
    """Ask for a definition out of a sentence; it is kept as a draft."""
    require(actor_of(request), CHANGE)
    return _started(request, "draft", validated(DraftForm, given.dict()))


@router.post("/ai/asked/words", response={202: AskedAiOut}, url_name="ai-ask-words")
def ask_words(request: HttpRequest, given: AskWordsIn) -> Any:
    """Ask for a vocabulary; it is kept as a draft of a rule of data quality."""
    require(actor_of(request), CHANGE)
    require(actor_of(request), SEE_LEADS)
    return _started(request, "words", validated(WordsForm, given.dict()))


@router.post("/ai/asked/columns", response={202: AskedAiOut}, url_name="ai-ask-columns")
def ask_columns(request: HttpRequest, given: AskColumnsIn) -> Any:
    """Ask where the columns of a file go; the AI sees headings alone, and nothing is brought in."""
    actor = actor_of(request)
    row = files.file_for(actor, given.file)
    plan = plan_import(files.path_of(row), name=row.name, table=given.table)
    if (plan.table or "leads") not in may_import(actor):
        raise MaropsError(NOT_ALLOWED)
    return _started(request, "columns", {"file": row.id, "table": plan.table or "leads"})


@router.post("/ai/asked/summary", response={202: AskedAiOut}, url_name="ai-ask-summary")
def ask_summary(request: HttpRequest, given: AskSummaryIn) -> Any:
    """Ask for a page in a few sentences, as it is for you; `draft` of what came of it is a draft of AI."""
    require(actor_of(request), "policy.view")
    return _started(request, "summary", summary_arguments(request, given.page))


def _started(request: HttpRequest, name: str, given: dict[str, Any]) -> Any:
    queries.in_use()
    actor = actor_of(request)
    plain = {key: value if isinstance(value, list) else str(value) for key, value in given.items()}
    arguments = plain | {"for": actor.id}
    return Status(HTTPStatus.ACCEPTED, _asked(start_job(f"assistant.{name}", arguments, actor=actor)))


@router.get("/ai/asked/{ref}", response=AskedAiOut, url_name="ai-asked")
def asked(request: HttpRequest, ref: str) -> Any:
    """What came of a question of yours."""
    return _asked(queries.asked(actor_of(request), ref))


def _asked(one: Job) -> dict[str, Any]:
    came = one.result or {}
    columns = dict(str(line).split("=", 1) for line in came.get("columns", []))
    return {
        "ref": one.ref, "help": queries.help_of(one).name, "state": str(one.state), "asked_at": one.created_at,
        "definition": came.get("definition"), "columns": columns or None, "draft": came.get("draft"),
        "use": came.get("use"), "tokens": came.get("tokens"), "cost": came.get("cost"), "problem": one.problem,
    }  # fmt: skip
