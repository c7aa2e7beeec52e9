"""Floors: they hold, they rise, they never fall by machine."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.score.floors import FLOORS, Floors, judge, raised, reached, read_floors, written
from tests.score.marks import Row, Tally
from tests.score.sets import measured_sets

HEAD = "# Below these no score may fall.\n"
KEY = ("s", "en", "killed")


def _row(right: float, missed: float, invented: float = 0, name: str = "killed") -> Row:
    return Row("s", "en", name, Tally(right, missed, invented))


def _ok(row: Row, floor: float) -> bool | None:
    return judge([row], Floors({(row.set, row.lang, row.field): floor}), ["s"])[0].ok


def test_reached_rounds_down() -> None:
    """Two thirds of 60 is 0.666: the floor is below the score, never above."""
    assert reached(_row(40, 20)) == 0.666
    assert reached(_row(54, 6)) == 0.9


def test_reached_is_a_count_where_few_are_judged() -> None:
    """Right less invented; nothing that could not fall."""
    assert reached(_row(9, 3)) == 9
    assert reached(_row(9, 3, 2, "place")) == 7
    assert reached(_row(0, 12)) is None
    assert reached(_row(0, 90)) is None


def test_reached_keeps_a_distance_where_items_are_drawn() -> None:
    """In twentieths, below what was reached: the next draw has other stories."""
    drawn = [Row("composed", "en", "k", Tally(right, 100 - right)) for right in (100, 88, 85, 4)]
    assert [reached(row) for row in drawn] == [0.95, 0.85, 0.8, None]


def test_reached_has_nothing_for_one_side_of_a_trade() -> None:
    """Fields that are only shown get no floor."""
    for name in ("figures.kept_out", "absent.quotes", "label"):
        assert reached(_row(50, 10, name=name)) is None
    assert reached(_row(50, 10, name="figures")) is not None


def test_judge_fails_below_a_floor_only() -> None:
    """At the floor holds, a little below falls, for ratios and counts."""
    assert _ok(_row(40, 20), 0.666) is True
    assert _ok(_row(39, 21), 0.666) is False
    assert _ok(_row(9, 3), 9) is True
    assert _ok(_row(8, 4), 9) is False
    assert _ok(_row(9, 3, 1, "place"), 9) is False


def test_judge_does_not_judge_what_has_no_floor() -> None:
    """New rows are told, neither right nor wrong."""
    assert judge([_row(1, 9)], Floors(), ["s"])[0].ok is None


def test_reached_counts_what_is_right_in_a_set_that_grows() -> None:
    """A hundred cases more, none of them read yet: the floor of the corpus still holds."""
    before, after = (Row("corpus", "en", "place", Tally(90, n, n)) for n in (10, 110))
    assert reached(before) == reached(after) == 90
    assert judge([after], Floors({("corpus", "en", "place"): 90}), ["corpus"])[0].ok is True
    assert judge([after], Floors({("corpus", "en", "place"): 91}), ["corpus"])[0].ok is False


def test_reached_is_a_ratio_where_the_program_says_how_many() -> None:
    """Fewer quotes than yesterday are no fall, a wrong one is; none at all is no fall either."""
    floor = Floors({("s", "en", "spans"): 1.0})
    assert reached(_row(3, 0, name="spans")) == 1.0
    assert judge([_row(2, 0, name="spans")], floor, ["s"])[0].ok is True
    assert judge([_row(2, 1, name="spans")], floor, ["s"])[0].ok is False
    assert judge([], floor, ["s"]) == []


def test_judge_fails_a_floor_without_a_score() -> None:
    """A field that vanished has fallen; one of a set that was not measured has not."""
    floors = Floors({KEY: 0.5, ("other", "en", "killed"): 0.5})
    found = judge([], floors, ["s"])
    assert [(one.key, one.row, one.ok) for one in found] == [(KEY, None, False)]


def test_raised_takes_higher_and_new_scores() -> None:
    """One rises, one is new, with the digest of the data."""
    floors = Floors({KEY: 0.5}, {"s": "old"}, HEAD)
    new = raised(floors, [_row(40, 20), _row(3, 1, name="date")], {"s": "new"})
    assert new.floors == {KEY: 0.666, ("s", "en", "date"): 3}
    assert (new.digests, new.head) == ({"s": "new"}, HEAD)


def test_raised_does_not_swap_a_ratio_for_a_count() -> None:
    """0.9 and 20 cannot be compared: the old floor stands until a person replaces it."""
    assert raised(Floors({KEY: 0.9}), [_row(20, 1)], {}).floors == {KEY: 0.9}
    assert raised(Floors({KEY: 20}), [_row(60, 1)], {}).floors == {KEY: 20}


@given(
    floor=st.one_of(st.integers(1, 40), st.integers(1, 1000).map(lambda n: n / 1000)),
    right=st.integers(0, 60),
    missed=st.integers(0, 60),
)
def test_raised_never_lowers(floor: float, right: int, missed: int) -> None:
    """Whatever is measured, no floor is lower or gone afterwards."""
    after = raised(Floors({KEY: floor}), [_row(right, missed)], {}).floors
    assert after[KEY] >= floor
    assert isinstance(after[KEY], int) == isinstance(floor, int)


def test_written_floors_are_read_back_with_their_head(tmp_path: Path) -> None:
    """Ratios stay ratios, also 1.0; counts stay counts; names may hold blanks and points."""
    floors = {KEY: 1.0, ("s", "all", "class E1"): 3, ("t", "-", "statements.speaker"): 0.25}
    path = tmp_path / "floors.toml"
    path.write_text(written(Floors(floors, {"s": "a1", "t": "b2"}, HEAD)), "utf-8")
    again = read_floors(path)
    assert again == Floors(floors, {"s": "a1", "t": "b2"}, HEAD + "\n")
    assert {type(value) for value in again.floors.values()} == {int, float}
    assert written(again) == path.read_text("utf-8")


def test_the_floors_file_holds_numbers_and_names_only() -> None:
    """Nothing of the data: every value is a number, every digest sixteen hex digits."""
    floors = read_floors(FLOORS)
    assert "by hand" in floors.head
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in floors.digests.values())
    assert all(
        value > 0 and (isinstance(value, int) or value <= 1) for value in floors.floors.values()
    )
    assert all(len(part) <= 30 for key in floors.floors for part in key)


def test_floors_are_of_sets_that_are_measured_and_every_set_has_one() -> None:
    """A set that leaves the table would take its floors along in silence."""
    held = {name for name, _, _ in read_floors(FLOORS).floors}
    assert held == {one.name for one in measured_sets(full=False)}
