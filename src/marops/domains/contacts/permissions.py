"""Who may see people."""

from django.db.models import QuerySet

from marops.domains.accounts.public import scope_rule
from marops.domains.contacts.models import Contact
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.fields import REGISTRY
from marops.kernel.permissions import grants, right
from marops.kernel.rules import parse
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.workspace import zone
from marops.store.rulequery import condition_sql, percent_escaped

VIEW = right("leads.view", "See leads", scoped=True)
FIX = right("quality.fix", "Put faulty records right in bulk")
MERGE = right("contacts.merge", "Merge two records of one person, and part them again")


def visible(actor: Actor, right: str = VIEW) -> QuerySet[Contact]:
    """The people this actor may see."""
    # The condition is compiled from a rule of our own and holds ids of accounts alone.
    return Contact.objects.extra(where=[visible_sql(actor, alias="contact", right=right)])  # noqa: S610


def visible_sql(actor: Actor, *, alias: str, right: str = VIEW) -> str:
    """The same as a condition over `contact` under this alias, for statements of our own; `%` stands escaped in it."""
    held = grants(actor)
    meant = understand(parse(scope_rule(held.scope(right), held)), Context(now(), zone()))
    return percent_escaped(condition_sql(meant, REGISTRY.bindings("postgres", schema=""), alias=alias))
