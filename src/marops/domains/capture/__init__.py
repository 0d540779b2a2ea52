"""How leads come in: imports, later forms, tracking and the intake API."""
