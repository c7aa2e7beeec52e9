"""Spanish: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.core.sentence import findings


def stated(sentence: str) -> list[tuple[str, int | None, str]]:
    """What is stated of people who are no part of others: measure, value and qualifier."""
    return [
        (f.what, f.token.value, f.token.meaning.get("qualifier", "exact"))
        for f in findings("es", sentence)
        if f.token is not None
        and f.what != "part"
        and not f.token.tags & {"REPLACED_COUNT", "NOBODY"}
    ]


@pytest.mark.parametrize(
    ("number", "value", "qualifier"),
    [
        ("Veintiún", 21, "exact"),
        ("Treinta y ocho", 38, "exact"),
        ("Ciento veinticuatro", 124, "exact"),
        ("Doscientas quince", 215, "exact"),
        ("Mil doscientas", 1200, "exact"),
        ("1.250", 1250, "exact"),
        ("1,250", 1250, "exact"),
        ("Una veintena de", 20, "around"),
        ("Más de un centenar de", 100, "more_than"),
        ("Media docena de", 6, "exact"),
        ("Decenas de", None, "score"),
        ("Varias", None, "several"),
        ("No menos de quince", 15, "at_least"),
    ],
)
def test_numbers_are_read_as_they_are_printed(
    number: str, value: int | None, qualifier: str
) -> None:
    """Numbers in words, groups of three behind either mark, and words for about so many."""
    assert stated(f"{number} personas murieron.") == [("killed", value, qualifier)]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Un policía murió y otro huyó.", [("killed", 1)]),
        ("Un ministro dijo que nadie lo llamó.", []),
        ("Murió tras una explosión en dos barrios.", []),
        ("Salvó la vida de milagro un guardia.", []),
        ("Los tres heridos hablaron con seis médicos.", [("injured", 3)]),
        ("La bomba mató a seis y quemó 12 tiendas.", [("killed", 6)]),
        ("Ninguno de los 30 empleados resultó herido.", []),
        ("El agente, de 34 años, murió a las 7.45.", [("killed", 1)]),
    ],
)
def test_neighbours_of_a_toll_add_nothing(sentence: str, found: list[tuple[str, int]]) -> None:
    """What stands beside a toll and counts nobody who came to harm."""
    assert [(what, value) for what, value, _ in stated(sentence)] == found
