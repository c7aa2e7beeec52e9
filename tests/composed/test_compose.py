"""The composer: every choice is met, every text is whole, the same seed gives the same stories."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.composed.compose import Story, stories
from tests.composed.facts import Facts, wrong_facts
from tests.composed.frames import Frame, FrameError, load_frames

FOLDER = Path(__file__).parent
FRAMES = load_frames()
_ENDS = '."»।'
ENOUGH = 12
"""Stories for each choice of a frame's largest slot: a choice that needs others comes up by then."""


def _frame(tmp_path: Path, text: str) -> Frame:
    (tmp_path / "en").mkdir(exist_ok=True)
    head = 'why = "w"\npublished = "2031-03-04 15:00"\n'
    (tmp_path / "en" / "a.toml").write_text(head + text, "utf-8")
    load_frames.cache_clear()
    try:
        return load_frames(tmp_path)[0]
    finally:
        load_frames.cache_clear()


def _told(tmp_path: Path, text: str, count: int = 20, *, with_open: bool = True) -> list[Story]:
    return stories(_frame(tmp_path, text), 1, count, with_open=with_open)


def _first_letter(text: str) -> str:
    return next(one for one in text if one.isalpha())


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_every_choice_of_a_frame_is_met(frame: Frame) -> None:
    """No choice is shut out by what it needs or bars; nothing open stands in what must pass."""
    largest = max(map(len, (frame.templates, *frame.slots.values())))
    told = stories(frame, 1, largest * ENOUGH, with_open=True)
    met = {part for story in told for part in story.parts}
    taken = {("template", one.text) for one in frame.templates}
    taken |= {(slot, one.text) for slot, choices in frame.slots.items() for one in choices}
    assert met == taken
    closed = {p for s in stories(frame, 1, largest, with_open=False) for p in s.parts}
    unread = {(slot, one.text) for slot, all_ in frame.slots.items() for one in all_ if one.open}
    assert not closed & unread


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
@given(seed=st.integers(0, 10_000))
def test_every_story_is_whole(frame: Frame, seed: int) -> None:
    """No braces are left, no blank or comma stands twice, a text begins and ends as texts do."""
    for story in stories(frame, seed, 3, with_open=True):
        for text in (story.title, story.text):
            assert not re.search(r"[{}|]|  |,\s*,|,\.| [,.;:]|\.\.", text), text
            assert not re.match(r"\W*[^\W\d_]", text) or not _first_letter(text).islower(), text
        assert story.title
        assert not story.text or story.text[-1] in _ENDS, story.text
        assert any(story.expect.values()) or not story.facts.is_attack


def test_the_example_of_the_readme_gives_as_many_stories_as_it_says(tmp_path: Path) -> None:
    """Twelve, one of them the one that is quoted."""
    readme = (FOLDER / "README.md").read_text("utf-8")
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.toml").write_text(readme.partition("```toml\n")[2].partition("```")[0])
    load_frames.cache_clear()
    told = {
        story.text: story.expect["killed"]
        for story in stories(load_frames(tmp_path)[0], 1, 200, with_open=True)
    }
    load_frames.cache_clear()
    quoted = "Two guards and a driver who were waiting outside lost their lives in a blast in Kabul"
    assert len(told) == 12
    assert told[f"{quoted} on Sunday."] == (3, 3)
    assert f'"{quoted} on Sunday."' in " ".join(readme.split())


def test_the_same_seed_gives_the_same_stories() -> None:
    """And another seed gives others."""
    frame = FRAMES[0]
    assert stories(frame, 5, 9, with_open=True) == stories(frame, 5, 9, with_open=True)
    assert stories(frame, 5, 9, with_open=True) != stories(frame, 6, 9, with_open=True)


AGREEING = """
agrees = "who"
title = "Attack"
templates = ["{Who} {was|were} killed."]
[slots.who]
adds = "killed"
choices = [{ text = "a man", count = 1 }, { text = "two people", count = 2 }]
"""


def test_verb_and_figure_agree_with_the_subject(tmp_path: Path) -> None:
    """One was, two were; as many are expected."""
    told = {story.text: story.expect["killed"] for story in _told(tmp_path, AGREEING)}
    assert told == {"A man was killed.": (1, 1), "Two people were killed.": (2, 2)}


def test_what_a_choice_does_to_the_figures(tmp_path: Path) -> None:
    """Added, replaced, or told differently beside it; a term speaks of the figure as it was."""
    told = _told(
        tmp_path,
        'title = "Attack"\nexpect = { killed = 5 }\ntemplates = ["Five died. {More}"]\n'
        "[slots]\nmore = [\n"
        '  { text = "one more died.", adds = { killed = 1, injured = 2 } },\n'
        '  { text = "it is {#killed+2} now.", sets = { killed = "killed+2" } },\n'
        '  { text = "or {killed-1}.", differs = { killed = "killed-1" } },\n]\n',
    )
    assert {story.text: (story.expect["killed"], story.expect["injured"]) for story in told} == {
        "Five died. One more died.": ((6, 6), (2, 2)),
        "Five died. It is 7 now.": ((7, 7), None),
        "Five died. Or four.": ((4, 5), None),
    }


def test_what_a_choice_tells_besides_figures(tmp_path: Path) -> None:
    """A later label and day take the place of those before, claims are added up."""
    told = _told(
        tmp_path,
        'title = "Attack"\nlabel = "other"\ndenies = ["B"]\ntemplates = ["It hit. {More}"]\n'
        "[slots]\nmore = [\n"
        '  { text = "on Sunday.", day = "2031-03-02", label = "attack_report" },\n'
        '  { text = "overnight.", day = ["2031-03-03", "2031-03-04"], claims = ["A"] },\n]\n',
    )
    assert {story.text: story.facts for story in told} == {
        "It hit. On Sunday.": Facts(
            "attack_report", ("2031-03-02", "2031-03-02"), frozenset({("B", "denied")})
        ),
        "It hit. Overnight.": Facts(
            "other", ("2031-03-03", "2031-03-04"), frozenset({("A", "yes"), ("B", "denied")})
        ),
    }


def test_what_is_told_is_held_against_the_answer() -> None:
    """Day and claims of a report, each that differs; of anything else the label alone."""
    report = {
        "date": {"start": "2031-03-01", "end": "2031-03-01"},
        "claims": [{"group": "A", "claimed": "yes"}],
    }
    facts = Facts(None, ("2031-03-02", "2031-03-02"), frozenset({("A", "denied")}))
    assert wrong_facts(facts, {"label": "attack_report"}, report) == [
        "day: expected 2031-03-02 to 2031-03-02, found 2031-03-01 to 2031-03-01",
        "claims: A (denied) is missing",
        "claims: A (yes) is not told",
    ]
    assert not wrong_facts(Facts(), {"label": "attack_report"}, report)
    assert wrong_facts(facts.then(Facts("other")), {"label": "other_place"}, report) == [
        "label: expected other, found other_place"
    ]
    assert not wrong_facts(Facts("not attack_report"), {"label": "other_place"}, {})


def test_marks_decide_what_stands_together(tmp_path: Path) -> None:
    """``needs`` and ``bars``; and ``open`` beside a mark shuts out that pair alone."""
    text = """
title = "Attack"
templates = ["{What} {how}."]
[slots]
what = [{ text = "bomb", is = ["blast"] }, { text = "gun", is = ["shots"] }]
how = [
  { text = "burst", needs = ["blast"] }, { text = "fired", bars = ["blast"] },
  { text = "heard", open = ["shots"] }, { text = "seen", open = true },
]
"""
    closed = {story.text for story in _told(tmp_path, text, with_open=False)}
    assert closed == {"Bomb burst.", "Bomb heard.", "Gun fired."}
    opened = {story.text for story in _told(tmp_path, text, 60)}
    assert opened - closed == {"Bomb seen.", "Gun heard.", "Gun seen."}


def test_no_number_stands_for_another(tmp_path: Path) -> None:
    """Two numbers from one range differ."""
    text = 'title = "A"\ntemplates = ["{#a} {#b}."]\n[numbers]\na = [1, 3]\nb = [1, "a+1"]\n'
    pairs = [story.text.rstrip(".").split() for story in _told(tmp_path, text, 50)]
    assert all(a != b for a, b in pairs)
    assert {a for a, _ in pairs} == {"1", "2", "3"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('templates = ["{who}"]', "names nothing"),
        ('templates = ["was|were {was|were}"]', "agrees with nothing"),
        ('templates = [{ text = "a", adds = { wounded = 1 } }]', "no such figure"),
        ('templates = [{ text = "a", close = true }]', "unknown key"),
        ('templates = [{ text = "a", label = "report" }]', "no such label"),
        ('templates = ["{who}"]\n[slots.who]\nadds = "killed"\nchoices = ["a"]', "no count"),
        ("", "templates"),
    ],
)
def test_a_bad_frame_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """The error names the frame and what is wrong."""
    with pytest.raises(FrameError, match=f"(?s)en/a.*{says}"):
        _frame(tmp_path, text)


def test_a_frame_in_which_nothing_fits_says_so(tmp_path: Path) -> None:
    """Rather than give half a story."""
    text = 'templates = ["{who}"]\n[slots]\nwho = [{ text = "a", needs = ["b"] }]\n'
    with pytest.raises(FrameError, match="nothing fits slot who"):
        _told(tmp_path, text, 1)
