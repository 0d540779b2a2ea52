"""What each role's desk is made of: one line per role. Everything else about a desk is general.

`needs` and `boards` name fillers of the port `desk`, in their order; what a filler says is cut to the reader's rights
by the filler itself. `figures` are metrics that this role answers for or steers by. `changes` are kinds of definitions
whose new versions matter here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One desk."""

    emblem: str
    figures: tuple[str, ...]
    needs: tuple[str, ...]
    boards: tuple[str, ...] = ()
    live: tuple[str, ...] = ()
    """Fillers whose own figures stand beside the metrics."""
    changes: tuple[str, ...] = ()
    pieces: tuple[tuple[str, str], ...] = ()
    """(metric, field): a metric broken down, as one more table."""
    own: bool = False
    """The figures are this person's own: of the leads they have."""
    quarter: bool = False
    every_figure: bool = False
    """Looks after all figures: all of them are measured anew with the desk's."""


ROLES: Mapping[str, Role] = {
    "vp_mops": Role(
        emblem="wizard",
        figures=("pipeline.opened", "pipeline.won", "pipeline.win_rate", "funnel.mql_to_sql", "sales.acceptance",
                 "quality.score"),
        needs=("reviews", "ai-policy", "opportunities", "promises", "sources", "coverage", "problems", "team-work"),
        boards=("platforms",),
        pieces=(("sales.acceptance", "contact.source"),),
        changes=("ai_policy", "ai_use", "score", "lifecycle", "route", "quality", "targets", "pipeline", "access"),
    ),
    "mops_manager": Role(
        emblem="captain",
        figures=("sla.hit_rate", "speed.working", "sales.acceptance", "funnel.mqls", "funnel.mql_to_sql",
                 "quality.score"),
        needs=("problems", "privacy", "ai-policy", "promises", "leads", "away", "coverage", "reviews", "records",
               "imports", "team-work", "jobs"),
        boards=("sellers", "queues"),
        changes=("score", "lifecycle", "route", "quality", "targets", "calendar", "access"),
    ),
    "martech_specialist": Role(
        emblem="archer",
        figures=("leads.created", "quality.score", "list.reachable"),
        needs=("problems", "ai-policy", "connections", "team-work", "jobs", "imports"),
        live=("engine", "connections"),
        boards=("connections", "stages", "platforms"),
        changes=("access",),
    ),
    "marketing_automation_manager": Role(
        emblem="sorceress",
        figures=("funnel.mqls", "funnel.lead_to_mql", "funnel.mql_to_sql", "sales.acceptance", "speed.mql_to_touch",
                 "leads.created"),
        needs=("reviews", "ai-policy", "sources", "problems", "leads", "team-work", "jobs"),
        boards=("matrix",),
        pieces=(("sales.acceptance", "contact.source"), ("funnel.mqls", "contact.source")),
        changes=("score", "lifecycle", "route"),
    ),
    "marketing_data_analyst": Role(
        emblem="seer",
        figures=("funnel.mqls", "funnel.lead_to_mql", "funnel.mql_to_sql", "sales.acceptance", "pipeline.win_rate",
                 "quality.score"),
        needs=("freshness", "sources", "problems", "team-work", "jobs"),
        boards=("untold",),
        every_figure=True,
        pieces=(("funnel.lead_to_mql", "contact.source"),),
        changes=("score", "lifecycle", "targets", "pipeline"),
    ),
    "campaign_ops_manager": Role(
        emblem="ranger",
        figures=("leads.created", "funnel.mqls", "funnel.lead_to_mql", "sales.acceptance", "funnel.sqls",
                 "pipeline.opened"),
        needs=("ai-policy", "sources", "leads", "imports", "problems", "team-work", "jobs"),
        boards=("campaigns",),
        pieces=(("sales.acceptance", "contact.source"), ("leads.created", "contact.source")),
        changes=("route",),
    ),
    "email_marketing_specialist": Role(
        emblem="messenger",
        figures=("list.reachable", "list.growth", "list.joined", "list.left"),
        needs=("ai-policy", "problems", "imports", "team-work", "jobs"),
        boards=("consents",),
        pieces=(("list.reachable", "contact.source"),),
        changes=(),
    ),
    "lead_db_admin": Role(
        emblem="keeper",
        figures=("quality.score", "sla.hit_rate", "speed.working", "leads.created", "sales.acceptance",
                 "speed.mql_to_touch"),
        needs=("privacy", "leads", "promises", "records", "words", "problems", "imports", "reviews", "team-work",
               "jobs"),
        boards=("faults", "queues"),
        changes=("quality", "route", "score", "lifecycle", "import_map"),
    ),
    "mops_coordinator": Role(
        emblem="squire",
        figures=("leads.created", "quality.score"),
        needs=("rejects", "records", "problems", "imports", "team-work", "jobs"),
        boards=("import-list", "faults"),
        live=("import-list",),
        changes=("import_map",),
    ),
    "marketing_manager": Role(
        emblem="herald",
        figures=("funnel.mqls", "funnel.mql_to_sql", "sales.acceptance", "pipeline.opened", "pipeline.won",
                 "quality.score"),
        needs=("ai-policy", "sources", "problems", "team-work", "jobs"),
        pieces=(("sales.acceptance", "contact.source"),),
        changes=("ai_policy", "ai_use", "score", "route", "targets"),
        quarter=True,
    ),
    "sales_owner": Role(
        emblem="falconer",
        figures=("sla.hit_rate", "speed.working", "sales.acceptance"),
        needs=("mine", "opportunities", "team-work", "jobs"),
        live=("mine", "opportunities"),
        boards=("mine",),
        own=True,
        changes=("route",),
    ),
    "administrator": Role(
        emblem="warden",
        figures=("leads.created", "quality.score"),
        needs=("problems", "ai-policy", "backups", "jobs", "reviews", "leads", "connections"),
        live=("engine", "accounts"),
        boards=("stages", "connections", "faults"),
        changes=("access", "score", "lifecycle", "route", "quality", "targets"),
    ),
}  # fmt: skip


def role_of(slug: str) -> Role:
    """The desk of a role; of one that a workspace made itself the administrator's, cut down by rights."""
    return ROLES.get(slug, ROLES["administrator"])
