"""What Turkish asks of tokens and numbers: endings of digits, letters that tell words apart."""

from __future__ import annotations

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.lang.language import Reader
from worker.core.lang.tokens import Token
from worker.core.text.prose import compose

TURKISH = load_knowledge(PORTSMERE).languages["tr"]


@pytest.fixture(scope="module")
def reader() -> Reader:
    found = TURKISH.reader("figures")
    assert found is not None
    return found


def tokens_of(reader: Reader, text: str) -> list[Token]:
    prose = compose(None, text, "tr")
    letter = prose.norm.letter
    cut = TURKISH.cut(prose.text, prose.sentences[0])
    return reader.tokens(cut, lambda i: letter(i).isupper(), letter)


def killed(reader: Reader, text: str) -> list[int | None]:
    _, found = reader.read(tokens_of(reader, text))
    return [f.token.value for f in found if f.what == "killed" and f.token is not None]


def test_tokens_keep_the_ending_of_digits_and_drop_that_of_a_name(reader: Reader) -> None:
    """An ending after digits says what the number is for; after a name it says nothing of it."""
    words = [t.word for t in tokens_of(reader, "Kabil'de ölü sayısı 8'den 11'e çıktı")]
    assert words == ["kabil", "olu sayisi", "8", "' den", "11", "' e", "cikti"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patlamada altı kişi öldü.", [6]),
        ("Patlamada altı kişinin öldüğü belirtildi.", [6]),
        ("PATLAMADA ALTI KİŞİ ÖLDÜ", [6]),
        ("Patlamada altı kişi tanık oldu.", []),
        ("Klinikte altı kişinin olduğu belirtildi.", []),
    ],
)
def test_read_tells_died_from_was_by_the_dots(
    reader: Reader, text: str, expected: list[int]
) -> None:
    """Normal text has no dots: "öldü" (died) and "oldu" (was) are one word in it."""
    assert killed(reader, text) == expected


def test_tokens_without_the_printed_letters_take_every_word_for_marked(reader: Reader) -> None:
    """Who asks without the original reads "öldü", and "oldu" with it."""
    prose = compose(None, "Altı kişi oldu.", "tr")
    tokens = reader.tokens(TURKISH.cut(prose.text, prose.sentences[0]), lambda _: False)
    assert all("MARKED" in token.tags for token in tokens)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 bin 500 kişi öldü.", [2500]),
        ("Bin 200 kişi öldü.", [1200]),
        ("1.200 kişi öldü.", [1200]),
        ("Yüz on iki kişi öldü.", [112]),
        ("Onbeş kişi öldü.", [15]),
        ("20 yaralı, 5 ölü var.", [5]),
    ],
)
def test_read_puts_a_number_together(reader: Reader, text: str, expected: list[int]) -> None:
    """Turkish prints thousands as "2 bin 500"; two counts side by side stay two."""
    assert killed(reader, text) == expected
