"""The picture of a diagram (BPMN DI): where each shape stands and how each flow runs."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from marops.domains.workflows.exchange.sketch import Line, Shape, Sketch
from marops.methods.layout import Drawing, drawn

_COLUMN, _SLOT, _MARGIN, _HEAD = 170, 120, 40, 30
_SIZES = {"Gateway": (50, 50), "Event": (36, 36)}
_TASK = (110, 80)
Box = tuple[float, float, float, float]
"""Left, top, width, height."""


def picture(root: ET.Element, sketch: Sketch, lanes: Sequence[str], plane_of: str) -> None:
    """Add the diagram of a sketch: lanes as rows, time from left to right."""
    rows = {id_: lanes.index(one.lane or lanes[0]) for id_, one in sketch.shapes.items()} if lanes else None
    ties = list(dict.fromkeys((one.source, one.target) for one in sketch.lines if one.source != one.target))
    order = sorted(sketch.shapes, key=lambda id_: sketch.shapes[id_].tag != "startEvent")
    laid = drawn(order, ties, rows)
    boxes = {id_: _box(one, laid.points[id_]) for id_, one in sketch.shapes.items()}
    diagram = ET.SubElement(root, "bpmndi:BPMNDiagram", {"id": "diagram"})
    plane = ET.SubElement(diagram, "bpmndi:BPMNPlane", {"id": "plane", "bpmnElement": plane_of})
    if lanes:
        _rows(plane, laid, lanes)
    for id_, box in boxes.items():
        shape = _shape(plane, id_, box)
        if sketch.shapes[id_].tag == "exclusiveGateway":
            shape.set("isMarkerVisible", "true")
    for line in sketch.lines:
        edge = ET.SubElement(plane, "bpmndi:BPMNEdge", {"id": f"{line.id}-edge", "bpmnElement": line.id})
        for x, y in _path(line, boxes, laid):
            ET.SubElement(edge, "di:waypoint", {"x": _number(x), "y": _number(y)})


def _box(shape: Shape, point: tuple[float, float]) -> Box:
    width, height = next((size for end, size in _SIZES.items() if shape.tag.endswith(end)), _TASK)
    x = _MARGIN + _HEAD * 2 + (point[0] + 0.5) * _COLUMN
    y = _MARGIN + (point[1] + 0.5) * _SLOT
    return x - width / 2, y - height / 2, width, height


def _rows(plane: ET.Element, laid: Drawing, lanes: Sequence[str]) -> None:
    layers = 1 + max(x for x, _ in laid.points.values())
    width = _HEAD * 2 + layers * _COLUMN
    _shape(plane, "pool", (_MARGIN, _MARGIN, width, laid.height * _SLOT)).set("isHorizontal", "true")
    for number, _ in enumerate(lanes):
        top, end = laid.bands.get(number, (0.0, 0.0))
        box = (_MARGIN + _HEAD, _MARGIN + top * _SLOT, width - _HEAD, (end - top) * _SLOT)
        _shape(plane, f"lane-{number + 1}", box).set("isHorizontal", "true")


def _shape(plane: ET.Element, id_: str, box: Box) -> ET.Element:
    shape = ET.SubElement(plane, "bpmndi:BPMNShape", {"id": f"{id_}-shape", "bpmnElement": id_})
    x, y, width, height = (_number(one) for one in box)
    ET.SubElement(shape, "dc:Bounds", {"x": x, "y": y, "width": width, "height": height})
    return shape


def _path(line: Line, boxes: dict[str, Box], laid: Drawing) -> list[tuple[float, float]]:
    """Points of a flow, all its stretches level or upright."""
    a, b = boxes[line.source], boxes[line.target]
    bends = [
        (_MARGIN + _HEAD * 2 + (x + 0.5) * _COLUMN, _MARGIN + (y + 0.5) * _SLOT)
        for x, y in laid.bends.get((line.source, line.target), ())
    ]
    if a[0] < b[0]:
        stops = [(a[0] + a[2], a[1] + a[3] / 2), *bends, (b[0], b[1] + b[3] / 2)]
        return _squared(stops)
    low = max(a[1] + a[3], b[1] + b[3]) + 15
    if not bends:
        return [
            (a[0] + a[2] / 2, a[1] + a[3]),
            (a[0] + a[2] / 2, low),
            (b[0] + b[2] / 2, low),
            (b[0] + b[2] / 2, b[1] + b[3]),
        ]
    first, last = (a[0] + a[2] / 2, bends[0][1]), (b[0] + b[2] / 2, bends[-1][1])
    inner = _squared([first, *bends, last])
    return [
        (first[0], a[1] + a[3] if first[1] > a[1] else a[1]),
        *inner,
        (last[0], b[1] + b[3] if last[1] > b[1] else b[1]),
    ]


def _squared(stops: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Turn halfway between two stops that are not level."""
    found = [stops[0]]
    for x, y in stops[1:]:
        before = found[-1]
        if abs(before[1] - y) > 0.5:
            half = (before[0] + x) / 2
            found += [(half, before[1]), (half, y)]
        found.append((x, y))
    return found


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
