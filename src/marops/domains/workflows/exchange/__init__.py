"""Workflows in the formats of other tools: BPMN 2.0 with BPSim, and the parameters of Prosimos, in and out."""

from marops.domains.workflows.exchange.bpmn import read_diagram
from marops.domains.workflows.exchange.bpmn_out import write_bpmn
from marops.domains.workflows.exchange.documents import Read, finished

__all__ = ["Read", "read_bpmn", "write_bpmn"]


def read_bpmn(data: bytes, *, title: str = "") -> Read:
    """The workflow in a BPMN 2.0 file. Raises MaropsError `invalid` that names the element at fault."""
    return finished(read_diagram(data), title)
