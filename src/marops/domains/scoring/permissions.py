"""Rights of scoring."""

from marops.kernel.permissions import right

VIEW = right("scoring.view", "See scoring models and the lifecycle")
STAGE = right("leads.stage", "Set a lead's stage by hand", scoped=True)
