"""The simulation kernel is compiled once, after the first start, so that nobody who asks has to wait for it."""

import threading

SOON = 5.0
"""Seconds after the worker's start: whoever only starts it to do one thing is not kept."""


def keep_warm(stop: threading.Event) -> None:
    """Compile the kernel, or load what an earlier start compiled; then wait for the end of the worker."""
    if not stop.wait(SOON):
        from marops.methods.simulation.kernel import warm

        warm()
        stop.wait()
