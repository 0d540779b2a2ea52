"""Who may see colleagues and change how they work."""

from marops.kernel.permissions import right

VIEW = right("team.view", "See the team, working hours and absences")
MANAGE = right("team.manage", "Change people, working hours and absences")
