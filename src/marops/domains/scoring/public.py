"""What other domains may use of scoring."""

from marops.domains.scoring.models import ContactScore, ContactStage, StagePassage
from marops.domains.scoring.queries import documents, score_history
from marops.domains.scoring.rules import Lifecycle, ScoreModel
from marops.domains.scoring.story import score, score_moves, stage

__all__ = [
    "ContactScore",
    "ContactStage",
    "Lifecycle",
    "ScoreModel",
    "StagePassage",
    "documents",
    "score",
    "score_history",
    "score_moves",
    "stage",
]
