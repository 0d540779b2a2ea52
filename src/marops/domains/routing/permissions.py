"""Who may see, hand over and route leads."""

from marops.kernel.permissions import right

VIEW = right("leads.view", "See leads", scoped=True)
ASSIGN = right("leads.assign", "Hand leads to people and queues", scoped=True)
CHANGE = right("routing.change", "Change routes and queues")
DISPOSE = right("leads.dispose", "Say what became of a lead", scoped=True)
