"""Reading rosters beside openpyxl: `python -m bench.reading FOLDER`. Baseline: openpyxl, read-only, no guard."""

import argparse
import io
import json
from pathlib import Path

from openpyxl import load_workbook

from bench.measure import timed
from common import sheets

FILES = 60


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    paths = [entry["path"] for entry in index if entry["kind"] == "roster"][:FILES]
    contents = [(folder / path).read_bytes() for path in paths]

    def guarded() -> int:
        with sheets.Reader() as reader:
            return sum(sum(1 for _row in sheets.read(content, reader=reader).rows()) for content in contents)

    def unguarded() -> int:
        books = (load_workbook(io.BytesIO(content), read_only=True, data_only=True) for content in contents)
        return sum(sum(1 for _row in book.worksheets[0].iter_rows(values_only=True)) for book in books)

    base, base_rows = timed(unguarded)
    ours, rows = timed(guarded)
    if rows != base_rows:
        raise SystemExit(f"The two readers disagree: {rows} and {base_rows} rows.")
    print(f"openpyxl{base_rows / base:>16,.0f} rows/s")
    print(f"guarded reader{rows / ours:>10,.0f} rows/s")
    print(f"guarded reader ÷ openpyxl: {base / ours:.1f} ×")


if __name__ == "__main__":
    main()
