"""The product's own cross-check over three files: `python bench/crosscheck.py --data DIR [--format json]`.

DIR holds roster.csv (rid, id, name, sex, school, stage, grade, cls, boarding, guardian, guardian_id, phone, township,
village), register.csv (gid, hh, id, name, sex, relation, head_name, head_id, phone, township, village, category, edu,
is_child) and truth.csv (rid, gid, kind; kind "clean" where nothing was spoiled). Printed are, of the pairs that were
hidden by an error: how many the search confirmed by itself, named first, named among its first three; how many
pairs it confirmed that are none; how many children a person has to look at; seconds and memory; the same for each
kind of error. Beside it the figures of plain comparison by number and name over the same rows.

Without --data, counties are made up by `bench/crosscheck_county.py` from seeds 1 to --seeds, every second one with
phones, guardians and villages spoiled three times as often, and their sums are printed.

--beside runs the baselines over the same rows as well, each in a process of its own: Splink (`bench/splink_search.py`,
which `make bench` installs) and plain comparison.

Nothing is written, and no database is used: `students.matching` is what a run of the product searches with.
"""

import argparse
import csv
import importlib.util
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.measure import own_peak_mb  # noqa: E402
from common import names, resident_ids  # noqa: E402
from common.resident_ids import IdKind  # noqa: E402
from students import matching  # noqa: E402
from students.suspicion import Record, birth_of, number_of  # noqa: E402

_YES = {"true", "1", "是", "yes", "y", "t"}
_SEXES = {"男": "male", "女": "female"}


OURS, SPLINK, EXACT = "ours", "splink", "exact"
Search = Callable[[Sequence[Record], Sequence[Record]], list[matching.Found]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--search", choices=[OURS, SPLINK, EXACT], default=OURS, help="who searches")
    parser.add_argument("--beside", action="store_true", help="the baselines over the same rows as well")
    options = parser.parse_args()
    if options.data is None:
        return measure_seeds(options.seeds, options.scale, beside=options.beside)
    result = measure(options.data, _search(options.search))
    if options.beside:
        result["beside"] = baselines(options.data)
    if options.format == "json":
        print(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        show(result)
        if options.beside:
            show_beside({OURS: result, **result["beside"]})
    return 0


def measure_seeds(seeds: int, scale: float, *, beside: bool = False) -> int:
    """A line for each county, or one for each way of searching it; 1 where ours confirmed a pair that is none."""
    from bench.crosscheck_county import County

    false = 0
    if beside and (reason := why_without_splink()):
        print(reason)
    print(_HEAD)
    for seed in range(1, seeds + 1):
        noise = 1.0 if seed % 2 else 3.0
        with TemporaryDirectory(prefix="crosscheck-") as folder:
            County(seed, scale=scale, noise=noise).write(Path(folder))
            results = {OURS: in_its_own_process(Path(folder), OURS)}
            if beside:
                results |= baselines(Path(folder))
        false += results[OURS]["false_automatic"]
        for name, result in results.items():
            print(f"{seed:>5}{noise:>6.0f}  {_line(name, result)}", flush=True)
    return 1 if false else 0


_HEAD = (
    f"{'seed':>5}{'noise':>6}  {'search':<8}{'hidden':>7}{'automatic':>11}{'first':>9}{'first 3':>9}{'false':>7}"
    f"{'of':>9}{'to look at':>12}{'seconds':>9}{'MB':>7}"
)


def _line(name: str, result: dict[str, Any]) -> str:
    recall = result["recall"]
    return (
        f"{name:<8}{result['hidden']:>7}{recall['automatic']:>11.1%}{recall['first']:>9.2%}"
        f"{recall['first_three']:>9.2%}{result['false_automatic']:>7}{sum(result['automatic'].values()):>9,}"
        f"{result['suspicions_per_hidden']:>12}{result['seconds']['search']:>9.1f}{result['peak_mb']:>7}"
    )


def show_beside(results: dict[str, dict[str, Any]]) -> None:
    if reason := why_without_splink():
        print(reason)
    print(_HEAD[13:])
    for name, result in results.items():
        print(_line(name, result))


def baselines(folder: Path) -> dict[str, dict[str, Any]]:
    """The same figures for the others; Splink is left out where it is not installed."""
    present = [EXACT] if why_without_splink() else [SPLINK, EXACT]
    return {name: in_its_own_process(folder, name) for name in present}


def why_without_splink() -> str:
    if all(map(importlib.util.find_spec, ("splink", "duckdb"))):
        return ""
    return "Splink is left out: it is not installed here. `make bench` installs it (pyproject.toml, group bench)."


def in_its_own_process(folder: Path, search: str) -> dict[str, Any]:
    """So that its peak of memory is its own."""
    command = [sys.executable, __file__, "--data", str(folder), "--search", search, "--format", "json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _search(name: str) -> Search:
    if name == SPLINK:
        from bench import splink_search

        return splink_search.search
    return matching.search if name == OURS else exact_search


def exact_search(children: Sequence[Record], people: Sequence[Record]) -> list[matching.Found]:
    """What an office does by hand: look up number and name, both brought into one form."""
    by_both: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for child in children:
        if child.number:
            by_both[child.number, child.name].append(child)
    return [
        matching.Found(child, person, matching.EXACT, 100.0, [])
        for person in people
        for child in by_both.get((person.number, person.name), ())
    ]


def measure(folder: Path, search: Search = matching.search) -> dict[str, Any]:
    began = perf_counter()
    children, people = children_of(folder), people_of(folder)
    read = perf_counter()
    found = search(children, people)
    searched = perf_counter()
    truth = truth_of(folder)
    return {
        "rows": {"roster": len(children), "register": len(people), "pairs": len(truth)},
        **figures(found, truth),
        "exact_comparison": figures([one for one in found if one.tier == matching.EXACT], truth, by_kind=False),
        "seconds": {"read": round(read - began, 2), "search": round(searched - read, 2)},
        "peak_mb": own_peak_mb(),
    }


def children_of(folder: Path) -> list[Record]:
    return [child_record(row) for row in _rows(folder / "roster.csv")]


def people_of(folder: Path) -> list[Record]:
    return [person_record(row) for row in _rows(folder / "register.csv")]


def truth_of(folder: Path) -> dict[tuple[str, str], str]:
    """(rid, gid) of each pair that is one child → what was spoiled in it, or "clean"."""
    return {(row["rid"], row["gid"]): row["kind"] for row in _rows(folder / "truth.csv")}


def figures(
    found: Iterable[matching.Found], truth: dict[tuple[str, str], str], *, by_kind: bool = True
) -> dict[str, Any]:
    automatic: Counter[str] = Counter()
    false: list[dict[str, Any]] = []
    best: dict[tuple[str, str], int] = {}
    waiting: set[int] = set()
    for one in found:
        pair = (str(one.child.record), str(one.person.record))
        if one.tier:
            automatic[one.tier] += 1
            best[pair] = 0
            if pair not in truth:
                false.append({"rid": pair[0], "gid": pair[1], "tier": one.tier, "reasons": one.reasons})
        else:
            waiting.add(one.person.record)
            best[pair] = one.rank
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for pair, kind in truth.items():
        if kind == "clean":
            continue
        for name in (kind, ""):
            kinds[name]["hidden"] += 1
            kinds[name]["automatic"] += best.get(pair) == 0
            kinds[name]["first"] += best.get(pair, 9) <= 1
            kinds[name]["first_three"] += best.get(pair, 9) <= matching.CANDIDATES_KEPT
    whole = kinds.pop("", Counter())
    hidden = max(1, whole["hidden"])
    result: dict[str, Any] = {
        "hidden": whole["hidden"],
        "recall": {name: round(whole[name] / hidden, 4) for name in ("automatic", "first", "first_three")},
        "automatic": dict(sorted(automatic.items())),
        "false_automatic": len(false),
        "suspicions": len(waiting),
        "suspicions_per_hidden": round(len(waiting) / hidden, 2),
        "clean_missed": sum(kind == "clean" and pair not in best for pair, kind in truth.items()),
    }
    if by_kind:
        result["false"] = false[:20]
        result["kinds"] = {
            kind: {
                "hidden": counts["hidden"],
                **{name: round(counts[name] / counts["hidden"], 4) for name in ("automatic", "first", "first_three")},
            }
            for kind, counts in sorted(kinds.items())
        }
    return result


def show(result: dict[str, Any]) -> None:
    print(f"{'kind of error':<34}{'hidden':>8}{'automatic':>11}{'first':>8}{'first 3':>9}")
    for kind, row in [*result["kinds"].items(), ("all", {"hidden": result["hidden"], **result["recall"]})]:
        print(f"{kind:<34}{row['hidden']:>8}{row['automatic']:>11.1%}{row['first']:>8.1%}{row['first_three']:>9.1%}")
    print(
        f"{result['false_automatic']} false among {sum(result['automatic'].values()):,} automatic:"
        f" {result['automatic']}\n"
        f"{result['suspicions']:,} people to look at, {result['suspicions_per_hidden']} for each hidden child; "
        f"{result['clean_missed']} clean pairs missed"
    )
    exact = result["exact_comparison"]
    print(f"number and name alone: {exact['recall']['automatic']:.1%} of the hidden, {exact['false_automatic']} false")
    print(f"read {result['seconds']['read']} s, search {result['seconds']['search']} s, {result['peak_mb']} MB")


def child_record(row: dict[str, str]) -> Record:
    number, kind = number_of(resident_ids.normalize(row["id"]))
    name = names.key(row["name"])
    return Record(
        record=int(row["rid"]),
        key=number if kind is IdKind.RESIDENT else f"rid:{row['rid']:>9}",
        number=number,
        kind=kind,
        name=name,
        sound=names.sound(name),
        sex=_SEXES.get(row["sex"], "unknown"),
        birth=birth_of(number, kind, None),
        phone=resident_ids.normalize(row["phone"]),
        town=names.key(row["township"]),
        village=names.village_key(row["village"]),
        stage=row["stage"],
        guardian_sound=names.sound(names.key(row["guardian"])),
        guardian_number=resident_ids.normalize(row["guardian_id"]),
        is_adult=kind is IdKind.RESIDENT and number[6:10] < "2000",
    )


def person_record(row: dict[str, str]) -> Record:
    number, kind = number_of(resident_ids.normalize(row["id"]))
    name = names.key(row["name"])
    return Record(
        record=int(row["gid"]),
        key=f"gid:{row['gid']:>9}",
        number=number,
        kind=kind,
        name=name,
        sound=names.sound(name),
        sex=_SEXES.get(row["sex"], "unknown"),
        birth=birth_of(number, kind, None),
        phone=resident_ids.normalize(row["phone"]),
        town=names.key(row["township"]),
        village=names.village_key(row["village"]),
        stage=row["edu"],
        household=row["hh"],
        is_adult=row["is_child"].strip().lower() not in _YES,
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


if __name__ == "__main__":
    sys.exit(main())
