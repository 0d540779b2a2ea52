"""What stands against putting a policy in force: it is not decided yet, breaks a law, or fails a check of its own."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from marops.domains.policy.models import PolicyTable
from marops.domains.policy.queries.told import breach_words
from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.document import AiPolicy
from marops.domains.policy.rules.domain import SHAPE, Request
from marops.domains.policy.rules.proving import breaches
from marops.domains.policy.rules.table import unpacked
from marops.domains.policy.rules.tables import rules_digest
from marops.kernel.errors import FieldError


def policy_enters(_slug: str, document: AiPolicy) -> list[FieldError]:
    """What stands against this version, each fault at its place; nothing where it may decide from now on."""
    kept = PolicyTable.objects.filter(rules_sha256=rules_digest(document.rules)).first()
    if kept is None:
        message = _("Its %(n)s combinations are not decided yet.") % {"n": "142,560"}
        return [FieldError("not-decided", message, _("Wait for the job, or run marops policy decide."), "/rules")]
    return [*_laws(bytes(kept.allowed)), *_checks(document)]


def _laws(allowed: bytes) -> Iterator[FieldError]:
    for one in breaches(unpacked(allowed).reshape(SHAPE)):
        yield FieldError(f"law-{one.law}", breach_words(one), _("Change the rules so that care never costs."), "/rules")


def _checks(document: AiPolicy) -> Iterator[FieldError]:
    policy = Compiled(document.rules)
    for at, check in enumerate(document.checks):
        if policy.decide(Request(**check.ask.model_dump())).allowed != (check.expect == "yes"):
            message = _("“%(says)s” should be %(expect)s.") % {"says": check.says, "expect": check.expect}
            yield FieldError("check", message, _("Change the rules or the check."), f"/checks/{at}")
