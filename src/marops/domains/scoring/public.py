"""What other domains may use of scoring."""

from marops.domains.scoring.models import ContactScore, ContactStage
from marops.domains.scoring.rules import Lifecycle, ScoreModel
from marops.domains.scoring.story import score, stage

__all__ = ["ContactScore", "ContactStage", "Lifecycle", "ScoreModel", "score", "stage"]
