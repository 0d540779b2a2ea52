"""Who works here: people, their roles, when they work and when they are away."""
