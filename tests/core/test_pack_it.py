"""Italian: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import stated


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Un kamikaze uccide sei agenti e ne ferisce dieci.", [("killed", 6), ("injured", 10)]),
        ("Un agente è morto e un altro è rimasto ferito.", [("killed", 1), ("injured", 1)]),
        ("Novantuno civili e una guardia sono morti.", [("killed", 92)]),
        ("È salito da 19 a 24 il numero dei morti.", [("killed", 24)]),
        ("L'attacco è costato la vita ad almeno 1.200 persone.", [("killed", 1200)]),
        ("E' di una ventina di morti il bilancio.", [("killed", 20)]),
        ("Oltre 80 tra morti e feriti.", [("casualties", 80)]),
        ("Nessuno dei 30 dipendenti è rimasto ferito.", []),
        ("Tre dei feriti sono in gravi condizioni.", []),
        ("Aveva 34 anni.", []),
    ],
)
def test_italian_counts_are_read_as_they_are_printed(
    sentence: str, found: list[tuple[str, int]]
) -> None:
    """Number words, people on either side of the verb, tolls that rose; and what counts nobody."""
    assert stated("it", sentence) == found
