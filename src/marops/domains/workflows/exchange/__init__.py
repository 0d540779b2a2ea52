"""Workflows in the formats of other tools: BPMN 2.0 with BPSim, and Prosimos 2 models, in and out."""

from marops.domains.workflows.exchange.bpmn import read_diagram
from marops.domains.workflows.exchange.bpmn_out import write_bpmn
from marops.domains.workflows.exchange.documents import Read, finished
from marops.domains.workflows.exchange.files import is_exchange, model_files, packed, read_paths, read_zip
from marops.domains.workflows.exchange.prosimos import read_prosimos
from marops.domains.workflows.exchange.prosimos_out import Files, losses, write_prosimos

__all__ = [
    "Files",
    "Read",
    "is_exchange",
    "losses",
    "model_files",
    "packed",
    "read_bpmn",
    "read_paths",
    "read_prosimos",
    "read_zip",
    "write_bpmn",
    "write_prosimos",
]


def read_bpmn(data: bytes, *, title: str = "") -> Read:
    """The workflow in a BPMN 2.0 file. Raises MaropsError `invalid` that names the element at fault."""
    return finished(read_diagram(data), title)
