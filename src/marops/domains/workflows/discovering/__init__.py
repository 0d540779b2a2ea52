"""A workflow and a crew made of what the methods find in a log. Every value says whether the log gave it."""

from marops.domains.workflows.discovering.finding import discover_log

__all__ = ["discover_log"]
