"""Deals: opportunities, the people in them, what became of them, and where each stood on every day."""
