"""Pages of consent: those that people open by a link of ours, and those of the team."""
