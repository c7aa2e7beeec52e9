"""Counting and scoring, on numbers worked out by hand."""

from __future__ import annotations

from tests.score.marks import Examined, Item, Mark, Tally, check, compare, rows


def _tally(right: float, missed: float, invented: float) -> Tally:
    return Tally(right, missed, invented)


def test_score_of_a_share_ignores_what_is_invented() -> None:
    """``killed`` is right or wrong: 3 of 4."""
    assert _tally(3, 1, 5).score("killed") == 0.75


def test_score_of_an_f1_pays_for_what_is_invented() -> None:
    """3 right, 1 missed, 2 invented: 2·3 / (2·3 + 1 + 2)."""
    assert _tally(3, 1, 2).score("place") == 6 / 9
    assert _tally(3, 1, 2).score("place") < (_tally(3, 1, 1).score("place") or 0)


def test_score_with_nothing_to_judge_is_none() -> None:
    """Neither 0 nor 1: nobody asked."""
    assert _tally(0, 0, 0).score("place") is None
    assert _tally(0, 0, 0).score("killed") is None
    assert _tally(0, 0, 2).score("place") == 0


def test_compare_counts_a_wrong_value_as_missed_and_invented() -> None:
    """One of two wanted is found, and one that nobody wanted."""
    mark = compare("date", ["a", "b"], ["b", "c"])
    assert (mark.right, mark.missed, mark.invented) == (1, 1, 1)
    assert mark.note == "wanted a, b, found b, c"


def test_check_keeps_a_note_only_for_what_is_wrong() -> None:
    """A right decision needs no words."""
    assert check("killed", True, "why") == Mark("killed", right=1)
    assert check("killed", False, "why") == Mark("killed", missed=1, note="why")


def _examined(langs: str, name: str = "s") -> Examined:
    items = [Item(f"i{k}", lang, None, None) for k, lang in enumerate(langs.split())]
    return Examined(name, [(item, [check("killed", item.lang == "en")]) for item in items])


def test_rows_put_rare_languages_together() -> None:
    """Five English, two and one of others: en, rest, and all."""
    found = {row.lang: row.tally for row in rows(_examined("en en en en en fa fa ps"))}
    assert list(found) == ["all", "en", "rest"]
    assert (found["all"].right, found["all"].wanted) == (5, 8)
    assert (found["en"].right, found["rest"].wanted) == (5, 3)


def test_rows_of_a_set_that_grows_stay_apart() -> None:
    """A language with one case today has its own row, which more cases do not move."""
    assert [row.lang for row in rows(_examined("en en ps", "corpus"))] == ["all", "en", "ps"]


def test_rows_of_one_language_have_no_sum_beside_it() -> None:
    """Nothing is told twice; a set of few items keeps its language."""
    assert [row.lang for row in rows(_examined("en en"))] == ["en"]
