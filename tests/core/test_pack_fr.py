"""French: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import stated


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Un kamikaze tue six policiers et en blesse dix.", [("killed", 6), ("injured", 10)]),
        ("Un policier tué et un autre blessé.", [("killed", 1), ("injured", 1)]),
        ("Quatre-vingt-dix civils et un garde ont péri.", [("killed", 91)]),
        ("Le bilan est passé de 19 à 24 morts.", [("killed", 24)]),
        ("L'attaque a coûté la vie à au moins 1.200 personnes.", [("killed", 1200)]),
        ("Une explosion a fait une vingtaine de morts.", [("killed", 20)]),
        ("Quelque 80 personnes ont été tuées ou blessées.", [("casualties", 80)]),
        ("Aucun des 30 employés n'a été blessé.", []),
        ("Trois des blessés sont dans un état grave.", []),
        ("Il avait 34 ans.", []),
    ],
)
def test_french_counts_are_read_as_they_are_printed(
    sentence: str, found: list[tuple[str, int]]
) -> None:
    """Number words, "tue" and "tué", tolls that rose; and what counts nobody."""
    assert stated("fr", sentence) == found
