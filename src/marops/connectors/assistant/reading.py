"""What a page of the house says, as its reader sees it: the page is opened for that person, and its text taken."""

import copy
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from marops.connectors.assistant.rules import cleaned
from marops.domains.accounts.public import Account
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_ALLOWED, FieldError, MaropsError

_SKIPPED: Final = frozenset({"script", "style", "svg", "form", "nav", "template", "select", "button", "head"})
_LINES: Final = frozenset({"p", "tr", "li", "h1", "h2", "h3", "h4", "dt", "dd", "div", "section", "br", "table"})
_VOID: Final = frozenset({"br", "img", "input", "meta", "link", "hr", "wbr", "source", "col"})
_INTERNAL: Final = frozenset({"metrics.view", "policy.view", "workflows.view", "scoring.view"})
"""Pages behind these rights tell of figures, rules and work; every other page may tell of persons."""
_CONFIDENTIAL: Final = ("accounts.", "team.", "audit.", "assessment.", "pay.", "personal.", "secret.", "evidence.")
_CLOSED: Final = ("/api", "/ai", "/static", "/files", "/account", "/jobs", "/healthz", "/shared", "/share")


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


def data_of(right: str) -> str:
    """Which data a page behind this right may tell of, in the policy's words."""
    if right in _INTERNAL:
        return "internal"
    return "confidential" if right.startswith(_CONFIDENTIAL) else "contact"


def request_by(actor: Actor, address: str) -> HttpRequest:
    """A request of this person as a browser would send it, for those who ask by a command."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", address, address
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    account = Account.objects.filter(id=actor.id).first()
    if account is None:
        raise MaropsError(NOT_ALLOWED)
    request.user = account
    request.__dict__["actor"] = actor
    return request


def page_for(request: HttpRequest, address: str) -> tuple[str, str, str, str]:
    """Path, title, text and kind of data of a page as whoever asks sees it. Raises MaropsError for what is none."""
    path, _mark, query = address.partition("?")
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
    return path, title.rpartition(" · ")[0] or path, text, data_of(str(getattr(view, "needs_right", "")))


def _none(path: str) -> MaropsError:
    said = _("There is no page here to summarise: %(path)s") % {"path": path[:200]}
    return MaropsError(INVALID, said, errors=[FieldError("unknown", said, field="page", pointer="/page")])
