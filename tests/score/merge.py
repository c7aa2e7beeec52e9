"""Which reports become one incident: made-up scenarios in every order, and real facts in pairs.

Theory of operation
-------------------
Facts are told in codes (``pd9``, ``mines_bus``); here they become hand-made reports, through the same
door as the stories of the tests. ``scenario`` holds when every order of arrival ends with the
expected incidents; ``orders`` counts each order alone; ``apart`` says of pairs that must never be
one that they are not, in any order. Real facts arrive once, in the order of publication: ``pairs``
is the F1 over all pairs of primary reports, round-ups and background aside.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.score.front_door import Knowledge, city, load_knowledge
from tests.score.marks import Item, Mark, check
from tests.score.names import place_keys
from tests.stories.tell import article_of, report_of
from tests.stories.world import World

Facts = dict[str, Any]
_ZONE = dt.timezone(dt.timedelta(hours=4, minutes=30))
_MOST_ORDERS = 24
_TYPES = {
    "shooting": ["armed_assault"],
    "complex": ["bombing_explosion", "armed_assault"],
}
_KINDS = (
    ("bus", "transportation/bus"),
    ("minivan", "transportation/bus"),
    ("convoy", "military/military_transportation_vehicle"),
    ("vehicle", "police/police_patrol"),
    ("police", "police/police_building"),
    ("academy", "military/military_recruiting_station_academy"),
    ("university", "educational_institution/school_university_educational_building"),
    ("kaaj", "educational_institution/school_university_educational_building"),
    ("embassy", "government_diplomatic/embassy_consulate"),
    ("forces", "military/military_barracks_base_headquarters"),
    ("mod", "military/military_barracks_base_headquarters"),
    ("nds", "government_general/intelligence"),
    ("journalists", "journalists_media/newspaper_journalist_staff_facility"),
    ("tv", "journalists_media/television_journalist_staff_facility"),
    ("shop", "business/retail_grocery_bakery"),
    ("wedding", "private_citizens_property/procession_gathering"),
    ("funeral", "private_citizens_property/procession_gathering"),
)
"""GTD target types by a part of the code; anything else is a named thing of unknown type."""
_MEASURES = (("killed", "k"), ("injured", "w"))


def load_scenarios(data: Path) -> list[Item]:
    """Scenarios with what must come of them."""
    found = json.loads((data / "merge_scenarios.json").read_text("utf-8"))
    return [Item(case["id"], "-", case["reports"], case) for case in found]


def load_facts(data: Path) -> list[Item]:
    """All real facts as one item: they are judged in pairs."""
    found = json.loads((data / "merge_facts.json").read_text("utf-8"))
    return [Item("merge_facts", "-", found["reports"], None)]


def examine_scenario(item: Item) -> Iterator[Mark]:
    """Every order of arrival: the expected clusters, and never those that exclude each other."""
    wanted = item.gold["expect"]
    right, notes, joined = 0, set(), set()
    orders = list(orders_of(item.given))
    for order in orders:
        cells = clusters(order)
        joined |= {tuple(pair) for pair in item.gold["sep"] if any({*pair} <= c for c in cells)}
        if wanted is None or cells == {frozenset(cell) for cell in wanted}:
            right += 1
        else:
            notes.add(" | ".join(sorted(" ".join(sorted(cell)) for cell in cells)))
    said = f"{right} of {len(orders)} orders; {item.gold['why']}: {'; '.join(sorted(notes)[:2])}"
    if wanted is not None:
        yield Mark("orders", right, len(orders) - right, note=said if right < len(orders) else "")
    yield check("scenario", right == len(orders) and not joined, said)
    for pair in item.gold["sep"]:
        yield check("apart", tuple(pair) not in joined, f"{pair} in one incident")


def orders_of(reports: Sequence[Facts]) -> Iterator[tuple[Facts, ...]]:
    """Every order of four or fewer; of more, as given, backwards, and rotations: always the same."""
    if len(reports) <= 4:
        yield from itertools.islice(itertools.permutations(reports), _MOST_ORDERS)
        return
    given = tuple(reports)
    yield from (given, given[::-1])
    for k in range(1, min(len(given), _MOST_ORDERS - 1)):
        yield given[k:] + given[:k]


def examine_facts(item: Item) -> Iterator[Mark]:
    """Pairs of primary reports that are one incident in the gold and in the program."""
    reports = sorted(item.given, key=lambda report: (report["pub"], report["rid"]))
    cells = clusters(reports)
    home = {rid: cell for cell in cells for rid in cell}
    events = {r["rid"]: {key for key, role in r["gold"] if role == "primary"} for r in reports}
    single = [rid for rid, keys in events.items() if len(keys) == 1]
    for one, two in itertools.combinations(single, 2):
        wanted, got = events[one] == events[two], two in home.get(one, ())
        if wanted or got:
            name = f"{one} {two} {sorted(events[one] | events[two])}"
            note = "" if wanted and got else f"{'not joined' if wanted else 'joined'}: {name}"
            yield Mark(
                "pairs", int(wanted and got), int(wanted and not got), int(got and not wanted), note
            )


def clusters(order: Sequence[Facts]) -> set[frozenset[str]]:
    """Which articles are one incident after all have arrived in this order.

    A late report is linked to its incident and no member of it; one that only may belong to several
    is in none.
    """
    knowledge = load_knowledge(city())
    world = World(knowledge)
    for facts in order:
        article = article_of(facts["rid"], {"at": _instant(facts["pub"])}, knowledge)
        report = report_of(article, 1, _told(facts, knowledge), knowledge)
        world.arrive(article, (report,), max(_instant(f["pub"]) for f in order))
    unsure = {m.report_id for i in world.live() for m in i.members if m.link == "ambiguous"}
    cells: dict[str, set[str]] = {}
    for report_id, filed in world.reports.items():
        incident = world.links.get(report_id)
        if filed.report.role != "background":
            home = report_id if incident is None or report_id in unsure else incident
            cells.setdefault(home, set()).add(filed.article.article_id)
    return {frozenset(cell) for cell in cells.values()}


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=_ZONE)


def _told(facts: Facts, knowledge: Knowledge) -> dict[str, Any]:
    """Coded facts in the words of a story."""
    slots = facts["slots"]
    told: dict[str, Any] = {"kind": _TYPES.get(slots.get("ty"), ["bombing_explosion"])}
    if slots.get("d"):
        told["date"] = dt.date.fromisoformat(slots["d"])
    if slots.get("t"):
        told["time"] = slots["t"]
    keys = [key for code in slots.get("pl", ()) for key in _place_ids(code)]
    rows = {row.id: row.kind for row in knowledge.profile.places}
    fine = [key for key in keys if rows.get(key) not in (None, "elsewhere")]
    if fine:
        told["place"] = min(fine, key=lambda key: rows[key] == "district")
    told["target"] = [f"{_kind_of(code)}: {_words(code).title()}" for code in slots.get("tg", ())]
    if slots.get("cl"):
        told["claim"] = [slots["cl"]]
    if slots.get("cum") == "combined":
        told["scope"] = "aggregate"
    told |= {measure: slots[key] for measure, key in _MEASURES if key in slots}
    told["role"] = _role(facts)
    return told


def _role(facts: Facts) -> str:
    kind = facts.get("kind")
    if facts["slots"].get("cum") == "combined" and "gold" not in facts:
        return "roundup"
    if kind == "retraction":
        return "retraction"
    if kind == "nonreport":
        return "background"
    roles = {role for _, role in facts.get("gold", ())}
    main = roles & {"primary", "roundup"} or {"primary"}
    return "primary" if "primary" in main else "roundup"


def _place_ids(code: str) -> list[str]:
    return sorted(place_keys(_words(code)))


def _words(code: str) -> str:
    return code.replace("_", " ")


def _kind_of(code: str) -> str:
    return next((kind for part, kind in _KINDS if part in code.split("_")), "unknown")
