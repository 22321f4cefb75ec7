"""Make the demonstration county's files, unless the folder holds them: `python -m bench.files FOLDER --scale full`."""

import argparse
from pathlib import Path

from bench.measure import peak_mb, timed
from fixtures import county

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
SCALES = {"small": 60 / 1100, "full": 1.0}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", choices=SCALES, default="full")
    options = parser.parse_args()
    if (options.folder / "index.json").exists():
        print(f"The files are there already: {options.folder}")
        return
    plan = county.Plan(
        reference=FIXTURES / "reference" / "county-2021.toml",
        standards=FIXTURES / "standards" / "411625.toml",
        scale=SCALES[options.scale],
    )
    seconds, made = timed(lambda: county.build(plan))
    print(f"{'make people':<26}{seconds:>8.1f} s  {peak_mb():>7,} MB", flush=True)
    seconds, _nothing = timed(lambda: county.write(made, options.folder))
    print(f"{'write files':<26}{seconds:>8.1f} s  {peak_mb():>7,} MB")


if __name__ == "__main__":
    main()
