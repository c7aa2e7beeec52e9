"""Finnish: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import stated


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Kaksikymmentäviisi siviiliä kuoli, 30 haavoittui.", [("killed", 25), ("injured", 30)]),
        ("Pommi surmasi tiistaina moskeijan edessä kuusi ihmistä.", [("killed", 6)]),
        ("Isku vaati 27 ihmisen hengen.", [("killed", 27)]),
        ("Kuolonuhrien määrä nousi 22:sta 27:ään.", [("killed", 27)]),
        ("Kuolleiden määrä nousi kuudesta yhdeksään.", [("killed", 9)]),
        ("Loukkaantuneita on viranomaisten mukaan 54.", [("injured", 54)]),
        ("Asemiehet ampuivat toimittajan kuoliaaksi.", [("killed", 1)]),
        ("Poliisi kuoli ja toinen haavoittui.", [("killed", 1), ("injured", 1)]),
    ],
)
def test_people_are_counted_in_every_case_of_their_number(
    sentence: str, found: list[tuple[str, int]]
) -> None:
    """Number and people are declined, and stand on either side of their verb."""
    assert sorted(stated("fi", sentence)) == sorted(found)


@pytest.mark.parametrize(
    "sentence",
    [
        "Kello 9 räjähti kaksi pommia, kukaan ei kuollut.",
        "Iskusta on 12 päivää, uhreja muistettiin.",
        "Kahden hengen autossa ollut mies haavoitti poliisia.",
    ],
)
def test_hours_things_and_days_count_nobody(sentence: str) -> None:
    """Numbers beside a word of harm that count something else."""
    assert stated("fi", sentence) == []
