"""Figures: bounds, best and statuses, for one article and for many."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.domain.report import Figure, Statement
from worker.core.figures.decide import decide_toll
from worker.core.figures.said_again import alike

NOON = dt.datetime(2031, 3, 4, 12, tzinfo=dt.UTC)
BOUNDS: dict[str, Any] = {
    "exact": lambda n: (n, n),
    "at_least": lambda n: (n, None),
    "more_than": lambda n: (n + 1, None),
    "nearly": lambda n: (int(n * 0.85), n - 1),
    "around": lambda n: (round(n * 0.8), round(n * 1.2)),
    "fewer_than": lambda n: (None, n - 1),
    "up_to": lambda n: (None, n),
}


def say(
    value: int, qualifier: str = "exact", by: str = "health-ministry", **changes: Any
) -> Statement:
    """One statement of somebody about the dead of the incident."""
    low, high = BOUNDS[qualifier](value)
    fields: dict[str, Any] = {
        "id": f"k{value}-{qualifier}-{by}-{changes.get('zone', 'body')}",
        "measure": "killed",
        "victim_class": "unspecified",
        "value": value,
        "low": low,
        "high": high,
        "qualifier": qualifier,
        "speaker": by,
        "speaker_id": by,
        "speaker_type": "government_health",
        "anonymous": False,
        "perpetrator_party": False,
        "said_at": NOON,
        "scope": "incident",
        "status": "used",
        "subset_of": None,
        "zone": "body",
        "quote": str(value),
        "start": 0,
        "end": 1,
        "report_id": "a#1",
    }
    return Statement(**(fields | changes))


def statuses(*statements: Statement) -> list[str]:
    """What became of each statement."""
    return [s.status for s in decide_toll(statements).statements]


@pytest.mark.parametrize(
    ("qualifier", "expected"),
    [
        ("exact", Figure(20, 20, 20)),
        ("at_least", Figure(20, 20, 20, open_upper=True)),
        ("more_than", Figure(21, 21, 21, open_upper=True)),
        ("nearly", Figure(17, 19, 19)),
        ("around", Figure(16, 20, 24)),
    ],
)
def test_decide_toll_gives_a_lone_figure_the_bounds_of_its_wording(
    qualifier: str, expected: Figure
) -> None:
    """One speaker: low, best and high are those of the wording."""
    assert expected == decide_toll([say(20, qualifier)]).killed


def test_decide_toll_gives_a_wording_without_a_number_a_low_and_no_best() -> None:
    """ "Dozens" is at least 24, and nobody printed a number."""
    dozens = replace(say(24, "at_least"), qualifier="dozens", value=None)

    assert Figure(24, None, None, open_upper=True) == decide_toll([dozens]).killed


def test_decide_toll_gives_none_where_nothing_was_said() -> None:
    """Not reported is None, never 0."""
    toll = decide_toll([])

    assert toll.killed is None
    assert toll.attackers_killed is None


def test_decide_toll_never_adds_wordings_of_several_speakers() -> None:
    """Nearly 12, more than 12 and 15: one hospital's exact count is best, the bounds span all."""
    toll = decide_toll(
        [
            say(12, "nearly", by="outlet/sources", speaker_type="media_sources"),
            say(12, "more_than", by="authorities"),
            say(15, by="hospital", victim_class="received_at_hospital"),
        ]
    )

    assert Figure(10, 15, 15, open_upper=True, conflict=True) == toll.killed


def test_decide_toll_prefers_an_exact_figure_to_a_compatible_lower_bound() -> None:
    """The ministry's "at least one" allows the 11 of an unnamed officer; both stay in the bounds."""
    toll = decide_toll(
        [
            say(1, "at_least"),
            say(11, by="security-forces", anonymous=True),
            say(11, "at_least", by="outlet:Wire", speaker_type="outlet_narrator", derived=True),
        ]
    )

    assert Figure(1, 11, 11, open_upper=True, conflict=True) == toll.killed
    assert [s.status for s in toll.statements] == ["used", "used", "derived"]


def test_decide_toll_does_not_prefer_an_old_lower_bound_because_all_agree_with_it() -> None:
    """At least 5, then 8 and 12: the later of those that fit the bound, not the bound itself."""
    earlier = NOON - dt.timedelta(hours=3)
    toll = decide_toll(
        [
            say(5, "at_least", by="officials", said_at=earlier),
            say(12, by="police", said_at=earlier),
            say(8),
        ]
    )

    assert toll.killed == Figure(5, 8, 12, open_upper=True, conflict=True)


def test_decide_toll_leaves_a_lower_bound_open_that_nobody_exceeds() -> None:
    """At least 11 of one and exactly 11 of another, who repeats it: still 11 or more."""
    toll = decide_toll([say(11, "at_least", by="officials"), say(11)])

    assert toll.killed == Figure(11, 11, 11, open_upper=True, conflict=False)


def test_decide_toll_is_not_closed_by_a_mere_upper_bound() -> None:
    """At least 11, and 14 bodies that may be the attackers': they bound nothing from below."""
    toll = decide_toll([say(11, "at_least", by="officials"), say(14, "up_to")])

    assert toll.killed is not None
    assert (toll.killed.low, toll.killed.open_upper) == (11, True)


def test_decide_toll_never_prefers_less_than_everybody_gives_at_least() -> None:
    """At most one, say the police; the outlet has around ten: the police's one is not the best."""
    toll = decide_toll(
        [say(1, "up_to", by="police"), say(10, "around", speaker_type="outlet_narrator")]
    )

    assert toll.killed is not None
    assert (toll.killed.low, toll.killed.best) == (8, 10)


def test_decide_toll_takes_what_one_hospital_received_for_no_total() -> None:
    """17 at one hospital beside 36 and 40: the whole is not 17."""
    toll = decide_toll(
        [say(40, by="police"), say(36), say(17, by="h", victim_class="received_at_hospital")]
    )

    assert toll.killed is not None
    assert toll.killed.best == 36


LATER = NOON + dt.timedelta(hours=2)


@pytest.mark.parametrize(
    ("of_hospital", "of_office", "status"),
    [
        ({}, {"said_at": LATER}, "superseded"),
        ({"value": 6}, {"said_at": LATER}, "superseded"),
        ({"value": 7}, {"said_at": LATER}, "used"),
        ({}, {}, "used"),
        ({"said_at": LATER}, {}, "used"),
        ({"qualifier": "at_least"}, {"said_at": LATER}, "used"),
        ({}, {"said_at": LATER, "speaker_type": "witness"}, "used"),
        ({}, {"said_at": LATER, "speaker_type": "outlet_narrator"}, "used"),
        ({}, {"said_at": LATER, "victim_class": "children"}, "used"),
        ({"speaker_type": "police"}, {"said_at": LATER}, "used"),
        ({}, {"said_at": LATER, "qualifier": "at_least"}, "superseded"),
    ],
)
def test_decide_toll_takes_a_hospitals_few_for_a_part_of_an_offices_later_many(
    of_hospital: dict[str, Any], of_office: dict[str, Any], status: str
) -> None:
    """Three in one hospital, and 12 of a ministry hours later: no two opinions of the whole."""
    hospital = {"value": 3, "by": "emergency", "speaker_type": "hospital", **of_hospital}
    assert statuses(say(**hospital), say(12, **of_office))[0] == status


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ({}, {}, "superseded"),
        ({"by": "police"}, {}, "superseded"),
        ({"value": 9}, {}, "used"),
        ({"said_at": LATER}, {}, "used"),
        ({"said_at": LATER + dt.timedelta(hours=1)}, {}, "used"),
        ({"qualifier": "at_least"}, {}, "superseded"),
        ({}, {"derived": True}, "used"),
        ({}, {"scope": "background"}, "used"),
        ({}, {"replaces": None}, "used"),
        ({"measure": "injured"}, {}, "used"),
        ({"victim_class": "perpetrator"}, {}, "used"),
    ],
)
def test_decide_toll_drops_the_number_that_a_later_toll_replaces(
    old: dict[str, Any], new: dict[str, Any], status: str
) -> None:
    """ "To five from eight": every eight of before goes, and nothing else."""
    before = {"value": 8, "by": "somebody", **old}
    after = {"by": "capital-police", "said_at": LATER, "replaces": 8, **new}
    assert statuses(say(**before), say(5, **after))[0] == status


def test_decide_toll_keeps_attackers_apart() -> None:
    """Three dead attackers are not among the eight victims."""
    toll = decide_toll([say(8), say(3, id="p", victim_class="perpetrator")])

    assert Figure(8, 8, 8) == toll.killed
    assert Figure(3, 3, 3) == toll.attackers_killed


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"scope": "background"}, "background"),
        ({"scope": "aggregate"}, "background"),
        ({"perpetrator_party": True}, "perpetrator_party"),
        ({"subset_of": "k8-exact-health-ministry-body"}, "subset"),
        ({"derived": True}, "derived"),
        ({"said_at": NOON - dt.timedelta(hours=24)}, "stale"),
    ],
)
def test_decide_toll_says_why_a_figure_is_dropped(change: dict[str, Any], status: str) -> None:
    """Each reason for leaving a figure out has its status, and the total does not move."""
    eight = say(8)
    other = say(34, by="somebody", **change)

    assert ["used", status] == statuses(eight, other)
    assert decide_toll([eight]).killed == decide_toll([eight, other]).killed


def test_decide_toll_counts_a_figure_just_under_a_day_old() -> None:
    """Stale is 24 h or more; a minute less is not."""
    young = say(9, by="police", said_at=NOON - dt.timedelta(hours=23, minutes=59))

    assert statuses(say(8), young) == ["used", "used"]


def test_decide_toll_lets_one_speaker_lower_his_figure() -> None:
    """The later word of one speaker counts, also when it is lower."""
    earlier = say(12, said_at=NOON - dt.timedelta(hours=3))
    toll = decide_toll([earlier, say(8)])

    assert Figure(8, 8, 8) == toll.killed
    assert toll.statements[0].status == "superseded"


def test_decide_toll_prefers_body_to_headline_within_a_version() -> None:
    """A headline rounds; of two equally exact figures the body's counts."""
    headline, body = say(10, zone="title"), say(9, start=400)

    assert statuses(headline, body) == ["superseded", "used"]


def test_decide_toll_takes_a_class_of_victims_for_part_of_a_total() -> None:
    """Nine children beside 30 dead are a category; alone they are what is known."""
    children = say(9, by="hospital", victim_class="children")
    both = decide_toll([say(30), children])
    alone = decide_toll([children])

    assert Figure(30, 30, 30) == both.killed
    assert [(c.victim_class, c.best) for c in both.by_category] == [("children", 9)]
    assert Figure(9, 9, 9) == alone.killed


def test_decide_toll_prefers_an_attributed_figure_to_the_outlets_own() -> None:
    """The outlet's 20 gives way to a ministry's 14, though it came later."""
    own = say(
        20, by="outlet:X", speaker_type="outlet_narrator", said_at=NOON + dt.timedelta(hours=1)
    )

    toll = decide_toll([say(14), own])

    assert toll.killed is not None
    assert (toll.killed.best, toll.killed.high, toll.killed.conflict) == (14, 20, True)


def test_decide_toll_counts_rescued_people_as_no_casualties() -> None:
    """80 rescued stand among the other counts, open above."""
    toll = decide_toll([say(80, "at_least", measure="rescued")])

    assert toll.killed is None
    assert [(c.kind, c.low, c.best, c.high) for c in toll.other_counts] == [
        ("rescued", 80, 80, None)
    ]


TELL_NOTHING_APART = frozenset(
    {"id", "report_id", "start", "end", "quote", "status", "speaker", "anonymous", "why_derived"}
)
"""Where a figure stands, how its speaker is called, why it counts for nothing: it says the same again."""
OTHERWISE: dict[str, Any] = {"said_at": None, "subset_of": "k0", "perpetrator_party": True}
"""Other values of fields that know no text."""


@st.composite
def any_statement(draw: st.DrawFn) -> Statement:
    """Any statement that extraction could make: a number, or one person told singly."""
    person = draw(st.sampled_from([None, None, None, "", "32", "Karim"]))
    number = st.tuples(st.integers(1, 60), st.sampled_from(sorted(BOUNDS)))
    return say(
        *((1, "exact") if person is not None else draw(number)),
        by=draw(st.sampled_from(["police", "health-ministry", "hospital", "outlet:X"])),
        id=draw(st.uuids()).hex,
        measure=draw(st.sampled_from(["killed", "injured", "rescued"])),
        victim_class=draw(st.sampled_from(["unspecified", "children", "perpetrator"])),
        speaker_type=draw(st.sampled_from(["police", "outlet_narrator"])),
        perpetrator_party=draw(st.booleans()),
        derived=draw(st.booleans()),
        scope=draw(st.sampled_from(["incident", "incident", "background", "hypothetical"])),
        said_at=NOON + dt.timedelta(hours=draw(st.integers(0, 40))),
        start=draw(st.integers(0, 2000)),
        report_id=f"{draw(st.sampled_from('abc'))}#1",
        person=person,
        replaces=draw(st.none() | st.integers(1, 60)),
    )


@given(st.lists(any_statement(), max_size=12))
def test_decide_toll_orders_bounds(told: list[Statement]) -> None:
    """low <= best <= high, wherever they are given."""
    toll = decide_toll(told)
    for figure in (toll.killed, toll.injured, toll.attackers_killed, toll.attackers_injured):
        if figure is not None:
            given_bounds = [b for b in (figure.low, figure.best, figure.high) if b is not None]
            assert given_bounds == sorted(given_bounds)


@given(st.lists(any_statement(), max_size=10), st.randoms())
def test_decide_toll_does_not_depend_on_order(told: list[Statement], random: Any) -> None:
    """The same statements in any order give the same figures and the same statuses."""
    shuffled = list(told)
    random.shuffle(shuffled)
    one, other = decide_toll(told), decide_toll(shuffled)

    assert (one.killed, one.injured, one.by_category) == (
        other.killed,
        other.injured,
        other.by_category,
    )
    assert sorted(map(repr, one.statements)) == sorted(map(repr, other.statements))


@given(st.lists(any_statement(), max_size=10))
def test_decide_toll_invents_no_figure(told: list[Statement]) -> None:
    """Every best is the lone best of a printed figure on its own side; nothing but the persons whom
    one report tells of singly adds up.
    """
    toll = decide_toll(told)
    for figure, attackers in ((toll.killed, False), (toll.attackers_killed, True)):
        if figure is not None and figure.best is not None:
            own = [
                s
                for s in told
                if s.measure == "killed" and (s.victim_class == "perpetrator") == attackers
            ]
            printed = {bound for s in own for bound in (s.value, s.low, s.high)}
            singly = Counter(s.report_id for s in own if s.person is not None)
            assert figure.best in printed | set(range(1, max(singly.values(), default=0) + 1))


@given(st.lists(any_statement(), max_size=8), any_statement())
def test_decide_toll_leaves_out_figures_of_a_background_attack(
    told: list[Statement], other: Statement
) -> None:
    """A figure of another attack moves no total."""
    background = replace(other, scope="background")

    one, both = decide_toll(told), decide_toll([*told, background])

    assert (one.killed, one.injured, one.attackers_killed) == (
        both.killed,
        both.injured,
        both.attackers_killed,
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_decide_toll_gives_the_same_where_only_the_newest_of_equal_figures_is_looked_at(
    seed: int,
) -> None:
    """Sixty figures of few speakers and numbers, over three days, in every status there is."""
    rng = random.Random(seed)
    told = [
        say(
            rng.choice((3, 5, 8)),
            rng.choice(("exact", "exact", "at_least", "nearly")),
            rng.choice(("ministry", "police", "outlet")),
            id=f"k{k}",
            report_id=f"a{rng.randrange(30)}#1",
            measure=rng.choice(("killed", "killed", "injured", "rescued")),
            victim_class=rng.choice(
                ("unspecified",) * 5
                + ("children", "civilians", "some_of_them", "received_at_hospital")
                + ("perpetrator", "with_attackers")
            ),
            speaker_type=rng.choice(("police", "outlet_narrator")),
            said_at=rng.choice((None, *(NOON + dt.timedelta(hours=6 * n) for n in range(8)))),
            scope=rng.choice(("incident",) * 9 + ("aggregate",)),
            subset_of=rng.choice((None,) * 9 + ("k0",)),
            derived=rng.random() < 0.1,
            perpetrator_party=rng.random() < 0.05,
            zone=rng.choice(("lead", "body", "title")),
            person=rng.choice((None,) * 12 + ("32", "a shopkeeper")),
            replaces=rng.choice((None,) * 3 + (3, 5, 8)),
            start=rng.randrange(5),
        )
        for k in range(60)
    ]
    seen = {f"a{k}#1": NOON + dt.timedelta(minutes=rng.randrange(3)) for k in range(30)}
    assert decide_toll(told, seen) == decide_toll(told, seen, alike=id)


def test_decide_toll_takes_a_number_that_replaces_another_for_no_repetition() -> None:
    """ "Three, not five", and three again an hour later: the five of before are gone all the same."""
    told = [
        say(5, by="police", id="five", said_at=NOON),
        say(3, id="lowered", replaces=5, said_at=NOON + dt.timedelta(hours=1)),
        say(3, id="again", said_at=NOON + dt.timedelta(hours=2)),
    ]
    assert statuses(*told) == ["superseded", "superseded", "used"]


@pytest.mark.parametrize(
    "name", sorted({field.name for field in fields(Statement)} - TELL_NOTHING_APART)
)
def test_figures_that_differ_in_what_judges_them_are_not_alike(name: str) -> None:
    """A field that is asked for must tell two figures apart, or the newer one speaks for both."""
    one = say(5, person=None)
    assert alike(one) != alike(replace(one, **{name: OTHERWISE.get(name, "otherwise")}))
