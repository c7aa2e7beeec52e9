"""The codebook: what every property of every published record means, read from ``codebook.toml``.

Rules
-----
1. A property is explained once: under its record, or under ``shared`` where it means the same in
   several. A property without an entry is an error, not a gap.
2. What a value may be stands in a vocabulary. No vocabulary is closed: inside v1 values are added,
   so a schema shows them as examples and refuses none.
3. GTD's own lists are not written down a second time: ``codes`` names their table in ``codes.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from worker.core.domain.errors import KnowledgeError

SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Record:
    """A kind of record: its title for consumers, and what one of them is."""

    title: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Property:
    """One property. ``null``: what a null means; ``values``: the name of its vocabulary."""

    meaning: str
    unit: str | None = None
    null: str | None = None
    values: str | None = None

    @property
    def description(self) -> str:
        """All of it in one paragraph, as a schema says it."""
        parts = [self.meaning]
        if self.unit is not None:
            parts.append(f"Unit: {self.unit}.")
        if self.null is not None:
            parts.append(f"Null: {self.null}.")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Known values with their meaning, and whose words they are. ``codes``: GTD's number of each."""

    source: str
    means: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> tuple[str, ...]:
        """As a record has them: of a subtype without its type."""
        return tuple(dict.fromkeys(name.rpartition("/")[2] for name in self.means or self.codes))


@dataclass(frozen=True, slots=True)
class Codebook:
    """All entries; ``fields`` by record and property."""

    records: Mapping[str, Record]
    fields: Mapping[str, Mapping[str, Property]]
    vocabularies: Mapping[str, Vocabulary]
    headers: Mapping[str, Property]

    def record(self, name: str) -> Record:
        """Raises ``KnowledgeError`` when the record is not explained."""
        if name not in self.records:
            raise KnowledgeError(f"codebook.toml: [records] lacks {name}")
        return self.records[name]

    def property(self, record: str, name: str) -> Property:
        """A property of a record. Raises ``KnowledgeError`` when it is not explained."""
        for table in (record, SHARED):
            found = self.fields.get(table, {}).get(name)
            if found is not None:
                return found
        raise KnowledgeError(f"codebook.toml: [fields.{record}] lacks {name}")

    def values(self, found: Property) -> tuple[str, ...]:
        """The known values of a property; empty when it has no vocabulary."""
        return self.vocabularies[found.values].values if found.values is not None else ()


def build_codebook(table: Mapping[str, Any], codes: Mapping[str, Mapping[str, str]]) -> Codebook:
    """The codebook of a parsed file; ``codes``: tables of GTD. Raises ``KnowledgeError``."""
    vocabularies = {name: _vocabulary(name, row, codes) for name, row in table["values"].items()}
    return Codebook(
        records={name: Record(row["title"], row["is"]) for name, row in table["records"].items()},
        fields={
            record: {name: _property(name, row, vocabularies) for name, row in rows.items()}
            for record, rows in table["fields"].items()
        },
        vocabularies=vocabularies,
        headers={
            name: _property(name, row, vocabularies) for name, row in table["headers"].items()
        },
    )


def _property(name: str, row: Any, vocabularies: Mapping[str, Vocabulary]) -> Property:
    if isinstance(row, str):
        return Property(row)
    if strange := set(row) - {"is", "unit", "null", "values"}:
        raise KnowledgeError(f"codebook.toml: {name} has {sorted(strange)}")
    values = row.get("values")
    if values is not None and values not in vocabularies:
        raise KnowledgeError(f"codebook.toml: {name}: no vocabulary {values!r}")
    return Property(row["is"], row.get("unit"), row.get("null"), values)


def _vocabulary(
    name: str, row: Mapping[str, Any], codes: Mapping[str, Mapping[str, str]]
) -> Vocabulary:
    table = row.get("codes")
    if table is not None and table not in codes:
        raise KnowledgeError(f"codebook.toml: {name}: no table {table!r} in codes.toml")
    return Vocabulary(row["source"], row.get("means", {}), codes[table] if table else {})
