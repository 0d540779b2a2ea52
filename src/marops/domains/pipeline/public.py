"""What other domains may use of the pipeline."""

from marops.domains.pipeline.actions import (
    change_opportunity,
    create_opportunity,
    keep_opportunities,
    move_opportunity,
    take_snapshots,
)
from marops.domains.pipeline.models import Opportunity, OpportunityPerson, OpportunitySnapshot, PipelineStage
from marops.domains.pipeline.permissions import CHANGE, IMPORT, VIEW, visible
from marops.domains.pipeline.rules import Part, Pipeline
from marops.domains.pipeline.writing import pipeline

__all__ = [
    "CHANGE",
    "IMPORT",
    "VIEW",
    "Opportunity",
    "OpportunityPerson",
    "OpportunitySnapshot",
    "Part",
    "Pipeline",
    "PipelineStage",
    "change_opportunity",
    "create_opportunity",
    "keep_opportunities",
    "move_opportunity",
    "pipeline",
    "take_snapshots",
    "visible",
]
