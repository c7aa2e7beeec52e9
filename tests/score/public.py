"""Trouble that others had with the web, rebuilt as cases: held or not, class by class.

The cases have a runner of their own, which starts real processes and a loopback server; here it is
started and its outcomes are counted. A case that did not hold is named by its id.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.score.data import ROOT
from tests.score.marks import Item, Mark, check

_LONGEST_S = 1800


def load(data: Path) -> list[Item]:
    """All cases as one item: the runner wants them together."""
    return [Item("public", "-", data / "public", None)]


def examine(item: Item) -> Iterator[Mark]:
    """Cases held, by class, and all together."""
    with tempfile.TemporaryDirectory(prefix="score-") as folder:
        outcomes = Path(folder) / "outcomes.json"
        command = [sys.executable, str(item.given / "run.py"), "--json", str(outcomes)]
        done = subprocess.run(
            [*command, str(item.given / "cases")],
            cwd=ROOT,
            env={**os.environ, "KABULWIRE": str(Path(sys.executable).with_name("kabulwire"))},
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
        if not outcomes.is_file():
            raise RuntimeError(f"the runner of the public cases broke: {done.stderr[-500:]}")
        found = json.loads(outcomes.read_text("utf-8"))
    for case in found:
        note = f"{case['id']}: {'; '.join(case['wrong'])[:300]}"
        for name in ("held", f"class {case['class']}"):
            yield check(name, case["ok"], note)
