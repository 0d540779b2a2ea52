"""Scores and lifecycle stages: who fits, who is keen, and where each lead stands."""
