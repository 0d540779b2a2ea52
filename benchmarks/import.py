"""How fast leads come in: a file of made-up people, new, again unchanged, and with some rows changed.

    uv run python benchmarks/import.py --rows 1000000

Prints seconds, peak memory and the ratio to a plain COPY of the same file and to reading and writing it as Parquet, all
measured in the same run. Limits: 1,000,000 new rows 120 s and 1.5 GB on two cores, the same file 25 s, 10,000 changed
rows in it 35 s.
"""

import argparse
import csv
import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LIMITS = {"new": 120.0, "same": 25.0, "changed": 35.0}
HEADER = (
    "Record key", "First name", "Last name", "E-mail", "Phone", "Company", "Job title", "Country", "City", "Source",
    "Visits", "Time on site", "Do not email", "Created", "Interest",
)  # fmt: skip
_GIVEN = (
    "Anna Ben Carla David Eva Félix Gabriela Hans Ines Jörg Katarzyna Lars Maria Noah Olivia Paul Quentin Rosa Søren"
    " Tariq Ursula Victor Wei Ximena Yusuf Zoë José Amélie Björn Chloé Dmitri Élodie Fatima Giulia Håkon Ibrahim"
).split()
_FAMILY = (
    "Müller Smith García Rossi Nowak Dubois Jensen Silva Kowalski O'Brien van-der-Berg McDonald Schmidt Johnson Martin"
    " Andersson Yılmaz Ivanov Fernández Weber Lefèvre Costa Novák Horváth Popescu Brown Khan Patel Tanaka Kim Chen Okafor"
).split()
_LANDS = {
    "Germany": ("+49 30 {:08d}", "030/{:07d}"),
    "United States": ("(415) 555-{:04d}", "+1 212 55{:05d}"),
    "United Kingdom": ("+44 20 7946 {:04d}", "020 7946 {:04d}"),
    "France": ("01 42 {:06d}", "+33 1 42 {:06d}"),
    "India": ("98{:08d}", "+91 98{:08d}"),
    "Spain": ("91 {:07d}", "+34 91 {:07d}"),
    "Deutschland": ("0171 {:07d}", "0049 171 {:07d}"),
}
_TITLES = (
    "Head of Marketing", "VP Sales", "CEO", "Software Engineer", "Marketing Manager", "Leiter Einkauf", "Buyer",
    "Senior Data Analyst", "HR Business Partner", "Student", "Geschäftsführer", "Directeur commercial", "Office Manager",
)  # fmt: skip
_FORMS = ("GmbH", "Ltd", "Inc.", "S.A.", "AG", "LLC", "BV", "SARL", "")
_WORDS = "Nova Terra Blue Iron Silver Green North Data Cloud Medi Agro Build Fast Prime Urban Solar Micro Macro".split()
_SOURCES = ("google", "Google", "LinkedIn", "Webinar", "Trade show", "direct", "Referral", "cold call", "N/A")
_FREE = ("gmail.com", "gmx.de", "yahoo.com", "outlook.com")


def person(number: int, dice: random.Random) -> list[str]:
    """A row as real files have them: capitals, spaces, national numbers, missing and broken values."""
    given, family = dice.choice(_GIVEN), dice.choice(_FAMILY).replace("-", " ")
    land = dice.choice(list(_LANDS))
    firm = f"{dice.choice(_WORDS)}{dice.choice(_WORDS).lower()} {dice.randrange(300)}"
    domain = dice.choice(_FREE) if dice.random() < 0.25 else firm.lower().replace(" ", "-") + ".com"
    mail = f"{given}.{family.replace(' ', '').replace(chr(39), '')}.{number}@{domain}"
    mail = mail.encode("ascii", "ignore").decode()
    pattern = dice.choice(_LANDS[land])
    digits = pattern[pattern.index("{:0") + 3 : pattern.index("d}")]
    phone = pattern.format(dice.randrange(10 ** int(digits)))
    style = dice.random()
    if style < 0.1:
        given, family = given.upper(), family.upper()
    elif style < 0.15:
        given, family = given.lower(), f" {family} "
    if dice.random() < 0.03:
        mail = mail.replace("@", " at ")
    if dice.random() < 0.02:
        mail = mail.upper()
    return [
        f"K{number:08d}", given, family, mail, phone if dice.random() < 0.8 else "",
        f"{firm} {dice.choice(_FORMS)}".strip() if dice.random() < 0.9 else "-", dice.choice(_TITLES), land,
        dice.choice(("Berlin", "Paris", "London", "Select", "")), dice.choice(_SOURCES), str(dice.randrange(40)),
        str(dice.randrange(4000)), "Yes" if dice.random() < 0.05 else "No",
        f"20{dice.randrange(10, 26)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}",
        dice.choice(("Product A", "Product B", "Product C", "")),
    ]  # fmt: skip


def write_file(path: Path, rows: int, *, changed: int = 0) -> None:
    """`rows` people; the same every time, but for `changed` of them, who moved."""
    dice = random.Random(20260101)
    step = rows // changed if changed else 0
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for number in range(rows):
            row = person(number, dice)
            if step and number % step == 0 and number // step < changed:
                row[8], row[10] = "Zürich", "99"
            out.writerow(row)


class Watch:
    """Seconds and the highest memory of this process, its children and the PostgreSQL backends it keeps busy."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.peak = 0
        self._stop = threading.Event()

    def __enter__(self) -> "Watch":
        self._start = time.perf_counter()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._start
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            self.peak = max(self.peak, sum(_own_memory(pid) for pid in _family(os.getpid())))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _family(int(child))


def _own_memory(pid: int) -> int:
    try:
        words = Path(f"/proc/{pid}/status").read_text().split("\n")
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in words if line.startswith("RssAnon:"))


def run_import(path: Path) -> dict[str, object]:
    """The same as `marops import leads PATH --json`."""
    from marops.domains.capture.public import plan_import, result_of, start_import
    from marops.kernel.actors import SETUP
    from marops.kernel.jobs import run_here

    job = run_here(start_import(path, plan_import(path), actor=SETUP).id)
    found = result_of(job).as_json()
    return {name: found[name] for name in ("rows", "created", "updated", "unchanged", "rejected")}


def plain_copy(path: Path) -> None:
    """The file into one table of texts, nothing looked at: what no import can be faster than."""
    from django.db import connection

    columns = ", ".join(f"c{number} text" for number in range(len(HEADER)))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE plain ({columns})")
        with path.open("rb") as file, cursor.copy("COPY plain FROM STDIN (FORMAT csv, HEADER)") as copy:
            while block := file.read(1 << 20):
                copy.write(block)
        cursor.execute("DROP TABLE plain")


def through_parquet(path: Path) -> None:
    """Reading the file and writing it as Parquet."""
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    pq.write_table(pacsv.read_csv(path), path.with_suffix(".parquet"))


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--changed", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="a folder to work in, which stays")
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="marops-bench-"))
    folder.mkdir(exist_ok=True)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "marops.site.settings", "MAROPS_HOME": str(folder / "home")}
    try:
        measure(folder, given.rows, given.changed)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, rows: int, changed: int) -> None:
    """All figures, for a file of so many rows."""
    from marops.engine.session import opened

    first, later = folder / "people.csv", folder / "changed.csv"
    write_file(first, rows)
    write_file(later, rows, changed=min(changed, rows))
    print(f"{rows:,} rows, {first.stat().st_size / 1e6:,.0f} MB, {len(HEADER)} columns")
    with opened(print):
        copied, parquet = timed(lambda: plain_copy(first)), timed(lambda: through_parquet(first))
        print(f"plain COPY {copied:.1f} s; CSV to Parquet {parquet:.1f} s")
        for name, path in (("new", first), ("same", first), ("changed", later)):
            with Watch() as watch:
                counts = run_import(path)
            limit = f", limit {LIMITS[name]:.0f} s" if rows == 1_000_000 else ""
            print(
                f"{name:8} {watch.seconds:6.1f} s{limit}; {watch.peak / 1e6:,.0f} MB;"
                f" {watch.seconds / copied:.1f} × COPY, {watch.seconds / parquet:.1f} × Parquet; {counts}"
            )


if __name__ == "__main__":
    main()
