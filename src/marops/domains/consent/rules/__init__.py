"""Purposes, regimes, and what follows from both: pure, no ORM."""
