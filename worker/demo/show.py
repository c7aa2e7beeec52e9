"""How the demonstration looks: one line a change, then who says how many, and why one incident.

Rules
-----
1. A change is exactly one line of stdout that holds ``incident`` and ``revision N``.
2. Everything shown is read from the published records; nothing is known beside them.
3. Titles and names come from outside: they are printed as text, never as markup.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

Record = Mapping[str, Any]
_WHY_SLOTS = ("date", "time", "place", "targets", "attack_types", "claims", "perpetrators")
_STATUS_STYLE = {"used": "bold", "stale": "dim", "superseded": "dim strike"}
_QUOTE_LIMIT = 60


def change_line(record: Record, *, utc: bool = False) -> str:
    """One line for one revision, e.g. ``incident kw-3f2… revision 2 updated: killed 12 (9-12)``.

    A value of None erases the incident. ``utc``: with the date and in UTC, as the log and all lists have
    it, where lines of many days and places stand together; else weekday and hour of the place.
    """
    value = record["value"]
    if value is None:
        return f"incident {record['key']} erased"
    slots = [
        _clock(value, utc=utc),
        f"incident {value['incident_id']} revision {value['revision']}",
        f"{value['change']['kind']:<9}",
        f"{value['state']:<11}",
        _where(value),
        f"killed {figure(value['casualties']['killed'])}",
        f"injured {figure(value['casualties']['injured'])}",
        f"{value['n_independent']} of {value['reports_total']} reports independent",
    ]
    cause = _member(value, value["change"]["cause_report"])
    if cause is not None:
        slots.append(f"after {cause['outlet']}")
    return "  ".join(slots)


def figure(total: Record | None) -> str:
    """A total for a person: ``12 (9-12)``, ``at least 5``, or a dash for not reported."""
    if total is None:
        return "-"
    low, best, high = total["low"], total["best"], total["high"]
    spread = "" if low == best == high else f" ({low if low is not None else '?'}-{high or '?'})"
    marks = ("+" if total["open_upper"] else "") + (" disputed" if total["conflict"] else "")
    return f"{best if best is not None else '?'}{spread}{marks}"


def closing(console: Console, records: Iterable[Record], zone: str) -> None:
    """Print each incident: its last state, who says how many, and why it is one incident."""
    for record in latest(records):
        value = record["value"]
        if value["state"] == "superseded":
            continue
        console.print()
        console.rule(
            f"[bold]{escape(value['incident_id'])}[/]  {escape(_where(value))}", align="left"
        )
        console.print(_statement_table(value, ZoneInfo(zone)))
        for line in _reasons(value):
            console.print(Text(line))


def set_aside(console: Console, lines: Sequence[Record], titles: Mapping[str, str]) -> None:
    """What made no report of an incident, and why. ``titles``: URL → headline, of every article.

    An article without a line was not read: what its feed says of it names no attack here.
    """
    read = [(str(line.get("url")), line) for line in lines]
    shown = [
        (titles.get(url, url), _why(line))
        for url, line in read
        if line.get("outcome") == "set_aside" or not line.get("incident")
    ]
    known = {url for url, _ in read}
    shown += [(title, "not read") for url, title in titles.items() if url not in known]
    if not shown:
        return
    console.print()
    console.rule("[bold]Set aside[/]", align="left")
    for title, reason in shown:
        console.print(Text(f"  {title}"), Text(f"  {reason}", style="dim"))


def _why(line: Record) -> str:
    reason = str(line.get("label") or line.get("outcome"))
    return f"{reason}, left to a person" if line.get("band") == "review" else reason


def latest(records: Iterable[Record]) -> list[Record]:
    """The newest revision of each incident that stands, in the order in which they were announced."""
    newest: dict[str, Record] = {}
    for record in records:
        newest[record["key"]] = record
    return [record for record in newest.values() if record["value"] is not None]


def _where(value: Record) -> str:
    place = value["place"]
    kinds = ", ".join(kind.replace("_", " ") for kind in value["attack_types"])
    return f"{place['name'] if place else 'place unknown'}: {kinds or 'attack'}"


def _clock(value: Record, *, utc: bool) -> str:
    """When the cause was said: its figures' time, else its article's, else when it was settled."""
    cause = value["change"]["cause_report"]
    said = [s["said_at"] for s in value["casualties"]["statements"] if s["report_id"] == cause]
    known = [moment for moment in said if moment]
    stamp = max(known, default=None) or (_member(value, cause) or {}).get("published")
    moment = dt.datetime.fromisoformat(stamp or value["as_of"])
    if utc:
        return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%MZ")
    return moment.astimezone(ZoneInfo(value["zone"])).strftime("%a %H:%M")


def _member(value: Record, report_id: str | None) -> Record | None:
    return next((m for m in value["reports"] if m["report_id"] == report_id), None)


def _statement_table(value: Record, zone: ZoneInfo) -> Table:
    table = Table(box=None, pad_edge=True, header_style="dim")
    for column in ("who says", "how many", "in", "said", "words", "so it is"):
        table.add_column(column, overflow="fold")
    for statement in sorted(value["casualties"]["statements"], key=_reading_order):
        table.add_row(
            *_statement_row(value, statement, zone), style=_STATUS_STYLE.get(statement["status"])
        )
    return table


def _reading_order(statement: Record) -> tuple[str, str]:
    return (statement["measure"], statement["said_at"] or "")


def _statement_row(value: Record, statement: Record, zone: ZoneInfo) -> list[Text]:
    member = _member(value, statement["report_id"]) or {}
    said = statement["said_at"]
    stamp = dt.datetime.fromisoformat(said).astimezone(zone).strftime("%a %H:%M") if said else "-"
    who = statement["speaker"] or f"{member.get('outlet') or 'the outlet'} itself"
    attackers = "attackers " if statement["victim_class"] == "perpetrator" else ""
    cells = (
        who,
        f"{_bounds(statement)} {attackers}{statement['measure']}",
        str(member.get("outlet") or "-"),
        stamp,
        f"“{' '.join(statement['quote'].split())[:_QUOTE_LIMIT]}”",
        statement["status"].replace("_", " "),
    )
    return [Text(cell) for cell in cells]


def _bounds(statement: Record) -> str:
    low, high = statement["low"], statement["high"]
    if low == high:
        return str(low)
    return f"{low}+" if high is None else f"{low}-{high}"


def _reasons(value: Record) -> Iterator[str]:
    """Which slots tie the reports together, by the support that the record itself carries."""
    if value["reports_total"] < 2:
        return
    yield f"  {value['reports_total']} reports are one incident because they agree on:"
    for slot in _WHY_SLOTS:
        outlets = _supporters(value, slot)
        if len(outlets) > 1:
            yield f"    {slot:<12} {_slot(value, slot):<44} {', '.join(outlets)}"


def _supporters(value: Record, slot: str) -> list[str]:
    members = (_member(value, s["report_id"]) for s in value["support"].get(slot, ()))
    return sorted({str(m["outlet"]) for m in members if m is not None})


def _slot(value: Record, slot: str) -> str:
    held = value[slot]
    if isinstance(held, list):
        names = (h if isinstance(h, str) else h.get("name") or h.get("group") for h in held)
        return ", ".join(dict.fromkeys(str(name).replace("_", " ") for name in names))
    if isinstance(held, Mapping):
        return str(held.get("name") or held.get("start"))
    return str(held)
