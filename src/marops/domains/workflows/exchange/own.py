"""Names in BPMN files: the standard's namespaces, and our own for what BPMN has no place for."""

from typing import Final

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI: Final = "http://www.omg.org/spec/BPMN/20100524/DI"
DC: Final = "http://www.omg.org/spec/DD/20100524/DC"
DI: Final = "http://www.omg.org/spec/DD/20100524/DI"
BPSIM: Final = "http://www.bpsim.org/schemas/2.0"
BPSIM_SPACES: Final = (BPSIM, "http://www.bpsim.org/schemas/1.0")
MAROPS: Final = "https://marops.dev/bpmn"
"""`marops:workflow`, `marops:step`, `marops:way`: what BPMN and BPSim cannot say, as JSON. `marops:made`: a gateway or
event that stands for a value of the step `of` and is put back into it: `split`, `join`, `merge`, `rework`, `outside`,
`start`. `marops:rework`: a way of rework."""
VERSION: Final = "1"
