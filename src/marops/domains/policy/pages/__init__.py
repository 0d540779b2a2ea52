"""Pages of the AI policy."""
