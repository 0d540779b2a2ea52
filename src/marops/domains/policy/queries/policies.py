"""The policy in force, its versions, and their tables."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.policy.models import PolicyTable
from marops.domains.policy.rules.cedar import Compiled, Decision, Facts, faults_of
from marops.domains.policy.rules.document import AiPolicy, Asked
from marops.domains.policy.rules.domain import BY_NAME, Request
from marops.domains.policy.rules.page import Page, page_of
from marops.domains.policy.rules.table import Table
from marops.domains.policy.rules.tables import restored, rules_digest
from marops.kernel import memo
from marops.kernel.definitions import load
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError, problem
from marops.kernel.models import Definition

KIND, SLUG = "ai_policy", "marketing"
REF = f"{KIND}/{SLUG}"
BEGIN = gettext_lazy("Open the page “AI policy”: answer twenty questions, or begin with one of the three that ship.")
_NUMBER = re.compile(r"v?([0-9]{1,9})")
NOT_DECIDED = problem(
    "policy-not-decided",
    "This version of the policy is not decided yet",
    status=409,
    remedy="Wait for its job, or run `marops policy decide`.",
)


@dataclass(frozen=True)
class Policy:
    """One version of the policy, ready to decide."""

    row: Definition
    document: AiPolicy

    @cached_property
    def compiled(self) -> Compiled:
        """The rules, parsed."""
        return _compiled(self.row.id)

    @property
    def digest(self) -> str:
        """Of what decides."""
        return rules_digest(self.document.rules)

    def decide(self, request: Request, facts: Facts | None = None) -> Decision:
        """May this be done, now?"""
        return self.compiled.decide(request, facts)

    @property
    def decided(self) -> bool:
        """Is its table kept?"""
        return PolicyTable.objects.filter(rules_sha256=self.digest).exists()

    @cached_property
    def table(self) -> Table:
        """Its decisions. Raises MaropsError `policy-not-decided`."""
        return table_of(self)

    @cached_property
    def page(self) -> Page:
        """Its one page."""
        return _page(self.digest, self.table.digest(), lambda: self.table)


@lru_cache(maxsize=8)
def _compiled(version: UUID) -> Compiled:
    """A version never changes, so what was parsed once stays true."""
    document: AiPolicy = load(Definition.objects.get(id=version))
    return Compiled(document.rules)


_pages: dict[tuple[str, str], Page] = {}


def _page(rules: str, table: str, ask: Callable[[], Table]) -> Page:
    """Pages by what they were read from; a few, since a version in force is asked for again and again."""
    if (rules, table) not in _pages:
        while len(_pages) > 7:
            _pages.pop(next(iter(_pages)))
        _pages[rules, table] = page_of(ask())
    return _pages[rules, table]


def in_force() -> Policy | None:
    """The policy that decides now; None where there is none, and then AI may do nothing."""

    def ask() -> Policy | None:
        row = Definition.objects.filter(kind=KIND, slug=SLUG, state=Definition.State.ACTIVE).first()
        return Policy(row, load(row)) if row else None

    return memo.once(("policy", "in-force"), ask)


def policy_of(version: str = "") -> Policy:
    """A version by its number, `active`, or the newest where nothing is said. Raises MaropsError `not-found`."""
    if (version == "active" or not version) and (found := in_force()):
        return found
    kept = Definition.objects.filter(kind=KIND, slug=SLUG).order_by("-version")
    number = _NUMBER.fullmatch(version)
    row = kept.filter(version=int(number[1])).first() if number else kept.first() if not version else None
    if row is None:
        raise _none(version, kept.first())
    return Policy(row, load(row))


def _none(version: str, newest: Definition | None) -> MaropsError:
    if newest is None:
        return no_policy()
    if version == "active":
        said = _("No policy is in force: AI may do nothing.")
        return MaropsError(NOT_FOUND, said, remedy=_("Put version %(n)s in force on its page.") % {"n": newest.version})
    said = _("There is no version “%(name)s” of the policy.") % {"name": version}
    return MaropsError(NOT_FOUND, said, remedy=_("The newest is %(n)s.") % {"n": newest.version})


def no_policy() -> MaropsError:
    """What is said where nobody wrote a policy yet."""
    return MaropsError(NOT_FOUND, _("There is no policy yet: AI may do nothing."), remedy=str(BEGIN))


def table_of(policy: Policy) -> Table:
    """The kept decisions of a version. Raises MaropsError `policy-not-decided`."""
    kept = PolicyTable.objects.filter(rules_sha256=policy.digest).first()
    if kept is None:
        raise MaropsError(NOT_DECIDED, _("%(ref)s is not decided yet.") % {"ref": policy.row.pinned})
    return restored(policy.compiled, kept.rules, bytes(kept.allowed), bytes(kept.holds))


def request_of(asked: Asked) -> Request:
    """A combination as the rules take it. Raises MaropsError `invalid` where an answer is none."""
    request = Request(**asked.model_dump())
    faults = [_unknown(name, value) for name, value in request.faults()]
    if faults:
        raise MaropsError(INVALID, errors=faults)
    return request


def _unknown(name: str, value: object) -> FieldError:
    known = ", ".join(str(one) for one in BY_NAME[name].values)
    message = _("%(value)s is no answer to “%(asks)s”.") % {"value": value, "asks": BY_NAME[name].asks}
    return FieldError("unknown", message, _("Write one of: %(known)s.") % {"known": known}, f"/{name}", field=name)


def document_faults(document: AiPolicy) -> list[FieldError]:
    """What is wrong with a policy before anything is decided: its rules, and the questions of its checks."""
    found = faults_of(document.rules)
    for at, check in enumerate(document.checks):
        for name, value in Request(**check.ask.model_dump()).faults():
            one = _unknown(name, value)
            found.append(FieldError(one.code, one.message, one.remedy, f"/checks/{at}/ask/{name}", field=name))
    return found
