"""Which acts of the trail are asked for, one spelling for page, REST and command."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db.models import Q

from marops.domains.policy.models import AiAct
from marops.kernel.clock import now
from marops.kernel.errors import INVALID, FieldError, MaropsError


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Acts of a use, with an answer, for a person, of an action in the policy's words, for a reason, in a time.

    `days`: of so many days up to now, as figures count them; `since` and `until` (not included) are moments.
    """

    use: str = ""
    verdict: str = ""
    person: str = ""
    term: str = ""
    why: str = ""
    days: int = 0
    since: datetime | None = None
    until: datetime | None = None
    among: Q | None = None

    @classmethod
    def of(cls, given: Mapping[str, str], since: datetime | None = None, until: datetime | None = None) -> Self:
        """As an address or a command says it. Raises MaropsError `invalid` for an answer that there is none of."""
        verdict, days = given.get("verdict", ""), given.get("days", "")
        if verdict and verdict not in AiAct.Verdict.values:
            said = f"{verdict} is no answer; it is yes, waits or no."
            raise MaropsError(INVALID, said, errors=[FieldError("choice", said, "", "/verdict", field="verdict")])
        use, person, term, why = (given.get(name, "") for name in ("use", "person", "term", "why"))
        span = int(days) if days.isdecimal() and len(days) < 5 else 0
        return cls(use, verdict, person, term, why, span, since, until)

    def rows(self) -> Q:
        """The same as a condition."""
        wanted = {"use": self.use, "verdict": self.verdict, "on_behalf_of": self.person, "term": self.term}
        found = Q(**{name: value for name, value in wanted.items() if value}) & (self.among or Q())
        if self.why:
            found &= Q(reasons__0=self.why)
        if self.days:
            found &= Q(at__gt=now() - timedelta(days=self.days))
        found &= Q(at__gte=self.since) if self.since else Q()
        return found & Q(at__lt=self.until) if self.until else found
