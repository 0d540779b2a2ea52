"""Random workflows that contradict themselves nowhere."""

from hypothesis import assume
from hypothesis import strategies as st

from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.faults import faults_of_workflow

HOURS = st.floats(0, 99_999) | st.sampled_from([0.0, 1.0, 8.0, 1 / 3])
TEXT = st.text(max_size=30)
NAMES = st.text(min_size=1, max_size=30) | st.sampled_from(["Brief", "Legal review", " a  b ", "Über & <x>\n\t\r"])
IDS = st.from_regex(r"[a-z0-9]{1,4}([-_.][a-z0-9]{1,4})?", fullmatch=True)
POSITIVE = st.floats(0.001, 1000)


@st.composite
def spreads(draw):
    kind = draw(
        st.sampled_from(["fixed", "exponential", "uniform", "triangular", "normal", "lognormal", "gamma", "quantiles"])
    )
    low, mode, high = sorted(draw(st.lists(HOURS, min_size=3, max_size=3)))
    values = {
        "uniform": {"low": low, "high": high},
        "triangular": {"low": low, "mode": mode, "high": high},
        "quantiles": {"values": sorted(draw(st.lists(HOURS, min_size=2, max_size=6)))},
    }.get(kind, {"mean": draw(POSITIVE), "sd": draw(POSITIVE)})
    if kind in ("fixed", "exponential"):
        values.pop("sd")
    if kind not in ("uniform", "triangular", "quantiles") and draw(st.booleans()):
        values.update({"low": low, "high": high} if draw(st.booleans()) else {"low": low})
    return {"kind": kind, **values}


AMOUNTS = HOURS | spreads()


@st.composite
def _step(draw, id_):
    touch = draw(st.sampled_from(["human", "ai_assisted", "automatic"]))
    step = {
        "id": id_,
        "name": draw(NAMES),
        "touch": touch,
        "skill": "writing",
        "gate": draw(st.sampled_from([0, 0, 0, 1])),
    }
    step["gate"] = bool(step["gate"])
    optional = {
        "people": st.dictionaries(TEXT, POSITIVE.filter(lambda one: one <= 100), max_size=2),
        "lane": TEXT,
        "platforms": st.lists(TEXT, max_size=2),
        "ai_use": TEXT,
        "effort": AMOUNTS,
        "repeat": st.floats(0, 10),
        "outside": AMOUNTS,
        "outside_in": st.sampled_from(["elapsed", "office"]),
        "delay": AMOUNTS,
        "opens": st.just("office"),
        "batch": st.builds(
            dict, size=st.integers(2, 9), wait_at_most=st.none() | HOURS, together=st.booleans(), each=st.floats(0, 1)
        ),
        "at_once": st.integers(0, 9),
        "review": st.booleans(),
        "cost": st.floats(0, 1e6),
        "note": TEXT,
        "origin": st.dictionaries(st.sampled_from(["effort", "skill"]), st.sampled_from(["log", "assumed"])),
        "at": st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)),
    }
    for name in draw(st.lists(st.sampled_from(sorted(optional)), max_size=4, unique=True)):
        step[name] = draw(optional[name])
    return step


@st.composite
def workflows(draw):
    ids = draw(st.lists(IDS, min_size=1, max_size=8, unique=True))
    steps = [draw(_step(one)) for one in ids]
    ways = []
    line = draw(st.sampled_from([False, False, False, True]))
    for at in range(1, len(ids)) if not line else ():
        before = sorted(draw(st.sets(st.integers(0, at - 1), min_size=1, max_size=3)))
        ways += [{"from": ids[one], "to": ids[at]} for one in before]
    if ways and draw(st.booleans()):
        late, early = sorted(draw(st.sets(st.integers(0, len(ids) - 1), min_size=2, max_size=2)), reverse=True)
        ways.append({"from": ids[late], "to": ids[early]})
        steps[late]["split"] = "one"
    for way in ways:
        if draw(st.booleans()):
            way.update(at_most=draw(st.integers(0, 9)), origin=draw(st.sampled_from(["log", "assumed"])))
    for number, step in enumerate(steps):
        out = [way for way in ways if way["from"] == step["id"]]
        step.setdefault("split", draw(st.sampled_from(["all", "one"])))
        step["join"] = draw(st.sampled_from(["all", "any", "any"]))
        if out and (step["split"] == "one" or draw(st.booleans())):
            weights = draw(st.lists(st.integers(1, 9), min_size=len(out), max_size=len(out)))
            for way, weight in zip(out, weights, strict=True):
                way["probability"] = weight / sum(weights)
        if draw(st.sampled_from([0, 0, 1])):
            back = ids[draw(st.integers(0, number))]
            step["rework"] = {"probability": draw(st.floats(0, 1)), "back_to": back, "at_most": draw(st.integers(1, 9))}
    kinds = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    classes = [
        {
            "id": one, "name": draw(NAMES), "arrivals": {"per_month": draw(st.floats(0, 100))},
            "priority": draw(st.integers(-2, 2)), "start": draw(st.none() | st.sampled_from(ids)),
        }
        for one in kinds
    ]  # fmt: skip
    workflow = Workflow.model_validate(
        {
            "title": draw(NAMES), "crew": draw(IDS), "classes": classes, "steps": steps, "ways": ways,
            "summary": draw(TEXT), "notes": draw(st.lists(TEXT, max_size=2)),
            "promise": draw(st.none() | st.just({"hours": 240, "share": 0.9})),
        }
    )  # fmt: skip
    assume(not faults_of_workflow(workflow))
    return workflow
