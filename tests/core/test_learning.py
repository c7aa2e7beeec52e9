"""From labelled articles to a weights file that the program can read back."""

from __future__ import annotations

import tomllib

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import CLASSIFY_WEIGHTS, load_knowledge
from worker.core.classify.score import weight_names
from worker.core.domain.document import Article
from worker.core.knowledge.weights import read_weights
from worker.core.training.train import example_of, learn, render, section_weights

KNOWLEDGE = load_knowledge(PORTSMERE)


def article(number: int, body: str) -> Article:
    return Article(
        f"a{number}", 1, None, body, body, "", None, None, "en", None, "none", None, None
    )


def labelled(count: int) -> list[tuple[Article, bool]]:
    """Invented pairs: a bomb in a numbered street, and a fair in another."""
    pairs = []
    for n in range(count):
        pairs.append(
            (
                article(n, f"A bomb killed {n + 2} people in Portsmere on Tuesday, police said."),
                True,
            )
        )
        pairs.append(
            (
                article(
                    1000 + n, f"Police in Portsmere said fair number {n} passed without attacks."
                ),
                False,
            )
        )
    return pairs


def test_render_writes_a_weights_file_that_reads_back() -> None:
    """What training writes, the loader reads: same features, same signs, every section."""
    examples = [example_of(a, y, KNOWLEDGE) for a, y in labelled(20)]
    present = CLASSIFY_WEIGHTS.read_text("utf-8")
    fit = learn(examples, KNOWLEDGE)
    text = render(fit, KNOWLEDGE, present)
    written, shipped = tomllib.loads(text), tomllib.loads(present)
    read_weights(written, weight_names(), "new.toml")
    assert {n: written["weights"][n] for n in fit.weights} == {
        name: round(weight, 2) for name, weight in fit.weights.items()
    }
    assert written["weights"]["bias"] != shipped["weights"]["bias"]
    old = section_weights(KNOWLEDGE)
    assert all(written["weights"][n] * w >= 0 for n, w in old.items() if n != "bias")
    assert written["anywhere"] == shipped["anywhere"]
    assert written["platt"]["anywhere"] == shipped["platt"]["anywhere"]


def test_section_weights_and_render_leave_zeros_and_reasons_alone() -> None:
    """What weighs nothing on purpose is not learnt; each number keeps the reason beside it."""
    present = CLASSIFY_WEIGHTS.read_text("utf-8")
    fit = learn([example_of(a, y, KNOWLEDGE) for a, y in labelled(20)], KNOWLEDGE)
    assert "body.casualty" not in section_weights(KNOWLEDGE)
    written = render(fit, KNOWLEDGE, present)
    assert tomllib.loads(written)["weights"]["body.casualty"] == 0
    assert [line.partition("#")[2] for line in written.splitlines()] == [
        line.partition("#")[2] for line in present.splitlines()
    ]


def test_learn_refuses_too_few_labels() -> None:
    """A handful of labels moves nothing: the message says how many are needed."""
    with pytest.raises(ValueError, match="20 articles of each kind"):
        learn([example_of(a, y, KNOWLEDGE) for a, y in labelled(3)], KNOWLEDGE)


def test_example_of_is_its_own_group_unless_an_event_is_named() -> None:
    """Folds keep the reports of one event together."""
    one, positive = labelled(1)[0]
    assert example_of(one, positive, KNOWLEDGE).group == "a0"
    assert example_of(one, positive, KNOWLEDGE, "event-7").group == "event-7"
    assert example_of(one, positive, KNOWLEDGE).segments[0]["head.attack_here"] == 1.0
