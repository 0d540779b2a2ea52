"""What other domains may use of scoring."""

from marops.domains.scoring.models import ContactPrediction, ContactScore, ContactStage, StagePassage
from marops.domains.scoring.prediction import documents as predictions
from marops.domains.scoring.prediction.rules import Prediction
from marops.domains.scoring.prediction.story import prediction
from marops.domains.scoring.queries import documents, score_history
from marops.domains.scoring.rules import Lifecycle, ScoreModel
from marops.domains.scoring.story import score, score_moves, stage

__all__ = [
    "ContactPrediction",
    "ContactScore",
    "ContactStage",
    "Lifecycle",
    "Prediction",
    "ScoreModel",
    "StagePassage",
    "documents",
    "prediction",
    "predictions",
    "score",
    "score_history",
    "score_moves",
    "stage",
]
