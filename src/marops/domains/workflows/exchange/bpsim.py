"""Times, probabilities and costs in BPSim 2.0 (WfMC): the scenario that travels in a BPMN file, read and written."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from pydantic import ValidationError

from marops.domains.workflows.exchange.own import BPSIM_SPACES
from marops.domains.workflows.exchange.xml import Element
from marops.domains.workflows.rules.amounts import Spread
from marops.methods.amounts import mean as mean_of

UNITS: dict[str, float] = {
    "ms": 1 / 3_600_000, "s": 1 / 3600, "min": 1 / 60, "hour": 1.0, "day": 24.0, "year": 365.25 * 24,
}  # fmt: skip
"""Hours of each unit of time that BPSim knows."""
LONGEST = 100_000.0
"""Hours that a document may say."""
_POINTS = 50


@dataclass(slots=True)
class Said:
    """What a scenario says of one element; times in hours."""

    effort: float | Spread | None = None
    wait: float | Spread | None = None
    between: float | Spread | None = None
    probability: float | None = None
    cost: float | None = None


@dataclass(slots=True)
class Scenario:
    """Everything a scenario says, by the id of the element, and what it says that has no place here."""

    elements: dict[str, Said] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_bpsim(root: Element) -> Scenario:
    """The first scenario of the file; an empty one where there is none."""
    found = Scenario()
    scenarios = [one for one in root.below() if one.name == "Scenario" and one.space in BPSIM_SPACES]
    if not scenarios:
        return found
    if len(scenarios) > 1:
        found.notes.append(
            f"The file has {len(scenarios)} BPSim scenarios; the first, “{scenarios[0].get('name')}”, was read."
        )
    scenario = scenarios[0]
    general = scenario.first("ScenarioParameters")
    unit = UNITS.get(general.get("baseTimeUnit", "min") if general else "min", 1 / 60)
    for one in scenario.all("ElementParameters"):
        said = found.elements.setdefault(one.get("elementRef"), Said())
        for name, value in _values(one):
            _take(said, name, value, unit, found.notes)
    return found


def _values(parameters: Element) -> Iterator[tuple[str, Element]]:
    """The name of each parameter, and the constant or distribution that is its value."""
    for group in parameters.children:
        for parameter in group.children:
            for value in parameter.children:
                if value.name.endswith(("Parameter", "Distribution")):
                    yield parameter.name, value


_TIMES = {"ProcessingTime": "effort", "WaitTime": "wait", "InterTriggerTimer": "between"}


def _take(said: Said, name: str, value: Element, unit: float, notes: list[str]) -> None:
    if name in _TIMES:
        hours = hours_of(value, unit, notes)
        if hours is not None:
            setattr(said, _TIMES[name], hours)
    elif name == "Probability":
        said.probability = number(value.get("value"))
    elif name in ("FixedCost", "UnitCost"):
        said.cost = (said.cost or 0.0) + (number(value.get("value")) or 0.0)
    elif name not in ("Quantity", "Availability", "TriggerCount", "Selection", "Role"):
        notes.append(f"BPSim’s {name} in line {value.line} has no place in a workflow here.")


def number(text: str | float | None) -> float | None:
    """A finite number, or None."""
    try:
        found = float(text)  # type: ignore[arg-type]  # None is a TypeError
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def hours_of(value: Element, unit: float, notes: list[str]) -> float | Spread | None:
    """A time in hours; None, with a note, where it cannot be read."""
    unit = UNITS.get(value.get("timeUnit"), unit)
    if value.name == "DurationParameter":
        found: float | Spread | None = duration(value.get("value"))
    elif value.name.endswith("Parameter"):
        plain = number(value.get("value"))
        found = None if plain is None else plain * unit
    else:
        found = _distribution(value, unit)
    if found is None or (isinstance(found, float) and not 0 <= found <= LONGEST):
        notes.append(f"BPSim’s {value.name} in line {value.line} could not be read as a time.")
        return None
    return found


def _distribution(value: Element, unit: float) -> Spread | None:
    raw = {key: found for key, text in value.attributes.items() if (found := number(text)) is not None}
    given = {key: found * unit for key, found in raw.items()}
    name = value.name.removesuffix("Distribution")
    try:
        if name == "User":
            return _user(value, unit)
        return _READ[name](given, raw) if name in _READ else None
    except (KeyError, ValidationError, ZeroDivisionError, OverflowError, ValueError):
        return None


def _weibull(given: Mapping[str, float], raw: Mapping[str, float]) -> Spread:
    shares = [(at + 0.5) / 100 for at in range(100)]
    values = [given["scale"] * (-math.log1p(-share)) ** (1 / raw["shape"]) for share in shares]
    return Spread(kind="quantiles", values=tuple(values))


def _normal(given: Mapping[str, float], _: Mapping[str, float]) -> Spread:
    limits = {"low": max(given["min"], 0.0), "high": given["max"]} if "max" in given else {}
    return Spread(kind="normal", mean=given["mean"], sd=given["standardDeviation"], **limits)


def _gamma(given: Mapping[str, float], raw: Mapping[str, float]) -> Spread:
    scale = given["scale"]
    return Spread(kind="gamma", mean=raw["shape"] * scale, sd=math.sqrt(raw["shape"]) * scale)


_READ: dict[str, Callable[[Mapping[str, float], Mapping[str, float]], Spread]] = {
    "NegativeExponential": lambda given, _: Spread(kind="exponential", mean=given["mean"]),
    "Uniform": lambda given, _: Spread(kind="uniform", low=given["min"], high=given["max"]),
    "Triangular": lambda given, _: Spread(kind="triangular", low=given["min"], mode=given["mode"], high=given["max"]),
    "Normal": _normal,
    "TruncatedNormal": _normal,
    "LogNormal": lambda given, _: Spread(kind="lognormal", mean=given["mean"], sd=given["standardDeviation"]),
    "Gamma": _gamma,
    "Erlang": lambda given, raw: Spread(kind="gamma", mean=given["mean"], sd=given["mean"] / math.sqrt(raw["k"])),
    "Weibull": _weibull,
}


def _user(value: Element, unit: float) -> Spread | None:
    """Points with probabilities, as a hundred quantiles."""
    points = []
    for one in value.all("UserDistributionDataPoint"):
        inner = next((child for child in one.children if child.name.endswith("Parameter")), None)
        hours = hours_of(inner, unit, []) if inner else None
        weight = number(one.get("probability"))
        if isinstance(hours, float) and weight is not None:
            points.append((hours, weight))
    points.sort()
    total = sum(weight for _, weight in points)
    if total <= 0:
        return None
    values, passed = [], 0.0
    rest = iter(points)
    hours, weight = next(rest)
    for at in range(101):
        while passed + weight < at / 100 * total - 1e-9:
            passed += weight
            hours, weight = next(rest, (hours, total))
        values.append(hours)
    return Spread(kind="quantiles", values=tuple(values))


def duration(text: str) -> float | None:
    """Hours of an ISO 8601 duration such as P2DT3H30M; a month has 30.4375 days."""
    days, _, time = text.strip().removeprefix("P").partition("T")
    if not text.strip().startswith("P") or not (days or time):
        return None
    total = 0.0
    scales = ({"Y": 365.25 * 24, "M": 30.4375 * 24, "W": 168.0, "D": 24.0}, {"H": 1.0, "M": 1 / 60, "S": 1 / 3600})
    for part, scale in ((days, scales[0]), (time, scales[1])):
        digits = ""
        for letter in part:
            if letter in scale:
                amount = number(digits)
                if amount is None:
                    return None
                total, digits = total + amount * scale[letter], ""
            else:
                digits += letter
        if digits:
            return None
    return total


def as_duration(hours: float) -> str:
    """An ISO 8601 duration to the second."""
    seconds = round(hours * 3600)
    parts = ((seconds // 3600, "H"), (seconds % 3600 // 60, "M"), (seconds % 60, "S"))
    return "PT" + ("".join(f"{many}{letter}" for many, letter in parts if many) or "0S")


_WRITTEN = {
    "fixed": ("FloatingParameter", {"value": "mean"}),
    "exponential": ("NegativeExponentialDistribution", {"mean": "mean"}),
    "uniform": ("UniformDistribution", {"min": "low", "max": "high"}),
    "triangular": ("TriangularDistribution", {"min": "low", "mode": "mode", "max": "high"}),
    "normal": ("NormalDistribution", {"mean": "mean", "standardDeviation": "sd"}),
    "lognormal": ("LogNormalDistribution", {"mean": "mean", "standardDeviation": "sd"}),
}


def written(value: float | Spread) -> ET.Element:
    """A constant or distribution in hours."""
    if not isinstance(value, Spread):
        return _element("FloatingParameter", value=value)
    if value.kind == "quantiles":
        return _points(value)
    if value.kind == "gamma":
        if not value.mean or not value.sd:
            return _element("FloatingParameter", value=value.mean)
        shape = (value.mean / value.sd) ** 2
        return _element("GammaDistribution", shape=shape, scale=value.mean / shape)
    name, names = _WRITTEN[value.kind]
    found = _element(name, **{said: getattr(value, ours) for said, ours in names.items()})
    if value.kind == "normal" and value.high is not None:
        found.tag = "bpsim:TruncatedNormalDistribution"
        found.set("min", repr(float(value.low or 0.0)))
        found.set("max", repr(float(value.high)))
    return found


def _points(value: Spread) -> ET.Element:
    """Quantiles as points in the middle between them, at most fifty."""
    many = min(len(value.values) - 1, _POINTS)
    last = len(value.values) - 1
    found = _element("UserDistribution")
    found.set("discrete", "false")
    for at in range(many):
        place = (at + 0.5) / many * last
        low = min(int(place), last - 1)
        hours = value.values[low] + (place - low) * (value.values[low + 1] - value.values[low])
        point = ET.SubElement(found, "bpsim:UserDistributionDataPoint", {"probability": repr(1 / many)})
        point.append(_element("FloatingParameter", value=hours))
    return found


def _element(name: str, **values: float | None) -> ET.Element:
    return ET.Element(f"bpsim:{name}", {key: repr(float(value or 0.0)) for key, value in values.items()})


def survives(value: float | Spread) -> bool:
    """Is this the same after it was written and read?"""
    element = written(value)
    if element.tag == "bpsim:UserDistribution":
        return False
    again = Element("", element.tag.removeprefix("bpsim:"), dict(element.items()), 0)
    found = hours_of(again, 1.0, [])
    return found == value and isinstance(found, Spread) == isinstance(value, Spread)


def mean_hours(value: float | Spread) -> float:
    """The expected hours."""
    return mean_of(value.as_amount()) if isinstance(value, Spread) else value
