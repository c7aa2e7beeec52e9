"""Reads a story: a TOML file of arrivals and what must be known of incidents after each.

A step is one of: an article version with hand-made ``reports``, an article with ``title`` and
``text`` to be analysed, a ``kill``, a correction (``must``, ``cannot``, ``confirm``, ``retract``),
or nothing but an instant to wait for. Places are ids of the invented city, ``PORTSMERE``. ``expect`` lists the live incidents by their member articles:
``a`` certain, ``a~`` probable, ``a?`` ambiguous.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.stories.world import World
from worker.core.analyze import analyze
from worker.core.domain.document import Article, Document
from worker.core.domain.incident import Constraint, Incident
from worker.core.domain.report import Claim, IncidentDate, Place, Report, Statement, Target
from worker.core.knowledge.knowledge import Knowledge

_MARK = {"certain": "", "probable": "~", "ambiguous": "?"}


def read_story(path: Path) -> dict[str, Any]:
    """The story as TOML values."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def play(story: Mapping[str, Any], knowledge: Knowledge) -> World:
    """Live through a story; every step is checked."""
    world = World(knowledge)
    names: dict[str, str] = {}
    for number, step in enumerate(story["step"], start=1):
        world.tick(step["at"])
        before = len(world.log)
        take(step, world, knowledge)
        where = f"step {number}"
        check(step, world, names, where)
        if "changes" in step:
            kinds = [c.note.kind for c in world.log[before:]]
            assert kinds == step["changes"], f"{where}: {kinds}"
    return world


def take(step: Mapping[str, Any], world: World, knowledge: Knowledge) -> None:
    """Do what a step says."""
    now = step["at"]
    if "kill" in step:
        world.kill(article_of(step["kill"], step, knowledge), now)
    elif "text" in step:
        analysis = analyze(document_of(step), None, knowledge)
        verdict = analysis.verdict
        world.arrive(
            analysis.article, analysis.reports, now, band=verdict.band, label=verdict.label
        )
    elif "article" in step:
        article = article_of(step["article"], step, knowledge)
        reports = tuple(
            report_of(article, k, slots, knowledge)
            for k, slots in enumerate(step.get("report", ()), start=1)
        )
        world.arrive(article, reports, now, band=step.get("band", "report"))
    for kind in ("must", "cannot", "confirm", "retract"):
        if kind in step:
            world.correct(Constraint(kind, tuple(step[kind])), now)


def article_of(article_id: str, step: Mapping[str, Any], knowledge: Knowledge) -> Article:
    """The article of a step; its outlet is the first part of its id unless given."""
    text = step.get("text", f"{article_id} {step.get('version', 1)}")
    published = step.get("published", step["at"])
    version = step.get("version", 1)
    return Article(
        article_id=article_id,
        version=version,
        title=step.get("title"),
        body=text,
        text=text,
        text_sha256=hashlib.sha256(step.get("copy_text", text).encode()).hexdigest(),
        outlet=step.get("outlet", article_id.split("-")[0]),
        url=f"https://{article_id}.example/",
        lang=step.get("lang", "en"),
        published=published,
        published_basis="feed",
        first_seen=step["at"],
        version_time=step.get("version_time", step["at"]) if version > 1 else published,
    )


def document_of(step: Mapping[str, Any]) -> Document:
    """The article of a step as it would come from a feed."""
    return Document(
        article_id=step["article"],
        version=step.get("version", 1),
        title=step.get("title"),
        text=step["text"].strip(),
        outlet=step.get("outlet", step["article"].split("-")[0]),
        lang=step.get("lang", "en"),
        published=step.get("published", step["at"]),
        published_basis="feed",
        first_seen=step["at"],
    )


def report_of(article: Article, k: int, slots: Mapping[str, Any], knowledge: Knowledge) -> Report:
    """A hand-made report: only the slots that a story names."""
    report_id = f"{article.article_id}#{k}"
    day = slots.get("date")
    figures = {m: slots[m] for m in ("killed", "injured") if m in slots}
    return Report(
        report_id=report_id,
        role=slots.get("role", "primary"),
        date=_date(day, article),
        time=slots.get("time"),
        place=_place(slots.get("place"), knowledge),
        attack_types=tuple(slots.get("kind", ["bombing_explosion"])),
        suicide=None,
        weapons=(),
        targets=tuple(_target(t, n) for n, t in enumerate(slots.get("target", ()))),
        perpetrators=(),
        claims=tuple(Claim(group, "yes") for group in slots.get("claim", ())),
        killed=None,
        injured=None,
        attackers_killed=None,
        by_category=(),
        statements=tuple(
            _statement(report_id, article, m, value, slots) for m, value in figures.items()
        ),
        incident_status="unknown",
        n_attacks=slots.get("attacks"),
    )


def _date(day: dt.date | None, article: Article) -> IncidentDate:
    if day is not None:
        return IncidentDate(day, day, "day", "stated")
    assert article.published is not None
    published = article.published.date()
    return IncidentDate(published, published, "days", "published")


def _place(place_id: str | None, knowledge: Knowledge) -> Place | None:
    rows = {row.id: row for row in knowledge.profile.places}
    path = []
    while place_id:
        path.append(rows[place_id])
        place_id = rows[place_id].parent
    if not path:
        return None
    finest = path[0]
    kind = finest.kind
    assert kind != "elsewhere"
    return Place(
        name=finest.name,
        police_district=next((r.police_district for r in path if r.police_district), None),
        precision=kind,
        path=tuple(row.id for row in path),
    )


def _target(text: str, n: int) -> Target:
    """``kind/subtype: name``; a capital makes it a name."""
    kind, _, name = text.partition(": ")
    type_, _, subtype = kind.partition("/")
    words = "-".join(sorted(name.casefold().split()))
    return Target(name, type_, "primary" if n == 0 else "secondary", subtype or None, words)


def _statement(
    report_id: str, article: Article, measure: Any, value: int, slots: Mapping[str, Any]
) -> Statement:
    speaker = slots.get("speaker")
    return Statement(
        id=measure[0],
        measure=measure,
        victim_class="unspecified",
        value=value,
        low=value,
        high=value,
        qualifier="exact",
        speaker=speaker,
        speaker_id=speaker or f"{article.outlet}:narrator",
        speaker_type="police" if speaker else "outlet_narrator",
        anonymous=speaker is None,
        perpetrator_party=False,
        said_at=article.version_time,
        scope=slots.get("scope", "incident"),
        status="used",
        subset_of=None,
        zone="lead",
        quote=str(value),
        start=0,
        end=len(str(value)),
    )


def check(step: Mapping[str, Any], world: World, names: dict[str, str], where: str) -> None:
    """Compare the live incidents with what a step expects."""
    if "expect" not in step:
        return
    found = {members_of(i): i for i in world.live()}
    wanted = {" ".join(sorted(e["members"])): e for e in step["expect"]}
    assert sorted(found) == sorted(wanted), f"{where}: {sorted(found)}"
    for members, expected in wanted.items():
        incident = found[members]
        check_incident(expected, incident, f"{where}: {members}")
        if "id" in expected:
            known = names.setdefault(expected["id"], incident.incident_id)
            assert known == incident.incident_id, f"{where}: {members} is not {expected['id']}"
    for label in step.get("gone", ()):
        assert world.incidents[names[label]].state in ("superseded", "retracted"), where


def check_incident(expected: Mapping[str, Any], incident: Incident, where: str) -> None:
    """Compare one incident with what is expected of it."""
    snapshot = incident.snapshot
    seen = {
        "state": snapshot.state,
        "revision": snapshot.revision,
        "independent": snapshot.n_independent,
        "place": snapshot.place.name if snapshot.place else None,
        "date": snapshot.date.start,
        "time": snapshot.time,
        "targets": [t.name for t in snapshot.targets],
        "material": snapshot.change.material,
        "grouped": snapshot.incident_group is not None,
        "background": len(snapshot.background),
        "duplicates": len(snapshot.possible_duplicate_of),
        "claims": [f"{c.group}: {c.claimed}" for c in snapshot.claims],
        "perpetrators": [p.name for p in snapshot.perpetrators],
    }
    for measure in ("killed", "injured"):
        figure = getattr(snapshot.casualties, measure)
        seen[measure] = figure.best if figure else None
        seen[f"{measure}_low"] = figure.low if figure else None
        seen[f"{measure}_high"] = figure.high if figure else None
        group = snapshot.incident_group
        both = getattr(group, measure) if group else None
        seen[f"group_{measure}"] = both.best if both else None
    for name, value in expected.items():
        if name not in ("members", "id"):
            assert seen[name] == value, f"{where}: {name} is {seen[name]}, not {value}"


def members_of(incident: Incident) -> str:
    """Member articles of an incident with marks for how sure they are."""
    marked = (f"{m.article_id}{_MARK[m.link]}" for m in incident.members)
    return " ".join(sorted(set(marked)))
