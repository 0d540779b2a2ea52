"""Why leads that somebody complains of are as they are: causes ranked by how much commoner they are than elsewhere."""

from marops.methods.tracing.ranking import FEWEST, Cause, Found, Ranking, ranked

__all__ = ["FEWEST", "Cause", "Found", "Ranking", "ranked"]
