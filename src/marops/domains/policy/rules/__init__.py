"""What the policy means: its domain, its rules in Cedar, the table of all decisions, and what is read off it."""
