"""The corpus, read: every article with what must be found in it.

A file is ``tests/corpus/<lang>/<name>.toml``; its form is told in README.md. ``load_cases`` reads
all of them, strictly: an unknown key, a quote that does not stand in the article, a value that
cannot be are errors that name file and case.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.corpus.expectation import (
    NONE,
    VERDICT_KEYS,
    CorpusError,
    Expectation,
    Listed,
    ReportExpectation,
    read_expectation,
)

CORPUS = Path(__file__).parent
_PROFILES = CORPUS.parent / "profiles"
_FILE_KEYS = {"why", "must", "defaults", "case"}
_SHARED = {"profile", "outlet", "published", "head", "title", "why", "lang", "verbatim"}
_CASE_KEYS = _SHARED | {"name", "text", "url", "expect", "event", "tags", "disputable"}
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Case:
    """One article and what is expected of it."""

    file: str
    """Path below ``tests/corpus``, as ``en/toll.toml``."""
    name: str
    lang: str
    """The folder's; the article's own where it is mixed in (``lang`` of the case)."""
    must: bool
    """True: a test that must pass. False: measured only."""
    why: str
    profile: str
    """Name of a shipped profile, or path of one of the tests'."""
    fields: Mapping[str, Any]
    """The article as one input line of ``kabulwire analyze``."""
    expect: Expectation
    event: str | None = None
    """Cases with the same key tell of the same attack."""
    tags: tuple[str, ...] = ()
    disputable: bool = False
    """True when people could well judge otherwise: left out of strict measures."""

    @property
    def id(self) -> str:
        """Unique over the corpus: ``en/toll:six-people-were-killed``."""
        return f"{self.file.removesuffix('.toml')}:{self.name}"

    @property
    def text(self) -> str:
        """Title and body as every span counts them."""
        title, body = self.fields.get("title"), self.fields["text"]
        return f"{title}\n\n{body}" if title and body else title or body


def load_cases(*, must: bool | None = None, root: Path = CORPUS) -> tuple[Case, ...]:
    """All cases, or only those that must pass (or are only measured), by file and place in it.

    Raises ``CorpusError`` naming every bad case.
    """
    found: list[Case] = []
    errors: list[str] = []
    for path in sorted(root.glob("*/*.toml")):
        try:
            found += load_file(path, root)
        except CorpusError as error:
            errors.append(str(error))
    if errors:
        raise CorpusError("\n".join(errors))
    return tuple(case for case in found if must is None or case.must == must)


def load_file(path: Path, root: Path = CORPUS) -> list[Case]:
    """The cases of one file. Raises ``CorpusError`` naming the file and each bad case."""
    file = path.relative_to(root).as_posix()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        _judge_file(table)
    except (tomllib.TOMLDecodeError, CorpusError) as error:
        raise CorpusError(f"{file}: {error}") from None
    base = Case(
        file, "", path.parent.name, table["must"], table.get("why", ""), "kabul",
        MappingProxyType({}), read_expectation({}),
    )  # fmt: skip
    return _all_read(base, table.get("defaults", {}), table["case"])


def _judge_file(table: Mapping[str, Any]) -> None:
    _known(table, _FILE_KEYS, "the file")
    _known(table.get("defaults", {}), _SHARED | {"expect"}, "[defaults]")
    if not isinstance(table.get("must"), bool) or not table.get("case"):
        raise CorpusError("`must = true` or `must = false`, then [[case]] tables")


def _all_read(base: Case, defaults: Mapping[str, Any], tables: Iterable[Any]) -> list[Case]:
    found: list[Case] = []
    errors: list[str] = []
    for number, table in enumerate(tables, 1):
        try:
            found.append(
                _case(base, {**defaults, **table, "expect": _expect(defaults, table)}, table)
            )
        except CorpusError as error:
            called = table.get("name") or table.get("title") or table.get("text", "")
            errors.append(f"{base.file}: case {number} ({str(called)[:60]!r}): {error}")
    twice = [name for name, count in Counter(case.name for case in found).items() if count > 1]
    errors += [f"{base.file}: two cases are called {name!r}; give one a `name`" for name in twice]
    if errors:
        raise CorpusError("\n".join(errors))
    return found


def _expect(defaults: Mapping[str, Any], table: Mapping[str, Any]) -> Any:
    """What all cases of the file expect, unless this one says otherwise."""
    own, shared = table.get("expect"), defaults.get("expect", {})
    if not isinstance(own, dict):
        return own or shared
    if "reports" in own:
        shared = {key: value for key, value in shared.items() if key in VERDICT_KEYS}
    return {**shared, **own}


def _case(base: Case, table: Mapping[str, Any], own: Mapping[str, Any]) -> Case:
    _known(table, _CASE_KEYS, "a case")
    if not isinstance(table.get("expect"), dict) or not table["expect"]:
        raise CorpusError("`expect` says nothing")
    text = _body(table)
    title = table.get("title", "").strip()
    if not title and not text:
        raise CorpusError("neither title nor text")
    name = own.get("name") or _slug(own.get("title") or own.get("text", ""))
    lang = table.get("lang", base.lang)
    fields: dict[str, Any] = {"id": name, "title": title, "text": text, "lang": lang}
    fields |= {key: table[key] for key in ("outlet", "url", "published") if key in table}
    if fields.get("published") == NONE:
        del fields["published"]
    case = replace(
        base, name=name, lang=lang, why=own.get("why", base.why),
        profile=_profile(table.get("profile", base.profile)), fields=MappingProxyType(fields),
        expect=read_expectation(table["expect"]), event=table.get("event"),
        tags=tuple(table.get("tags", ())), disputable=table.get("disputable", False),
    )  # fmt: skip
    for quote in _quotes(case.expect):
        if quote not in case.text:
            raise CorpusError(f"{quote!r} does not stand in the article")
    return case


def _known(table: Mapping[str, Any], keys: set[str], what: str) -> None:
    for key in table:
        if key not in keys:
            raise CorpusError(f"unknown key {key!r} in {what}; known: {', '.join(sorted(keys))}")


def _body(table: Mapping[str, Any]) -> str:
    """Head and text. Lines of a paragraph are joined unless the case is ``verbatim``."""
    text = table.get("text", "").strip("\n")
    if not table.get("verbatim"):
        paragraphs = re.split(r"\n[ \t]*\n", text)
        text = "\n\n".join(
            " ".join(line.strip(" \t") for line in paragraph.strip("\n").split("\n"))
            for paragraph in paragraphs
        )
    head = table.get("head", "")
    return f"{head.strip()} {text}" if head and text else head.strip() or text


def _profile(name: str) -> str:
    own = _PROFILES / name
    return str(own) if own.is_dir() else name


def _slug(words: str) -> str:
    """The first words, as a name that a command line can take."""
    found = "-".join(re.findall(r"[^\W_]+", words.lower()))
    return found if len(found) <= _LONGEST_NAME else found[:_LONGEST_NAME].rpartition("-")[0]


def _quotes(expect: Expectation) -> Iterator[str]:
    for report in (expect.first, *(expect.reports or ())):
        yield from report.absent.quotes
        yield from _statement_quotes(report)


def _statement_quotes(report: ReportExpectation) -> Iterator[str]:
    statements = report.fields.get("statements", Listed((), whole=False))
    yield from (item["quote"] for item in statements.items if "quote" in item)
