"""Whose text it is: agencies in datelines, signatures, bylines and as providers; and where there is none."""

from __future__ import annotations

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.agencies import build_agencies

AGENCIES = load_knowledge(PORTSMERE).agencies

CREDITED = [
    ("PORTSMERE (AFP) - A bomb went off.", "AFP"),
    ("PORTSMERE, July 1 (Reuters) - A bomb went off.", "Reuters"),
    ("Portsmere (dpa/abc) – A bomb went off.", "dpa"),
    ("PORTSMERE, Aug. 3 (Xinhua) -- A bomb went off.", "Xinhua"),
    ("PORTSMERE, Valdra (AP) _ A bomb went off.", "AP"),
    ("AFP - A bomb went off.", "AFP"),
    ("بورتسمير 3 أغسطس (رويترز) - انفجرت قنبلة.", "Reuters"),
    ("A bomb went off.\n\nPolice came. - Reuters", "Reuters"),
    ("A bomb went off.\n\nPolice came. (AP)", "AP"),
    ("A bomb went off.\n\nAFP", "AFP"),
]
SILENT = [
    "The National Police (ANP) said that a bomb went off.",
    "A bomb went off, said a spokesman of the National Police (ANP).",
    "A bomb went off, he told Reuters.",
    "Reuters reported that a bomb went off.",
    "A bomb went off. (With inputs from AFP)",
    "PORTSMERE (APT) - A bomb went off.",
    "PORTSMERE (Own correspondent) - A bomb went off.",
    "The quay (AFP photo) burns.",
    "",
]


@pytest.mark.parametrize(("text", "agency"), CREDITED)
def test_of_text_finds_the_agency_of_a_dateline_or_signature(text: str, agency: str) -> None:
    """In brackets before the dash, or behind the last sentence."""
    assert AGENCIES.of_text(text) == agency


@pytest.mark.parametrize("text", SILENT)
def test_of_text_finds_none_where_one_is_only_mentioned(text: str) -> None:
    """Who is quoted, or has the same letters, has not written the text."""
    assert AGENCIES.of_text(text) is None


def test_named_knows_an_agency_by_its_whole_name() -> None:
    """The first of several; case does not count; an outlet that only has it in its name is none."""
    names = ("afp", "The Associated Press", "AP/Reuters", "AP Gardening Weekly", "Agency", None)
    assert [AGENCIES.named(name) for name in names] == ["AFP", "AP", "AP", None, None, None]


def test_of_byline_finds_an_agency_among_its_words() -> None:
    """As the author, or beside one."""
    lines = ("By AFP", "Ada Lind, Reuters", "Ada Lind", None)
    assert [AGENCIES.of_byline(line) for line in lines] == ["AFP", "Reuters", None, None]


def test_build_agencies_refuses_a_spelling_of_two() -> None:
    """Then nobody could say who is credited."""
    with pytest.raises(KnowledgeError, match="B: spelling 'X'"):
        build_agencies({"spellings": {"A": ["X"], "B": ["X"]}}, "agencies.toml")
