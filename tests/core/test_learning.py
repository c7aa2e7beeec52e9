"""From labelled articles to a weights file that the program can read back."""

from __future__ import annotations

import tomllib

import pytest

from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Article
from worker.core.training.train import example_of, learn, render, section_weights

KABUL = load_knowledge("kabul")


def article(number: int, body: str) -> Article:
    return Article(
        f"a{number}", 1, None, body, body, "", None, None, "en", None, "none", None, None
    )


def labelled(count: int) -> list[tuple[Article, bool]]:
    """Invented pairs: a bomb in a numbered street, and a fair in another."""
    pairs = []
    for n in range(count):
        pairs.append(
            (article(n, f"A bomb killed {n + 2} people in Kabul on Tuesday, police said."), True)
        )
        pairs.append(
            (
                article(1000 + n, f"Police in Kabul said fair number {n} passed without attacks."),
                False,
            )
        )
    return pairs


def test_learnt_weights_are_a_weights_file() -> None:
    """What training writes, the loader reads: same features, same signs, every section."""
    examples = [example_of(a, y, KABUL) for a, y in labelled(20)]
    written = tomllib.loads(render(learn(examples, KABUL), KABUL))
    old = section_weights(KABUL)
    assert set(written) == {"weights", "anywhere", "platt"}
    assert set(written["weights"]) == set(old)
    assert all(w * old[name] >= 0 for name, w in written["weights"].items() if name != "bias")
    anywhere = {
        k.removeprefix("anywhere."): v
        for k, v in KABUL.classify_weights.items()
        if k.startswith("anywhere.")
    }
    assert written["anywhere"] == anywhere


def test_too_few_labels_are_refused() -> None:
    """A handful of labels moves nothing: the message says how many are needed."""
    with pytest.raises(ValueError, match="20 articles of each kind"):
        learn([example_of(a, y, KABUL) for a, y in labelled(3)], KABUL)


def test_an_article_is_its_own_group_unless_an_event_is_named() -> None:
    """Folds keep the reports of one event together."""
    one, positive = labelled(1)[0]
    assert example_of(one, positive, KABUL).group == "a0"
    assert example_of(one, positive, KABUL, "event-7").group == "event-7"
    assert example_of(one, positive, KABUL).segments[0]["head.attack_here"] == 1.0
