"""MUC-4: upper-case wire text on Latin America, judged by its templates, in profile ``anywhere``.

Rules
-----
1. A document is an attack when a required template tells of one that was carried out or tried.
   Documents with nothing but optional templates, threats, robberies or strikes are unsure.
2. ``attack_types``: the distinct types of all required templates against those of all reports that
   are no background. MUC's ATTACK is armed assault or assassination.
3. ``perpetrators``: organisations; ``confidence``: how surely, missed with the organisation. Names
   marked "?" are optional: neither missed nor invented.
4. ``killed`` and ``injured`` only where one template with plain numbers tells the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.score.data import read_lines
from tests.score.front_door import ANYWHERE, Answer, analyzed, main_report
from tests.score.marks import Item, Mark, check, compare
from tests.score.names import alike, fold
from tests.score.slots import gtd_name
from tests.score.verdict import ATTACK, mark_verdict

Template = dict[str, Any]
_TYPES = {
    "ATTACK": "armed_assault",
    "BOMBING": "bombing_explosion",
    "KIDNAPPING": "hostage_taking",
    "ARSON": "facility_infrastructure",
}
_SAME = {"assassination": "armed_assault", "hijacking": "hostage_taking"}
_CONFIDENCE = "PERP: ORGANIZATION CONFIDENCE"
_NAME = re.compile(r'"([^"]+)"')
_EFFECTS = {"killed": "DEATH", "injured": "INJURY"}


def load(data: Path) -> list[Item]:
    """All documents that are surely an attack or surely none."""
    return [
        Item(row["docid"], "en", {"id": row["docid"], "text": row["text"], "lang": "en"}, gold)
        for row in read_lines(data / "muc4_dev.jsonl.gz")
        for gold in [[t for t in row["templates"] if not t["OPTIONAL"]]]
        if not row["templates"] or any(map(is_attack, gold))
    ]


def is_attack(template: Template) -> bool:
    """Whether a template tells of an attack that was carried out or tried."""
    done = any("THREATENED" not in stage for stage in template["INCIDENT: STAGE OF EXECUTION"])
    return done and template["INCIDENT: TYPE"][0] in _TYPES


def examine(item: Item) -> Iterator[Mark]:
    """Attack or not, types, who did it and how surely, victims."""
    found = analyzed(item.given, ANYWHERE)
    templates = [t for t in item.gold if is_attack(t)]
    yield from mark_verdict(item, found, ATTACK if templates else "none")
    if not templates:
        return
    told = [r for r in found.get("reports") or () if r["role"] != "background"]
    types = {gtd_name(name) for report in told for name in report["attack_types"]} - {"unknown"}
    wanted = {_TYPES[t["INCIDENT: TYPE"][0]] for t in templates}
    yield compare("attack_types", wanted, {_SAME.get(name, name) for name in types})
    yield from _mark_perpetrators(templates, told)
    if len(templates) == len(item.gold) == 1:
        yield from _mark_victims(templates[0], found)


def _mark_perpetrators(templates: list[Template], told: list[dict[str, Any]]) -> Iterator[Mark]:
    got = [p for report in told for p in report["perpetrators"]]
    entries = {
        entry: template[_CONFIDENCE]
        for template in templates
        for entry in template["PERP: ORGANIZATION ID"]
    }
    sure = [entry for entry in entries if not entry.startswith("?")]
    hits = {entry: [p for p in got if _is_named(p["name"], entry)] for entry in entries}
    right = [entry for entry in sure if hits[entry]]
    made_up = {p["name"] for p in got if not any(p in some for some in hits.values())}
    note = f"wanted {'; '.join(sure) or 'nobody'}, found {', '.join(p['name'] for p in got) or '-'}"
    yield Mark("perpetrators", len(right), len(sure) - len(right), len(made_up), note)
    for entry in sure:
        said = [row for row in entries[entry] if row.endswith(entry)]
        levels = {gtd_name(part) for row in said for part in row.partition(":")[0].split("/")}
        if levels:
            given = {p["attribution"] for p in hits[entry]}
            note = f"wanted {sorted(levels)}, found {sorted(given)}"
            yield check("confidence", bool(levels & given), note)


def _is_named(name: str, entry: str) -> bool:
    return any(alike(name, one) for one in _NAME.findall(entry))


def _mark_victims(template: Template, found: Answer) -> Iterator[Mark]:
    report = main_report(found)
    numbers = dict(map(_halves, template["HUM TGT: NUMBER"]))
    for measure, effect in _EFFECTS.items():
        hit = [
            who
            for what, who in map(_halves_of_effect, template["HUM TGT: EFFECT OF INCIDENT"])
            if what == effect
        ]
        counts = [numbers.get(who, "?") for who in hit]
        if not all(count.isdigit() for count in counts):
            continue
        wanted = sum(map(int, counts)) or None
        figure = (report or {}).get(measure)
        number = (figure["best"] or figure["low"]) if figure else None
        note = f"wanted {wanted}, found {number}"
        yield check(measure, report is not None and (number or None) == wanted, note)


def _halves(row: str) -> tuple[str, str]:
    number, _, who = row.partition(":")
    return fold(who), number.strip()


def _halves_of_effect(row: str) -> tuple[str, str]:
    effect, _, who = row.partition(":")
    return effect.strip(), fold(who)
