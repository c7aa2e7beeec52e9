"""All sets that are measured: where each lies, how it is loaded and how an item is examined.

A set with ``every`` above 1 is thinned out by the hash of its ids, so that a run stays short; with
``--full`` it is measured whole, under the name ``…_full``, and has floors of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.score import articles, corpus, merge, muc4, pages, public, shootings, verdict
from tests.score.data import ROOT, digest
from tests.score.marks import Item, Mark


@dataclass(frozen=True, slots=True)
class MeasuredSet:
    """One set. ``files`` are its inputs, below the data folder or, if ``own``, in the checkout."""

    name: str
    files: tuple[str, ...]
    load: Callable[[Path], list[Item]]
    examine: Callable[[Item], Iterator[Mark]]
    own: bool = False
    every: int = 1
    note: str = ""

    def base(self, data: Path) -> Path:
        """The folder its files are below."""
        return ROOT if self.own else data

    def is_here(self, data: Path) -> bool:
        """Whether all inputs are there."""
        own = not self.own or corpus.is_here(data)
        return own and all((self.base(data) / name).exists() for name in self.files)

    def digest(self, data: Path) -> str:
        """Of all inputs, by name and bytes."""
        base = self.base(data)
        return digest([base / name for name in self.files], base)


def _thinned(
    name: str, file: str, load: Callable[[Path, int], list[Item]], every: int,
    examine: Callable[[Item], Iterator[Mark]],
) -> MeasuredSet:  # fmt: skip
    return MeasuredSet(
        name, (file,), partial(load, every=every), examine, every=every,
        note=f"every {every}th by hash; all with --full",
    )  # fmt: skip


_SETS = (
    MeasuredSet("corpus", ("tests/corpus",), corpus.load, corpus.examine, own=True),
    # The runner of the public cases waits more than it works: first in, it hides behind the rest.
    MeasuredSet("public", ("public",), public.load, public.examine),
    MeasuredSet("kabul_dev", ("kabul_dev.jsonl",), verdict.load_kabul, articles.examine_kabul),
    MeasuredSet(
        "verdict_dev", ("verdict_dev.jsonl",), verdict.load_verdict, articles.examine_verdict,
        note="without the items of kabul_dev",
    ),
    MeasuredSet("slots_dev", ("slots_dev.jsonl",), articles.load_slots, articles.examine_slots),
    MeasuredSet(
        "voices_en", ("voices_en.jsonl",), partial(articles.load_voices, name="voices_en"),
        articles.examine_voices,
    ),
    MeasuredSet(
        "voices_xx", ("voices_xx.jsonl",), partial(articles.load_voices, name="voices_xx"),
        articles.examine_voices,
    ),
    MeasuredSet(
        "unlabelled", ("kabul_unlabelled.jsonl.gz", "unlabelled_labels.jsonl"),
        verdict.load_unlabelled, articles.examine_unlabelled, note="hard negatives",
    ),
    MeasuredSet("pages", ("pages",), pages.load, pages.examine),
    MeasuredSet(
        "merge_scenarios", ("merge_scenarios.json",), merge.load_scenarios, merge.examine_scenario
    ),
    MeasuredSet("merge_facts", ("merge_facts.json",), merge.load_facts, merge.examine_facts),
    _thinned("shootings", "shootings_dev.jsonl.gz", shootings.load, 4, shootings.examine),
    _thinned("muc4", "muc4_dev.jsonl.gz", muc4.load, 3, muc4.examine),
)  # fmt: skip


def measured_sets(*, full: bool) -> tuple[MeasuredSet, ...]:
    """All sets; with ``full`` the thinned ones whole, under names of their own."""
    return tuple(_whole(one) if full and one.every > 1 else one for one in _SETS)


def _whole(one: MeasuredSet) -> MeasuredSet:
    load = one.load.func  # type: ignore[attr-defined]
    return replace(one, name=f"{one.name}_full", load=partial(load, every=1), every=1, note="")
