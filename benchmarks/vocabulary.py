"""Spellings of job titles that could be one word: how many planted slips are found, and how many of those found are right.

    uv run python benchmarks/vocabulary.py [--slips 6000] [--seed 1]

Some 46,000 distinct titles with frequencies as they are in life (a few on many records, most on few), among them words
a letter apart that are not one: trainer and trainee, VP and SVP, inbound and outbound. Into a sample of them one slip
each is planted: a letter dropped, doubled, swapped or changed. The peer takes the most frequent title within two
letters, whatever its words are, which is what an edit distance alone can do; it looks for candidates in the same way.
Prints precision, recall and seconds of both, and the ratio of wrong proposals.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Mapping

from marops.domains.contacts.rules.spelling import Neighbours, distance
from marops.domains.contacts.rules.vocabularies import proposals

LEVELS = (
    "Senior",
    "Junior",
    "Lead",
    "Principal",
    "Regional",
    "Global",
    "Head of",
    "Director of",
    "VP",
    "SVP",
    "Deputy",
)
FIELDS = ("Marketing", "Sales", "Engineering", "Operations", "Finance", "Logistics", "Procurement", "Data", "Research",
          "Customer Success", "Product", "Compliance", "Inbound", "Outbound", "Internal", "External", "Partnerships")  # fmt: skip
ROLES = ("Manager", "Director", "Specialist", "Coordinator", "Analyst", "Engineer", "Consultant", "Officer", "Trainer",
         "Trainee", "Administrator", "Executive", "Representative", "Architect", "Editor", "Auditor")  # fmt: skip
PLACES = (
    "",
    "EMEA",
    "APAC",
    "DACH",
    "Nordics",
    "North America",
    "Latin America",
    "Benelux",
    "Iberia",
    "I",
    "II",
    "III",
)


def titles(draw: random.Random) -> Counter[str]:
    """Distinct titles with how many records have each."""
    made = (f"{a} {b} {c} {d}".strip() for a in LEVELS for b in FIELDS for c in ROLES for d in PLACES)
    return Counter({title: max(1, int(draw.paretovariate(1.0) * 3)) for title in made})


def slip(title: str, draw: random.Random) -> str:
    """The title with one slip inside one of its words."""
    words = title.split()
    at = draw.choice([place for place, word in enumerate(words) if len(word) >= 5])
    word, n = words[at], draw.randrange(1, len(words[at]) - 1)
    words[at] = draw.choice((
        word[:n] + word[n + 1 :],
        word[:n] + word[n] + word[n:],
        word[:n] + word[n + 1] + word[n] + word[n + 2 :],
        word[:n] + draw.choice("aeioulnrst") + word[n + 1 :],
    ))  # fmt: skip
    return " ".join(words)


def by_distance(counts: Mapping[str, int]) -> dict[str, str]:
    """The peer: each title goes to the most frequent one within two letters that stands three times as often."""
    near = Neighbours(title for title, times in counts.items() if times >= 3)
    found = {}
    for title, times in counts.items():
        fits = [one for one in near.near(title) if counts[one] >= 3 * times and distance(title, one, 2) <= 2]
        if fits:
            found[title] = max(fits, key=lambda one: counts[one])
    return found


def report(name: str, found: Mapping[str, str], truth: Mapping[str, str], seconds: float) -> int:
    """Print how it went; answers the wrong ones."""
    right = sum(truth.get(one) == word for one, word in found.items())
    print(f"{name:14} {len(found):7,} proposed  precision {right / max(1, len(found)):.4f}"
          f"  recall {right / len(truth):.4f}  {seconds:6.1f} s")  # fmt: skip
    return len(found) - right


def main() -> None:
    """Plant, propose, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slips", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    counts = titles(draw)
    planted = {slip(one, draw): one for one in draw.sample(sorted(counts), given.slips)}
    truth = {one: word for one, word in planted.items() if one not in counts}
    counts.update(dict.fromkeys(truth, 1))
    print(f"{len(counts):,} distinct titles, {len(truth):,} slips planted")
    begun = time.perf_counter()
    ours = {one.value: group.becomes for group in proposals("job_title", counts) for one in group.spellings}
    wrong = report("Marops", ours, truth, time.perf_counter() - begun)
    begun = time.perf_counter()
    theirs = report("edit distance", by_distance(counts), truth, time.perf_counter() - begun)
    print(f"wrong proposals: {wrong:,} against {theirs:,} of the peer ({theirs / max(1, wrong):,.0f} times as many)")


if __name__ == "__main__":
    main()
