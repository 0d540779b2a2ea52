"""An AI policy decided ahead, compared and asked, against the limits of its targets.

    uv run python benchmarks/policy.py

Decides the 142,560 combinations of the three shipped policies, and of one with 50 rules; compares two of them; reads
the page; asks 20,000 single questions. Beside the decision stands, as a measure of the machine, the same questions to
the same rules parsed anew for each, which is how they would be asked without keeping the parsed policy.
"""

import sys
import time
from pathlib import Path
from random import Random

import yaml

LIMIT_ALL, LIMIT_DIFFERENCE, LIMIT_ONE = 15.0, 1.0, 0.5e-3


def main() -> int:
    """Measure, print, and answer 1 when a limit is broken."""
    from django.conf import settings

    settings.configure(USE_I18N=False)
    from marops.domains import policy
    from marops.domains.policy.rules.cedar import Compiled
    from marops.domains.policy.rules.document import AiPolicy, PolicyRule
    from marops.domains.policy.rules.domain import SIZE, request_at
    from marops.domains.policy.rules.page import page_of
    from marops.domains.policy.rules.table import change, decided

    folder = Path(policy.__file__).parent / "data" / "policies"
    found = {}
    slowest = 0.0
    documents = {
        path.stem: AiPolicy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.yaml"))
    }
    many = [
        PolicyRule(id=f"M{n}", owner="x", says="x", cedar=rule.cedar)
        for n, rule in enumerate((documents["balanced"].rules * 5)[:50])
    ]
    rules = {name: document.rules for name, document in documents.items()} | {"fifty rules": many}
    for name, given in rules.items():
        started = time.perf_counter()
        found[name] = decided(Compiled(given))
        seconds = time.perf_counter() - started
        slowest = max(slowest, seconds)
        print(f"{name}: {len(given)} rules, {SIZE:,} combinations in {seconds:.1f} s ({SIZE / seconds:,.0f} a second)")
    print(f"slowest {slowest:.1f} s, {slowest / LIMIT_ALL:.2f} of the limit of {LIMIT_ALL:g} s, on one core")

    started = time.perf_counter()
    changed = change(found["cautious"].allowed, found["bold"].allowed)
    page_of(found["bold"])
    difference = time.perf_counter() - started
    print(f"difference and page: {difference:.2f} s for {int(changed.opened.sum()):,} combinations that open")

    compiled, chance = Compiled(documents["balanced"].rules), Random(7)
    asked = [request_at(chance.randrange(SIZE)) for _ in range(20_000)]
    started = time.perf_counter()
    for request in asked:
        compiled.decide(request)
    one = (time.perf_counter() - started) / len(asked)
    started = time.perf_counter()
    for request in asked[:200]:
        Compiled(documents["balanced"].rules).decide(request)
    anew = (time.perf_counter() - started) / 200
    print(
        f"one decision: {one * 1000:.3f} ms, {one / LIMIT_ONE:.2f} of the limit; parsed anew {anew / one:.0f} times as long"
    )
    return int(slowest > LIMIT_ALL or difference > LIMIT_DIFFERENCE or one > LIMIT_ONE)


if __name__ == "__main__":
    sys.exit(main())
