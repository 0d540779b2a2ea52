"""The team's documents (calendars, roles, skills, structures, assumptions, playbooks) and what follows from them."""
