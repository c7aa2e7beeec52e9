"""All sets that are measured: where each lies, how it is loaded and how an item is examined.

A set with ``every`` above 1 is thinned out by the hash of its ids, so that a run stays short; with
``--full`` it is measured whole, under the name ``…_full``, and has floors of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.score import (
    articles,
    composed,
    corpus,
    foreign,
    merge,
    merge_texts,
    muc4,
    pages,
    public,
    shootings,
    verdict,
)
from tests.score.data import ROOT, digest, nth
from tests.score.marks import Item, Mark


@dataclass(frozen=True, slots=True)
class MeasuredSet:
    """One set. ``files`` are its inputs, below the data folder or, if ``own``, in the checkout."""

    name: str
    files: tuple[str, ...]
    load: Callable[[Path], list[Item]]
    examine: Callable[[Item], Iterator[Mark]]
    own: bool = False
    pattern: str = "*"
    """Which files of a folder are data."""
    every: int = 1

    @property
    def note(self) -> str:
        """What a reader of the table must know of a thinned set."""
        return f"one in {self.every} by hash; all with --full" if self.every > 1 else ""

    def items(self, data: Path) -> list[Item]:
        """What is examined, always in the same order."""
        return [item for item in self.load(data) if nth(item.id, self.every)]

    def is_here(self, data: Path) -> bool:
        """Whether all inputs are there."""
        return all(any(self._files(data, name)) for name in self.files)

    def digest(self, data: Path) -> str:
        """Of all inputs, by name and bytes."""
        paths = [path for name in self.files for path in self._files(data, name)]
        return digest(paths, ROOT if self.own else data)

    def _files(self, data: Path, name: str) -> list[Path]:
        path = (ROOT if self.own else data) / name
        found = path.rglob(self.pattern) if path.is_dir() else [path]
        return [one for one in found if one.is_file() and "__pycache__" not in one.parts]


def _voices(name: str) -> MeasuredSet:
    load = partial(articles.load_voices, name=name)
    return MeasuredSet(name, (f"{name}.jsonl",), load, articles.examine_voices)


def _strangers(number: int) -> MeasuredSet:
    """Forty items by a person who had seen neither code nor words, in the checkout."""
    name, folder = f"set-{number}", "tests/score/strangers"
    load = partial(_load_own, folder=ROOT / folder, name=name)
    files = (f"{folder}/{name}.jsonl",)
    return MeasuredSet(f"strangers_{number}", files, load, articles.examine_voices, own=True)


def _load_own(_: Path, folder: Path, name: str) -> list[Item]:
    """Voices that lie in the checkout, wherever the data folder is."""
    return articles.load_voices(folder, name)


_KABUL, _VERDICT, _UNLABELLED = "kabul_dev.jsonl", "verdict_dev.jsonl", "kabul_unlabelled.jsonl.gz"
_SETS = (
    # The runner of the public cases waits more than it works: begun first, it hides behind the rest.
    MeasuredSet("public", ("public",), public.load, public.examine),
    MeasuredSet(
        "corpus", ("tests/corpus",), corpus.load, corpus.examine, own=True, pattern="*.toml"
    ),
    MeasuredSet(
        "composed", ("tests/composed",), composed.load, composed.examine, own=True, pattern="*.toml"
    ),
    MeasuredSet("kabul_dev", (_KABUL,), verdict.load_kabul, articles.examine_kabul),
    MeasuredSet(
        "verdict_dev", (_VERDICT, _KABUL), verdict.load_verdict, articles.examine_verdict
    ),
    MeasuredSet(
        "slots_dev", ("slots_dev.jsonl", _VERDICT, _UNLABELLED), articles.load_slots,
        articles.examine_slots,
    ),
    _voices("voices_en"),
    _voices("voices_xx"),
    *(_strangers(number) for number in range(1, 54)),
    MeasuredSet(
        "foreign_background", (foreign.FOLDER,), foreign.load, foreign.examine, own=True,
        pattern="*.jsonl", every=4,
    ),
    MeasuredSet(
        "unlabelled", (_UNLABELLED, "unlabelled_labels.jsonl"), verdict.load_unlabelled,
        articles.examine_unlabelled,
    ),
    MeasuredSet("pages", ("pages",), pages.load, pages.examine),
    MeasuredSet(
        "merge_scenarios", ("merge_scenarios.json",), merge.load_scenarios, merge.examine_scenario
    ),
    MeasuredSet("merge_facts", ("merge_facts.json",), merge.load_facts, merge.examine_facts),
    MeasuredSet(
        "merge_texts", ("slots_dev.jsonl", _VERDICT, _UNLABELLED, _KABUL), merge_texts.load_texts,
        merge_texts.examine_texts,
    ),
    MeasuredSet(
        "shootings", ("shootings_dev.jsonl.gz",), shootings.load, shootings.examine, every=4
    ),
    MeasuredSet("muc4", ("muc4_dev.jsonl.gz",), muc4.load, muc4.examine, every=3),
)  # fmt: skip


def measured_sets(*, full: bool) -> tuple[MeasuredSet, ...]:
    """All sets; with ``full`` the thinned ones whole, under names of their own."""
    return tuple(
        replace(one, name=f"{one.name}_full", every=1) if full and one.every > 1 else one
        for one in _SETS
    )
