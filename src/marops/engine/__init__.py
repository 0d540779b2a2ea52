"""Supervisor, tick, stages and the worker that runs jobs."""
