"""Reads of scoring."""

from marops.domains.scoring.queries.leads import empty_fields, explain_points, reaches, score_history

__all__ = ["empty_fields", "explain_points", "reaches", "score_history"]
