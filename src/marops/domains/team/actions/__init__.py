"""Writes about the team: people, roles and skills, structures, growth, work on hand."""
