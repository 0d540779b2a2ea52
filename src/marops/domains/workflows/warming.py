"""The simulation kernel is compiled once, after the first start, so that nobody who asks has to wait for it."""

import subprocess
import sys
import threading

SOON = 5.0
"""Seconds after the worker's start: whoever only starts it to do one thing is not kept."""

LOOKS = 0.2
"""Seconds between two looks at the end of the worker and of the compiling."""

WARM = "import os; os.nice(5); from marops.methods.simulation.kernel import warm; warm()"


def keep_warm(stop: threading.Event) -> None:
    """Compile the kernel into its folder, unless an earlier start did; then wait for the end of the worker.

    In a process of its own: a compiler at work in a thread cannot be told to end, and it holds a lock that the end of
    the interpreter waits for, so that a worker told to stop might stay for ever.
    """
    if stop.wait(SOON):
        return
    compiling = subprocess.Popen([sys.executable, "-c", WARM])
    while compiling.poll() is None and not stop.wait(LOOKS):
        pass
    if compiling.poll() is None:
        compiling.kill()
        compiling.wait()
    elif compiling.returncode == 0 and not stop.is_set():
        _load()
    stop.wait()


def _load() -> None:
    """Take what is compiled into this process, so that the first who asks need not wait for that either: a second."""
    from marops.domains.workflows.answering import bottleneck, report  # noqa: F401  # all that answers
    from marops.methods.simulation.kernel import warm

    warm()
