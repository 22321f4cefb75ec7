"""The search alone over one county, three and ten as if they were one: `python -m bench.growth [--scale 1.0]`.

Each county is made from a seed of its own, with area codes and towns of its own. Each size runs in a process of its
own. What would need more memory than is free is left out.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from bench import crosscheck
from bench.measure import own_peak_mb
from students import matching
from students.suspicion import Record

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1, 3, 10)
APART = 10_000_000
"""Between the row numbers of two counties."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--data", type=Path, help="where the counties are, or will be, in folders named 1 to 10")
    parser.add_argument("--counties", type=int, help="measure this many in this process and print JSON")
    options = parser.parse_args()
    if options.counties:
        print(json.dumps(measure(options.data, options.counties)))
        return 0
    with TemporaryDirectory(prefix="growth-") as place:
        return show(options.data or Path(place), options.scale)


def made(folder: Path, scale: float, county: int = 1) -> Path:
    """A county's three files, made in a process of its own; nothing where they are there."""
    if not (folder / "truth.csv").exists():
        command = [sys.executable, "bench/crosscheck_county.py", "--out", str(folder), "--scale", str(scale)]
        which = ["--seed", str(county), "--county", str(county)]
        subprocess.run([*command, *which], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


def show(data: Path, scale: float) -> int:
    print(f"{'counties':>9}{'children':>12}{'listed':>11}{'seconds':>9}{'growth':>8}{'MB':>8}{'first':>9}{'false':>7}")
    first: dict[str, Any] = {}
    for size in SIZES:
        if first and (needed := int(first["peak_mb"] * size * 1.2)) > available_mb():
            print(f"{size:>9}  left out: needs about {needed:,} MB, {available_mb():,} MB are free")
            continue
        for county in range(1, size + 1):
            made(data / str(county), scale, county)
        command = [sys.executable, "-m", "bench.growth", "--data", str(data), "--counties", str(size)]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
        result = json.loads(done.stdout)
        first = first or result
        growth = f"{result['seconds'] / first['seconds']:.1f}×"
        print(
            f"{size:>9}{result['children']:>12,}{result['people']:>11,}{result['seconds']:>9.1f}{growth:>8}"
            f"{result['peak_mb']:>8,}{result['first']:>9.2%}{result['false']:>7}",
            flush=True,
        )
    return 0


def available_mb() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0


def measure(data: Path, counties: int) -> dict[str, Any]:
    folders = [data / str(county) for county in range(1, counties + 1)]
    children = [record for n, folder in enumerate(folders) for record in among(n, crosscheck.children_of(folder))]
    people = [record for n, folder in enumerate(folders) for record in among(n, crosscheck.people_of(folder))]
    began = perf_counter()
    found = matching.search(children, people)
    seconds = perf_counter() - began
    peak = own_peak_mb()
    truth = {
        (str(int(child) + APART * n), str(int(person) + APART * n)): kind
        for n, folder in enumerate(folders)
        for (child, person), kind in crosscheck.truth_of(folder).items()
    }
    figures = crosscheck.figures(found, truth, by_kind=False)
    return {
        "children": len(children),
        "people": len(people),
        "seconds": round(seconds, 2),
        "peak_mb": peak,
        "first": figures["recall"]["first"],
        "false": figures["false_automatic"],
    }


def among(n: int, records: list[Record]) -> Iterator[Record]:
    """The rows of one file as rows of a larger one."""
    for record in records:
        yield replace(
            record,
            record=record.record + APART * n,
            key=f"{n}|{record.key}",
            household=f"{n}|{record.household}" if record.household else "",
        )


if __name__ == "__main__":
    sys.exit(main())
