"""What a page of the house says, as its reader sees it: the page is opened for that person, and its text taken."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from marops.connectors.assistant.rules import cleaned
from marops.domains.accounts.public import FIELD_CLASSES, Account, limit_to, rights_of_the_key, rights_remembered
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_ALLOWED, FieldError, MaropsError
from marops.kernel.memo import remembered
from marops.kernel.permissions import may

_SKIPPED: Final = frozenset({"script", "style", "svg", "form", "nav", "template", "select", "button", "head"})
_LINES: Final = frozenset({"p", "tr", "li", "h1", "h2", "h3", "h4", "dt", "dd", "div", "section", "br", "table"})
_VOID: Final = frozenset({"br", "img", "input", "meta", "link", "hr", "wbr", "source", "col"})
INTERNAL: Final = frozenset({
    "metrics", "policy:because", "policy:checks", "policy:diff", "policy:law", "policy:line", "policy:page",
    "policy:rule", "policy:rules", "policy:versions", "policy:version", "policy:what-if", "scoring:lifecycle",
    "scoring:model", "scoring:models", "workflows:templates",
})  # fmt: skip
"""Pages that tell of figures and rules alone; every other page may tell of persons."""
BEHAVIOUR: Final = frozenset({
    "contacts:company", "pipeline:opportunity", "routing:because", "routing:lead", "webhooks:delivery",
})  # fmt: skip
"""Pages that tell what somebody did."""
_CONFIDENTIAL: Final = (
    "accounts.", "ai.", "assessment.", "assistant.", "audit.", "backup.", "desks.", "evidence.", "pay.", "personal.",
    "secret.", "team.", "tokens.",
)  # fmt: skip
_CONFIDENTIAL_PAGES: Final = ("definition", "history", "policy:draft", "policy:waiting", "team:")
_WITH_PAY: Final = ("workflows:",)
"""Pages that show what hours cost to those who may see pay."""
MOST_ADDRESS: Final = 500
_CLOSED: Final = (
    "/api",
    "/ai",
    "/static",
    "/files",
    "/account",
    "/jobs",
    "/healthz",
    "/shared",
    "/share",
    "/welcome",
    "/sign",
    "/forgot",
)


class _Main(HTMLParser):
    """The text of what stands in `<main>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title = ""
        self._inside, self._skipped, self._titles = 0, 0, False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Enter `<main>`, or what is passed over in it."""
        self._titles = tag == "title"
        if tag == "main":
            self._inside += 1
        elif tag in _SKIPPED and tag not in _VOID:
            self._skipped += 1
        if tag in _LINES:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" | ")

    def handle_endtag(self, tag: str) -> None:
        """Leave it."""
        self._titles = False
        if tag == "main":
            self._inside -= 1
        elif tag in _SKIPPED:
            self._skipped = max(0, self._skipped - 1)

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        if self._titles and not self.title:
            self.title = data.strip()
        elif self._inside > 0 and not self._skipped:
            self.parts.append(data)


def text_of(html: str) -> tuple[str, str]:
    """Title and text of a page."""
    reader = _Main()
    reader.feed(html)
    lines = (" ".join(line.split()).strip(" |") for line in "".join(reader.parts).splitlines())
    return reader.title, cleaned("\n".join(line for line in lines if line))


def data_of(name: str, right: str, *, sees_pay: bool) -> tuple[str, ...]:
    """Which kinds of data the page of this name may tell of, in the policy's words, the most sensitive last.

    The policy is asked about each. A page that nobody thought of counts as one about persons.
    """
    if name in INTERNAL:
        return ("internal",)
    people = "behaviour" if name in BEHAVIOUR else "contact"
    closed = right.startswith(_CONFIDENTIAL) or name.startswith(_CONFIDENTIAL_PAGES)
    if closed or (sees_pay and name.startswith(_WITH_PAY)):
        return (people, "confidential")
    return (people,)


def request_by(actor: Actor, address: str) -> HttpRequest:
    """A request of this person as a browser would send it, for those who ask by a command."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", address, address
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    account = Account.objects.filter(id=actor.id, active=True).first()
    if account is None:
        raise MaropsError(NOT_ALLOWED)
    request.user = account
    request.__dict__["actor"] = actor
    return request


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as somebody sees it: its path, title and text, and the kinds of data that it may tell of."""

    path: str
    title: str
    text: str
    data: tuple[str, ...]

    @property
    def subject(self) -> str:
        """As the trail names it."""
        return f"page{self.path.rstrip('/')}"


def page_for(request: HttpRequest, address: str) -> Seen:
    """A page as whoever asks sees it. Raises MaropsError for what is none."""
    path, _mark, query = address[:MOST_ADDRESS].partition("?")
    path = path.partition("#")[0]
    if not path.startswith("/") or path.startswith(("//", *_CLOSED)):
        raise _none(path)
    try:
        match = resolve(path)
    except Resolver404:
        raise _none(path) from None
    other = copy.copy(request)
    other.method, other.path, other.path_info = "GET", path, path
    other.GET, other.POST = QueryDict(query), QueryDict()
    other.META = {**request.META, "REQUEST_METHOD": "GET", "QUERY_STRING": query, "PATH_INFO": path}
    other.__dict__.pop("headers", None)
    other.resolver_match = match
    view: Callable[..., Any] = match.func
    response = view(other, *match.args, **match.kwargs)
    if not isinstance(response, HttpResponse) or response.status_code != 200 or "html" not in response["Content-Type"]:
        raise _none(path)
    title, text = text_of(response.content.decode(response.charset or "utf-8", "replace"))
    if not text:
        raise _none(path)
    name = str(match.view_name or "")
    data = data_of(
        name, str(getattr(view, "needs_right", "")), sees_pay=may(request.__dict__["actor"], FIELD_CLASSES["pay"])
    )
    return Seen(path, title.rpartition(" · ")[0] or path, text, data)


def summary_arguments(request: HttpRequest, address: str) -> dict[str, Any]:
    """What the job is told that has a page summarised: where it stands, never what stands there; a job's row is kept.

    Raises MaropsError where whoever asks has no such page.
    """
    limit = rights_of_the_key()
    page_for(request, address)
    return {"page": address[:MOST_ADDRESS]} | ({"limit": limit} if limit is not None else {})


def page_later(person: str, address: str, limit: Sequence[str] | None) -> Seen:
    """The page for this person once more, in a job; with no more rights than the key had that asked for it."""
    with rights_remembered(), remembered():
        if limit is not None:
            limit_to(frozenset(limit))
        return page_for(request_by(Actor("human", person), address), address)


def _none(path: str) -> MaropsError:
    said = _("There is no page here to summarise: %(path)s") % {"path": path[:200]}
    return MaropsError(INVALID, said, errors=[FieldError("unknown", said, field="page", pointer="/page")])
