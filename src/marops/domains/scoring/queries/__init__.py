"""Reads of scoring."""

from marops.domains.scoring.queries.leads import explain_points, reaches, score_history

__all__ = ["explain_points", "reaches", "score_history"]
