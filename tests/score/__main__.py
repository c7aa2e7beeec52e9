"""``python -m tests.score``: measure reading, pages and merging against labelled data.

Prints one table. Exit code 1 when a score is below its floor, or when a set that must be in the
checkout is missing; sets of data that are not beside the checkout are named and not judged.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from tests.score import floors, table
from tests.score.data import data_folder
from tests.score.marks import rows
from tests.score.run import examine_all
from tests.score.sets import MeasuredSet, measured_sets


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, judge; the exit code."""
    options = _options(arguments)
    data = data_folder()
    measured = measured_sets(full=options.full)
    unknown = {*options.only, *options.without}.difference(*map(_names, measured))
    if unknown:
        sys.exit(f"no such set: {', '.join(sorted(unknown))}")
    wanted = [one for one in measured if _is_asked(one, options)]
    here = [one for one in wanted if one.is_here(data)]
    begun = time.perf_counter()
    examined = examine_all(here, data, full=options.full)
    found = [row for one in examined for row in rows(one)]
    if options.misses:
        sys.stdout.writelines(f"{line}\n" for line in table.misses(examined, options.misses))
        return 0
    known = floors.read_floors(floors.FLOORS)
    judged = floors.judge(found, known, [one.name for one in here])
    digests = {one.name: one.digest(data) for one in here}
    lines = [*table.show(judged), ""]
    lines += table.costs(examined, {one.name: one.note for one in here})
    lines += [f"{time.perf_counter() - begun:.0f} s in all", *_told(wanted, here, known, digests)]
    fell = [one for one in judged if one.ok is False]
    missing = [one.name for one in wanted if one.own and one not in here]
    lines += [f"MISSING: {name}, which belongs into the checkout" for name in missing]
    lines.append(f"{len(fell)} below their floor" if fell else "no score is below its floor")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if options.json:
        text = json.dumps(table.as_json(judged, examined), ensure_ascii=False, indent=1)
        Path(options.json).write_text(f"{text}\n", "utf-8")
    if options.raise_floors:
        new = floors.raised(known, found, digests)
        floors.FLOORS.write_text(floors.written(new), "utf-8")
    return 1 if fell or missing else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.score", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="SET", help="only this set")
    parser.add_argument(
        "--without", action="append", default=[], metavar="SET", help="not this set"
    )
    parser.add_argument("--full", action="store_true", help="all of the big sets, not every n-th")
    parser.add_argument("--misses", metavar="FIELD", help="list what is wrong in a field, no table")
    parser.add_argument("--json", metavar="FILE", help="write every row to FILE")
    parser.add_argument(
        "--raise-floors", action="store_true", help="write higher floors where scores are higher"
    )
    return parser.parse_args(arguments)


def _names(one: MeasuredSet) -> set[str]:
    """What a set may be called: its whole form goes by the name of the thinned one, too."""
    return {one.name, one.name.removesuffix("_full")}


def _is_asked(one: MeasuredSet, options: argparse.Namespace) -> bool:
    names = _names(one)
    return names.isdisjoint(options.without) and (
        not options.only or not names.isdisjoint(options.only)
    )


def _told(
    wanted: list[MeasuredSet],
    here: list[MeasuredSet],
    known: floors.Floors,
    digests: dict[str, str],
) -> list[str]:
    """What a reader must know before believing the table: absent sets, other data."""
    absent = [one.name for one in wanted if not one.own and one not in here]
    told = [f"not beside this checkout: {', '.join(absent)}"] if absent else []
    changed = [n for n, value in digests.items() if known.digests.get(n, value) != value]
    if changed:
        told.append(f"data changed since their floors were set: {', '.join(changed)}")
    unknown = [name for name in digests if name not in known.digests]
    if unknown:
        told.append(f"no floors yet (make score RAISE=1): {', '.join(unknown)}")
    return told


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
