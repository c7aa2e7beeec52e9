"""ConstraintIndex that stories do not tell: retractions, reviews, people, forgotten reports, chains."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from tests.profiles.cities import PORTSMERE
from tests.stories.tell import article_of, report_of
from tests.stories.world import World
from worker.config.knowledge import load_knowledge
from worker.core.domain.errors import StateError
from worker.core.domain.incident import Component, Constraint
from worker.core.domain.report import Quoted, Statement
from worker.core.merge.cluster.component import collect, window, windows
from worker.core.merge.decide import decide
from worker.core.merge.identity.assign_ids import mint

KNOWLEDGE = load_knowledge(PORTSMERE)
NOW = dt.datetime(2031, 3, 4, 5, 0, tzinfo=dt.UTC)
DAY = dt.date(2031, 3, 4)
SPOT = {"date": DAY, "place": "ward-4", "target": ["police/police_patrol: Ninth District patrol"]}


def _arrive(world: World, name: str, minutes: int, *slots: dict, **more: object) -> None:
    at = NOW + dt.timedelta(minutes=minutes)
    article = article_of(name, {"at": at, **more}, KNOWLEDGE)
    reports = tuple(report_of(article, k, s, KNOWLEDGE) for k, s in enumerate(slots, start=1))
    world.arrive(article, reports, at, band=str(more.get("band", "report")))  # type: ignore[arg-type]


def _only(world: World):
    (incident,) = world.live()
    return incident


def test_decide_activates_on_one_trusted_outlet_with_place_and_target() -> None:
    """A wire that names place and target makes an incident active alone."""
    world = World(KNOWLEDGE)
    _arrive(world, "press-1", 0, SPOT, outlet="Valdra Press")
    assert _only(world).state == "active"


@pytest.mark.parametrize(
    ("outlets", "role", "independent", "corroborated"),
    [
        (("Valdra Press",), "primary", 1, True),
        (("Gulf",), "primary", 1, False),
        (("Gulf", "Hill"), "primary", 2, True),
        (("Gulf", "Hill"), "roundup", 2, False),
    ],
)
def test_decide_keeps_corroborated_when_an_incident_is_closed(
    outlets: tuple[str, ...], role: str, independent: int, *, corroborated: bool
) -> None:
    """Whether a closed incident was confirmed; how many outlets told of it does not say so."""
    world = World(KNOWLEDGE)
    for number, outlet in enumerate(outlets):
        _arrive(world, f"a-{number}", number, {**SPOT, "role": role}, outlet=outlet)
    assert _only(world).snapshot.corroborated is (_only(world).state == "active") is corroborated
    world.tick(NOW + dt.timedelta(days=60))
    closed = _only(world).snapshot
    assert (closed.state, closed.n_independent) == ("closed", independent)
    assert closed.corroborated is corroborated


@pytest.mark.parametrize(("hours", "backfill"), [(47, False), (49, True), (24 * 365, True)])
def test_decide_calls_an_article_backfill_that_was_old_when_it_came(
    hours: int, *, backfill: bool
) -> None:
    """More than 48 hours from its publication to the decision; what then comes of it is news again:
    a version is as old as itself."""
    world = World(KNOWLEDGE)
    published = NOW - dt.timedelta(hours=hours)
    _arrive(world, "gulf-1", 0, {**SPOT, "killed": 2}, published=published)
    assert _only(world).snapshot.change.backfill is backfill
    late = {"published": published, "version": 2}
    _arrive(world, "gulf-1", 60, {**SPOT, "killed": 5}, **late)
    assert _only(world).snapshot.change.fields[0] == "casualties"
    assert not _only(world).snapshot.change.backfill
    made = NOW - dt.timedelta(hours=60)
    _arrive(
        world, "gulf-1", 120, {**SPOT, "killed": 6}, **{**late, "version": 3}, version_time=made
    )
    assert _only(world).snapshot.change.backfill


def test_decide_keeps_a_trusted_outlet_without_place_provisional() -> None:
    """Trust does not replace knowing where."""
    world = World(KNOWLEDGE)
    _arrive(world, "press-1", 0, {"date": DAY}, outlet="Valdra Press")
    assert _only(world).state == "provisional"


def test_decide_retracts_on_an_official_retraction() -> None:
    """Police call it a gas explosion: the incident is kept, retracted, with what was said."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, {**SPOT, "killed": 2})
    _arrive(world, "hill-1", 60, {**SPOT, "role": "retraction", "killed": 0, "speaker": "police"})
    assert not world.live()
    (incident,) = world.incidents.values()
    assert incident.state == "retracted"
    assert not incident.snapshot.corroborated
    assert incident.snapshot.change.kind == "retracted"
    assert incident.snapshot.place is not None


@pytest.mark.parametrize(
    ("speaker", "kind", "retracted"),
    [
        ("hill/police", "police", True),
        ("interior-ministry", "government_interior", True),
        ("hill/witness", "witness", False),
        ("abroad", "government_foreign", False),
    ],
)
def test_decide_asks_who_is_quoted_for_a_retraction(
    speaker: str, kind: str, *, retracted: bool
) -> None:
    """Whoever prints it, and without a figure; another country's government may deny its own deed."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, {**SPOT, "killed": 2})
    at = NOW + dt.timedelta(minutes=60)
    article = article_of("hill-1", {"at": at}, KNOWLEDGE)
    report = report_of(article, 1, {**SPOT, "role": "retraction"}, KNOWLEDGE)
    quoted = (Quoted("somebody", speaker, kind),)
    world.arrive(article, (replace(report, retracted_by=quoted),), at)
    assert (not world.live()) is retracted


def test_decide_reopens_when_two_outlets_report_it_after_a_retraction() -> None:
    """Retracted is reversible: independent later reports bring the incident back."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, {**SPOT, "killed": 2})
    _arrive(world, "hill-1", 60, {**SPOT, "role": "retraction", "killed": 0, "speaker": "police"})
    _arrive(world, "plain-1", 120, {**SPOT, "killed": 3})
    assert not world.live()
    _arrive(world, "meridian-1", 180, {**SPOT, "killed": 3})
    assert _only(world).snapshot.change.kind == "reopened"
    assert _only(world).revision == len(world.log)


def test_decide_lets_an_outlet_take_back_only_its_own_reports() -> None:
    """Without an official speaker a retraction withdraws the outlet's reports, not the others'."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, {**SPOT, "killed": 20})
    _arrive(world, "hill-1", 10, {**SPOT, "killed": 3})
    _arrive(world, "gulf-2", 60, {**SPOT, "role": "retraction"})
    incident = _only(world)
    assert {m.article_id for m in incident.members} == {"hill-1", "gulf-2"}
    assert incident.snapshot.casualties.killed is not None
    assert incident.snapshot.casualties.killed.best == 3


def test_decide_retracts_when_the_only_outlet_takes_back() -> None:
    """When nobody else reported it, the outlet's own retraction is enough."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, SPOT)
    _arrive(world, "gulf-2", 60, {**SPOT, "role": "retraction"})
    assert not world.live()


def test_decide_makes_no_incident_of_a_report_under_review_until_confirmed() -> None:
    """Band review touches no incident; once confirmed, it founds one."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, SPOT, band="review")
    assert not world.incidents
    world.correct(Constraint("confirm", ("gulf-1",)), NOW + dt.timedelta(hours=1))
    assert {m.article_id for m in _only(world).members} == {"gulf-1"}


def test_decide_retracts_when_a_person_says_so() -> None:
    """The incident that holds the article is retracted, whatever others report."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, SPOT)
    _arrive(world, "hill-1", 10, SPOT)
    world.correct(Constraint("retract", ("gulf-1",)), NOW + dt.timedelta(hours=1))
    assert not world.live()


def test_decide_reopens_a_closed_incident_without_its_old_reports() -> None:
    """After forgetting the reports of a closed incident a late one finds it, figures and all."""
    worlds = []
    for forget in (False, True):
        world = World(KNOWLEDGE)
        _arrive(world, "gulf-1", 0, {**SPOT, "killed": 6, "speaker": "ministry"})
        _arrive(world, "hill-1", 10, {**SPOT, "killed": 4})
        world.tick(NOW + dt.timedelta(days=60))
        assert _only(world).state == "closed"
        if forget:
            world.reports.clear()
        _arrive(world, "meridian-1", 60 * 24 * 61, {**SPOT, "injured": 9})
        worlds.append(world)
    kept, forgotten = (_only(world) for world in worlds)
    assert kept.incident_id == forgotten.incident_id
    assert forgotten.state == "active"
    assert kept.snapshot.casualties.killed == forgotten.snapshot.casualties.killed
    assert kept.snapshot.n_independent == forgotten.snapshot.n_independent == 3
    assert {m.article_id for m in forgotten.members} == {"gulf-1", "hill-1", "meridian-1"}


def test_decide_takes_a_killed_article_out_of_a_forgotten_incident() -> None:
    """Withdrawing one of the forgotten members takes its figure out, and only its."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, {**SPOT, "killed": 6})
    _arrive(world, "hill-1", 10, {**SPOT, "killed": 4})
    world.tick(NOW + dt.timedelta(days=60))
    world.reports.clear()
    world.kill(article_of("gulf-1", {"at": NOW}, KNOWLEDGE), NOW + dt.timedelta(days=61))
    incident = _only(world)
    assert {m.article_id for m in incident.members} == {"hill-1"}
    assert incident.snapshot.casualties.killed is not None
    assert incident.snapshot.casualties.killed.best == 4


def test_decide_keeps_links_of_superseded_incidents_one_hop_long() -> None:
    """When a survivor is itself taken over, those it took over point at the last survivor."""
    world = World(KNOWLEDGE)
    apart = [
        {"date": DAY, "place": "chandlers-row", "kind": ["armed_assault"]},
        {"date": DAY, "target": ["ngo/x: Harbour Aid"], "kind": ["bombing_explosion"]},
        {"date": DAY, "time": "18:00", "kind": ["hijacking"]},
    ]
    for k, slots in enumerate(apart):
        _arrive(world, f"o{k}-1", k, slots)
    first, second, third = sorted(world.incidents.values(), key=lambda i: i.ordinal)
    world.correct(Constraint("must", ("o1-1", "o2-1")), NOW + dt.timedelta(hours=1))
    assert world.incidents[third.incident_id].superseded_by == second.incident_id
    world.correct(Constraint("must", ("o0-1", "o1-1")), NOW + dt.timedelta(hours=2))
    assert world.incidents[third.incident_id].superseded_by == first.incident_id
    assert world.incidents[second.incident_id].superseded_by == first.incident_id
    survivor = world.incidents[first.incident_id].snapshot
    assert set(survivor.supersedes) == {second.incident_id, third.incident_id}


def test_decide_tells_a_merge_in_two_records_the_survivor_first() -> None:
    """A merge is two records of one change: both list both incidents."""
    world = World(KNOWLEDGE)
    _arrive(world, "a-1", 0, {"date": DAY, "place": "chandlers-row", "kind": ["armed_assault"]})
    _arrive(world, "b-1", 1, {"date": DAY, "target": ["ngo/x: Harbour Aid"]})
    world.correct(Constraint("must", ("a-1", "b-1")), NOW + dt.timedelta(hours=1))
    survivor, gone = world.log[-2:]
    assert survivor.note.change_id == gone.note.change_id
    assert set(survivor.note.affected) == set(gone.note.affected)
    assert survivor.incident.state != "superseded"
    assert gone.incident.state == "superseded"


def test_decide_names_in_each_record_all_that_one_decision_changed() -> None:
    """A merge undone, and an article of two attacks: each record lists both incidents."""
    world = World(KNOWLEDGE)
    one = {"date": DAY, "place": "chandlers-row", "kind": ["armed_assault"], "killed": 1}
    two = {"date": DAY, "place": "ward-6", "target": ["ngo/x: Harbour Aid"], "killed": 2}
    _arrive(world, "a-1", 0, one)
    _arrive(world, "b-1", 1, two)
    ids = {incident.incident_id for incident in world.live()}
    _arrive(world, "c-1", 2, one, two)
    assert [set(change.note.affected) for change in world.log[-2:]] == [ids, ids]
    assert all(c.note.affected[0] == c.incident.incident_id for c in world.log[-2:])
    _arrive(world, "d-1", 3, one)
    (alone,) = world.log[-1].note.affected
    assert alone == world.log[-1].incident.incident_id
    assert len({change.note.change_id for change in world.log[-3:]}) == 2


def test_decide_leaves_what_a_person_retracted_though_it_is_told_again() -> None:
    """Its reports went as well; whoever tells the same again founds an incident of its own."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, {**SPOT, "killed": 2})
    world.correct(Constraint("retract", ("gulf-1",)), NOW + dt.timedelta(hours=1))
    world.kill(article_of("gulf-1", {"at": NOW, "version": 2}, KNOWLEDGE), NOW)
    (gone,) = world.incidents.values()
    assert gone.is_emptied
    _arrive(world, "hill-1", 180, {**SPOT, "killed": 2})
    assert _only(world).incident_id != gone.incident_id


def test_mint_makes_ids_of_profile_article_and_count() -> None:
    """No randomness and no slots: the same input mints the same id."""
    assert mint("portsmere", "gulf-1", 0) == mint("portsmere", "gulf-1", 0)
    assert len({mint(p, a, n) for p in "xy" for a in "ab" for n in (0, 1)}) == 8
    made = mint("portsmere", "gulf-1", 0)
    assert made.startswith("kw-")
    assert len(made) == 19
    assert made == made.lower()


def test_decide_refuses_a_component_that_lacks_reports_of_a_live_incident() -> None:
    """A store that forgets to load a member must not make it look withdrawn."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, SPOT)
    _arrive(world, "hill-1", 1, SPOT)
    component = Component(announced=(_only(world),))
    with pytest.raises(StateError, match="lacks reports"):
        decide(component, None, NOW, KNOWLEDGE)


def test_collect_does_not_tie_the_past_together_by_undated_reports() -> None:
    """Closed incidents are leaves: a chain of vague reports stays short."""
    world = World(KNOWLEDGE)
    for week in range(6):
        day = DAY + dt.timedelta(days=6 * week)
        _arrive(world, f"dated-{week}", 60 * 24 * 6 * week, {"date": day, "place": "ward-4"})
        _arrive(world, f"vague-{week}", 60 * 24 * 6 * week + 60, {"kind": ["armed_assault"]})
    world.tick(NOW + dt.timedelta(days=120))
    everyone, announced = list(world.reports.values()), list(world.incidents.values())
    last = {"vague-5"}
    kept, _ = collect(everyone, {"new"}, KNOWLEDGE, announced)
    assert not kept
    world.incidents[_closed(world, "vague-5")] = replace(
        world.incidents[_closed(world, "vague-5")],
        snapshot=replace(world.incidents[_closed(world, "vague-5")].snapshot, state="active"),
    )
    kept, _ = collect(everyone, last, KNOWLEDGE, list(world.incidents.values()))
    assert {f.article.article_id for f in kept}.isdisjoint({"dated-0", "vague-0", "dated-1"})


def _closed(world: World, article: str) -> str:
    return next(
        i.incident_id for i in world.incidents.values()
        if article in {m.article_id for m in i.members}
    )  # fmt: skip


def test_a_mention_is_never_of_its_own_articles_news() -> None:
    """An attack that an article tells apart from its news is another one, however alike: a mention that
    names no day ("an earlier bombing of the same post") fits the incident of today as well.
    """
    world = World(KNOWLEDGE)
    vague = {key: value for key, value in SPOT.items() if key != "date"}
    _arrive(world, "gulf-1", 0, SPOT, {**vague, "role": "background"})
    _arrive(world, "hill-1", 10, {**vague, "role": "background"})
    (incident,) = world.live()
    assert world.links["gulf-1#1"] == incident.incident_id
    assert world.links["gulf-1#2"] is None
    assert world.links["hill-1#1"] == incident.incident_id


def test_window_of_a_stated_day_is_three_days() -> None:
    """The day before and the day after are near enough to be one attack."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, SPOT)
    _arrive(world, "hill-1", 0, {**SPOT, "date": DAY + dt.timedelta(days=5)})
    first, second = (world.reports[k] for k in sorted(world.reports))
    one = dt.timedelta(days=1)
    assert window(first, KNOWLEDGE) == (DAY - one, DAY + one)
    assert windows((first, second), KNOWLEDGE) == {
        (DAY - one, DAY + one),
        (DAY + 4 * one, DAY + 6 * one),
    }


def test_decide_counts_a_copys_repeated_figure_once_and_its_own_figure() -> None:
    """A desk copy that only raises the toll adds that figure and repeats nothing."""
    world = World(KNOWLEDGE)
    _arrive(world, "gulf-1", 0, {**SPOT, "killed": 6, "injured": 9}, copy_text="t")
    _arrive(world, "hill-1", 30, {**SPOT, "killed": 8, "injured": 9}, copy_text="t")
    told: tuple[Statement, ...] = _only(world).snapshot.casualties.statements
    said = sorted((s.measure, s.value) for s in told)
    assert said == [("injured", 9), ("killed", 6), ("killed", 8)]
    assert _only(world).snapshot.n_independent == 1


def test_decide_says_that_nothing_new_came_without_calling_it_news() -> None:
    """An article of one outlet is material once: settling and closing change nothing of the attack."""
    world = World(KNOWLEDGE)
    _arrive(world, "press-1", 0, SPOT, outlet="Valdra Press")
    for days in (4, 60):
        world.tick(NOW + dt.timedelta(days=days))
    told = [(c.incident.state, c.incident.snapshot.change.material) for c in world.log]
    assert told == [("active", True), ("settled", False), ("closed", False)]


def test_decide_of_the_clock_gives_each_component_a_change_of_its_own() -> None:
    """Two incidents that are due at one instant are two decisions, of which neither affects the other."""
    world = World(KNOWLEDGE)
    for number, place in enumerate(("ward-4", "chandlers-row")):
        day = DAY - dt.timedelta(days=400 * number)
        _arrive(world, f"a{number}-1", 0, {**SPOT, "date": day, "place": place})
    world.tick(NOW + dt.timedelta(days=60))
    closed = [c.incident.snapshot.change for c in world.log if c.incident.state == "closed"]
    assert len({change.change_id for change in closed}) == len(closed) == 2
