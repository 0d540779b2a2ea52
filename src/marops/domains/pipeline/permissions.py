"""Who may see, change and bring in opportunities."""

from marops.kernel.permissions import right

VIEW = right("opportunities.view", "See opportunities", scoped=True)
CHANGE = right("opportunities.change", "Change opportunities", scoped=True)
IMPORT = right("opportunities.import", "Bring opportunities in from files")
