"""With what a simulated time begins, in words: with the work in progress, or run in from nothing."""

from marops.domains.workflows.answering.outcomes import Outcome, Setting, estimate
from marops.domains.workflows.rules.answers import plural


def beginning(today: Outcome, setting: Setting, *, spare: float | None, unit: str) -> tuple[str, ...]:
    """What an answer rests on. `today`: doing nothing; `spare`: how many times what comes in can be done.

    Where less can be done than comes in, what has piled up by the first day is as old as the running in is long.
    """
    if setting.begins:
        return (setting.begins,)
    months = setting.frame.warm_up
    if not months:
        return ("Begins with nothing in work.",)
    lines = [f"Run in for {months} months before the first day, since nobody knows what is in work then."]
    waits = estimate(today.in_work[:, 0]).value
    if spare is not None and spare < 1 and waits is not None:
        lines.append(
            f"About {waits:.0f} {plural(unit)} wait at the start: {months} months of more coming in than gets done;"
            " say how many are really open."
        )
    return tuple(lines)
