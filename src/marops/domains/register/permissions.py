"""Who may change the names that facts point to."""

from marops.kernel.permissions import right

CHANGE = right("register.change", "Change the register of campaigns, sources and platforms")
