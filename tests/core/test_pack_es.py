"""Spanish: its words and rules for figures, read through the pack."""

from __future__ import annotations

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.lang.cascade import Finding
from worker.core.lang.normalise import Range, normalise

FIGURES = load_knowledge(PORTSMERE).languages["es"].readers["figures"]
EXAMPLES = [
    (rule.name, example.text, example.fires)
    for rule in FIGURES.grammar.rules()
    for example in rule.examples
    if example.lang == "es"
]


def read(sentence: str) -> tuple[frozenset[str], list[Finding]]:
    """The rules that were used on a sentence, and what they state."""
    norm = normalise(sentence)
    at = Range(0, len(norm.text))
    tokens = FIGURES.tokens(norm.text, at, lambda i: norm.letter(i).isupper())
    tokens, found = FIGURES.read(tokens)
    used = {finding.rule for finding in found}
    return frozenset(used.union(*(token.rules for token in tokens))), found


def stated(sentence: str) -> list[tuple[str, int | None, str]]:
    """What is stated of people who are no part of others: measure, value and qualifier."""
    return [
        (f.what, f.token.value, f.token.meaning.get("qualifier", "exact"))
        for f in read(sentence)[1]
        if f.token is not None
        and f.what != "part"
        and not f.token.tags & {"REPLACED_COUNT", "NOBODY"}
    ]


@pytest.mark.parametrize(("rule", "sentence", "fires"), EXAMPLES)
def test_rules_are_used_where_their_examples_say(rule: str, sentence: str, fires: bool) -> None:
    """Each rule is used on its own example, and not on its neighbour."""
    assert (rule in read(sentence)[0]) is fires


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
