"""Reads of the team: working hours, people, the catalogue, coverage, growth, work on hand."""
