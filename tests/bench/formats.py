"""What reading a wire document costs, next to what lxml alone needs to parse it.

::

    PYTHONPATH=. python tests/bench/formats.py FOLDER [FOLDER …]

Prints, per format, documents, bytes, milliseconds of processor time for reading one (sniffed, parsed,
made into entries) and for lxml's parse of it, and how many times that is. JSON is compared with
``json.loads``. A script, no test: times depend on the machine.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from functools import partial
from pathlib import Path
from statistics import median

from lxml import etree

from tests.bench.cost import cost_ms
from worker.config.knowledge import load_notices
from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Hint
from worker.core.sources.formats import parse
from worker.core.sources.hardened_xml import hardened_parser


def bare(data: bytes) -> object:
    """The least that any reader does."""
    if data.lstrip()[:1] in (b"{", b"["):
        return json.loads(data)
    return etree.fromstring(data, hardened_parser())


def main(folders: list[str]) -> None:
    """Measure all documents and print the table."""
    notices = load_notices()
    rows: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for path in sorted(p for folder in folders for p in Path(folder).rglob("*") if p.is_file()):
        data = path.read_bytes()
        try:
            name = parse(data, Hint(), notices=notices).format
            bare(data)
        except (FeedError, etree.XMLSyntaxError, ValueError):
            continue
        reading = cost_ms(partial(parse, data, Hint(), notices=notices))
        rows[name].append((len(data), reading, cost_ms(partial(bare, data))))
    print(
        f"{'format':14} {'n':>4} {'bytes':>8} {'read ms':>8} {'bare ms':>8} {'median ×':>9} {'sum ×':>6}"
    )
    for name, found in sorted(rows.items()):
        sizes, reads, bares = zip(*found, strict=True)
        ratios = [a / b for a, b in zip(reads, bares, strict=True)]
        print(
            f"{name:14} {len(found):4} {median(sizes):8.0f} {median(reads):8.3f} {median(bares):8.3f}"
            f" {median(ratios):9.1f} {sum(reads) / sum(bares):6.1f}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
