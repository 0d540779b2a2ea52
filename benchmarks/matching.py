"""Finding the same person twice: `uv run python benchmarks/matching.py --rows 1000000`.

Makes up people, a fifth of them there again with letters wrong, fields missing and names swapped, and finds them: once as
`marops dedupe` does, and once with plain Splink with its own settings (its library comparisons, blocking on e-mail, on both
names, and on postcode with family name). Prints time and F1 of the pairs in one cluster, against the limit and the peer.
"""

import argparse
import random
import time
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

LIMIT = 120.0  # seconds for a million rows from scratch, on two cores
SYLLABLES = "an bel cor dan el fi gar ho in jo ka lu mar ne ol pe qui ro sa ti u vi wes xa yo zu".split()
NAMES = ["given_name", "family_name", "email", "phone", "city", "street", "postcode"]


def main() -> int:
    """Make the people up, find them twice; 1 where the limit is broken or the peer is better."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--rows", type=int, default=1_000_000)
    given.add_argument("--without-peer", action="store_true")
    rows = given.parse_args().rows
    table, truth = made_up(rows)
    seconds, found = ours(table)
    score, limit = f1(found, truth), LIMIT * max(1.0, rows / 1_000_000)
    print(f"{rows:,} rows: {seconds:.1f} s, {seconds / limit:.2f} of the limit; F1 {score:.5f}")
    if given.parse_args().without_peer:
        return int(seconds > limit)
    peers, theirs = plain_splink(table)
    other = f1(theirs, truth)
    print(f"plain Splink: {peers:.1f} s, F1 {other:.5f}; ours takes {seconds / peers:.2f} of its time")
    return int(seconds > limit or score < other)


def made_up(rows: int) -> tuple[pa.Table, np.ndarray]:
    """People by a seeded generator, shuffled, and the number of each row's person."""
    chance = random.Random(5)

    def word(least: int, most: int) -> str:
        return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(least, most))).capitalize()

    def often(words: list[str]) -> str:
        return words[int(len(words) * chance.random() ** 2)]

    first, last, places = [[word(2, 4) for _ in range(n)] for n in (800, 12_000, 900)]
    streets = [f"{word(2, 4)} {chance.choice(['Street', 'Road', 'Lane'])}" for _ in range(6_000)]
    made: list[tuple[list[str], int]] = []
    who = 0
    while len(made) < rows:
        one, other = often(first), often(last)
        mail = f"{one}.{other}{chance.randrange(1000)}@{chance.choice(['mail', 'post', f'corp{chance.randrange(3000)}'])}.example"
        row = [one, other, mail.lower(), f"+44{chance.randrange(10**10):010}", often(places),
               f"{often(streets)} {chance.randrange(1, 200)}", f"{chance.randrange(100_000):05}"]  # fmt: skip
        made.append((row, who))
        made += [(spoilt(row, chance), who) for _ in range(chance.choices([0, 1, 2], [80, 15, 5])[0])]
        who += 1
    made = made[:rows]
    chance.shuffle(made)
    columns = {name: pa.array([row[at] or None for row, _ in made]) for at, name in enumerate(NAMES)}
    return pa.table(columns), np.array([number for _, number in made])


def spoilt(row: list[str], chance: random.Random) -> list[str]:
    """The row with one to three fields missing or a letter wrong, and now and then the names swapped."""
    again = list(row)
    for at in chance.sample(range(len(row)), chance.randint(1, 3)):
        letter = chance.randrange(len(again[at]))
        again[at] = "" if chance.random() < 0.35 else again[at][:letter] + "x" + again[at][letter + 1 :]
    if chance.random() < 0.1:
        again[0], again[1] = again[1], again[0]
    return again


def ours(table: pa.Table) -> tuple[float, np.ndarray]:
    """As `marops dedupe` does, its guess of what columns mean among it."""
    from marops.store.matching import match

    started = time.perf_counter()
    found = match(table)
    return time.perf_counter() - started, found.cluster


def plain_splink(table: pa.Table) -> tuple[float, np.ndarray]:
    """As Splink's own first tutorial does it, with the comparisons of its library and a threshold of 0.9."""
    import logging

    import splink.comparison_library as library
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    numbered = table.append_column("unique_id", pa.array(range(table.num_rows)))
    comparisons: list[Any] = [
        library.NameComparison("given_name"), library.NameComparison("family_name"), library.EmailComparison("email"),
        library.LevenshteinAtThresholds("phone", 2), library.ExactMatch("city").configure(term_frequency_adjustments=True),
        library.JaroWinklerAtThresholds("street"), library.ExactMatch("postcode"),
    ]  # fmt: skip
    blocking = [block_on("email"), block_on("given_name", "family_name"), block_on("postcode", "family_name")]
    started = time.perf_counter()
    with duckdb.connect() as con:
        settings = SettingsCreator(
            link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=blocking
        )
        linker = Linker(DuckDBAPI(connection=con).register(numbered), settings, log_level=logging.ERROR)
        linker.training.estimate_probability_two_random_records_match([block_on("email")], recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        for rule in (block_on("email"), block_on("given_name", "family_name")):
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        pairs = linker.inference.predict(threshold_match_probability=0.5)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.9)
        told = clusters.as_pyarrow_table().select(["unique_id", "cluster_id"]).sort_by("unique_id")
    return time.perf_counter() - started, told["cluster_id"].to_numpy()


def f1(found: np.ndarray, truth: np.ndarray) -> float:
    """Of the pairs in one cluster, against the pairs of one person."""

    def pairs(labels: np.ndarray) -> int:
        counts = np.unique(labels, return_counts=True)[1]
        return int((counts * (counts - 1) // 2).sum())

    _, codes = np.unique(found, return_inverse=True)
    both = pairs(codes.astype(np.int64) * (int(truth.max()) + 1) + truth)
    return 2 * both / (pairs(found) + pairs(truth))


if __name__ == "__main__":
    raise SystemExit(main())
