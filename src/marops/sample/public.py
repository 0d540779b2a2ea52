"""What the command line and the pages may use of the sample company."""

from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.sample.jobs import start_removal, start_sample
from marops.sample.queries import present, state, what_goes
from marops.sample.world import COMPANY, SIZES

__all__ = ["COMPANY", "SIZES", "check_size", "present", "start_removal", "start_sample", "state", "what_goes"]


def check_size(size: str) -> str:
    """The size, where there is one of this name. Raises MaropsError `invalid`."""
    if size not in SIZES:
        fault = FieldError("choice", f"There is no size {size!r}.", f"Use {' or '.join(SIZES)}.", field="size")
        raise MaropsError(INVALID, errors=[fault])
    return size
