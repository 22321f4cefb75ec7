"""The whole year of a county, measured: `python -m bench [--scale full] [--database sqlite|postgres|both]`.

Every part runs in a process of its own, so that its peak of memory is its own. Printed are the seconds,
rows a second and peak memory of each step, and at the end some of them as ratios against a named
baseline measured in the same run.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import services

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--scale", choices=["small", "full"], default="full")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--folder", type=Path, help="where the files are kept between runs (default: var/bench)")
    options = parser.parse_args()
    folder = (options.folder or ROOT / "var" / "bench") / options.scale
    failures = _run("make files", "bench.files", str(folder), "--scale", options.scale)
    rows = ["--rows", "16500"] if options.scale == "small" else []
    databases = ["sqlite", "postgres"] if options.database == "both" else [options.database]
    for database in databases:
        with tempfile.TemporaryDirectory(prefix="bench-") as var:
            environment = {"AIDCENTER_VAR": var, "SECRET_KEY": "only-for-this-run"}
            if database == "postgres":
                environment["DATABASE_URL"] = services.postgres().url
            demo = ["--scale", options.scale, "--database-only", "--keep-files", "--folder", str(folder)]
            failures += _run(f"{database}: the year", "manage", "demo", *demo, **environment)
            reference = ROOT / "fixtures" / "reference" / "county-2021.toml"
            if options.scale == "full":
                failures += _run(
                    f"{database}: beside the published figures",
                    "manage",
                    "compare_totals",
                    str(reference),
                    **environment,
                )
            papers = [str(reference)] if options.scale == "full" else []
            failures += _run(f"{database}: page, workbook and document", "bench.papers", *papers, **environment)
            failures += _run(f"{database}: pages", "bench.pages", **environment)
            failures += _run(f"{database}: loading", "bench.loading", **environment)
            failures += _run(f"{database}: rosters beside django-import-export", "bench.importing", **environment)
            failures += _run(f"{database}: one file for the whole county", "bench.county_file", *rows, **environment)
            failures += _run(f"{database}: the desk by keyboard", "bench.desk", **environment)
            tenth = ["--scale", "0.1"] if options.scale == "small" else []
            failures += _run(f"{database}: a term's money", "bench.payments", *tenth, **environment)
            failures += _run(f"{database}: the rules of an audit", "bench.findings", *tenth, **environment)
    failures += _run("reading", "bench.reading", str(folder))
    scale = "0.1" if options.scale == "small" else "1"
    failures += _run("cross-check beside the truth", "bench.crosscheck", "--seeds", "20", "--scale", scale)
    half = "0.05" if options.scale == "small" else "0.5"
    beside = ["--seeds", "3", "--scale", half, "--beside"]
    failures += _run("cross-check beside Splink and plain comparison", "bench.crosscheck", *beside)
    failures += _run("the search over one county, three and ten", "bench.growth", "--scale", scale)
    counties = "3" if options.scale == "small" else "10"
    failures += _run("a province", "bench.province", "--scale", scale, "--counties", counties)
    return 1 if failures else 0


def _run(title: str, module: str, *arguments: str, **environment: str) -> int:
    print(f"\n== {title}", flush=True)
    command = [sys.executable, "manage.py"] if module == "manage" else [sys.executable, "-m", module]
    return subprocess.run([*command, *arguments], cwd=ROOT, env={**os.environ, **environment}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
