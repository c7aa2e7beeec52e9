"""The rules of the house, held by machine: sizes, purity, names, leaks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "worker"
APP = WORKER / "run" / "app.py"
MODULES = sorted(WORKER.rglob("*.py"))
LONGEST_MODULE = 450
LONGEST_FUNCTION = 50
SHELL_ONLY = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time",
              "time.monotonic", "time.perf_counter", "time.time_ns"}  # fmt: skip
TASKS = {"asyncio.create_task", "asyncio.ensure_future", "asyncio.gather", "loop.create_task"}
STORE = WORKER / "store"
SQL = re.compile(
    r"\b(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO|REPLACE\s+INTO|DELETE\s+FROM|UPDATE\s+\S+\s+SET"
    r"|(CREATE|DROP|ALTER)\s+\w+|PRAGMA|VACUUM|BEGIN|COMMIT|ROLLBACK)\b"
)
TEXT = {".py", ".toml", ".md", ".yml", ".yaml", ".json", ".csv", ".sql", ".html", ".txt", ".lock",
        ".jsonl", ".cfg", ".xml", ""}  # fmt: skip

READ_THE_CITY = (
    "tests/profiles/test_kabul.py",  # the profile itself
    "tests/profiles/test_two_languages.py",  # its quarters, told in six languages
    "tests/profiles/test_page_identity.py",  # which names and quarters tell its attacks apart
    "tests/corpus/",  # articles about real quarters
    "tests/composed/",  # the same, put together by chance
    "tests/shell/test_docs.py",  # the example that docs/contract.md prints
    "tests/shell/test_demo.py",  # its newsroom
    "tests/outside/",  # the articles the project began with
)
"""Paths below which a test may load ``config/profiles/kabul``, each with its reason."""

PAIRS = {
    "core/annotate/ages.py _days_back": "days, counted back from the document",
    "core/annotate/dates.py _Days": "days of a month",
    "core/lang/numerals.py _run": "an index of tokens, and a number",
    "core/lang/numerals.py _scaled_decimal": "an index of tokens, and a number",
    "core/domain/remembered.py alike_at_ends": "values from the first on, and from the last back",
    "core/extract/what.py _weapon_order": "a rank, and where among equals",
    "core/merge/cluster/units.py __init__": "the numbers of two groups",
    "core/merge/state/groups.py _connected": "two clusters of a list",
    "core/merge/state/groups.py _counted_together": "two clusters of a list",
    "core/merge/state/groups.py _sharing_a_roundup": "two clusters of a list",
    "core/merge/state/groups.py _sharing_an_article": "two clusters of a list",
}
"""Where the core may annotate ``tuple[int, int]``, with what the two are: never positions."""


def tracked() -> list[Path]:
    """Files that git keeps, or would keep; all files where there is no git (an unpacked archive)."""
    command = [
        "git",
        "-C",
        str(ROOT),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    try:
        found = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    paths = [ROOT / name for name in found.split("\0") if name]
    return [path for path in paths if path.is_file()]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@pytest.fixture(scope="module", autouse=True)
def trees() -> Iterator[None]:
    """Each module is parsed once, and nothing is kept for the tests of other files."""
    yield
    tree_of.cache_clear()


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and last two names of each call: ``datetime.now``, ``asyncio.gather``."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            yield node.lineno, f"{name}.{node.func.attr}"


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_module_is_longer_than_a_person_reads_at_once() -> None:
    """Every module has at most 450 lines."""
    sizes = {relative(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    """Every function has at most 50 lines."""
    found = [
        f"{relative(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert found == []


def test_every_module_with_code_says_what_it_does() -> None:
    """A module opens with a docstring."""
    found = []
    for path in MODULES:
        tree = tree_of(path)
        if tree.body and ast.get_docstring(tree) is None:
            found.append(relative(path))
    assert found == []


def test_the_core_reads_no_clock_and_makes_no_tasks() -> None:
    """Under worker/core nobody asks for the time or starts a task; `now` is an argument."""
    found = [
        f"{relative(path)}:{line} {name}"
        for path in MODULES
        if "core" in path.relative_to(WORKER).parts
        for line, name in calls(path)
        if name in SHELL_ONLY | TASKS
    ]
    assert found == []


def test_only_app_makes_tasks() -> None:
    """Tasks of a worker are born in the TaskGroup of worker/run/app.py and nowhere else; a command that
    asks many sites is no worker."""
    found = [
        f"{relative(path)}:{line} {name}"
        for path in MODULES
        if path != APP and "cli" not in path.relative_to(WORKER).parts
        for line, name in calls(path)
        if name in TASKS
    ]
    assert found == []


def test_only_app_makes_groups_of_tasks_and_pools_of_threads() -> None:
    """Of the process's modules one makes what others run in; they are given it."""
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in sorted(APP.parent.rglob("*.py"))
        if path != APP
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and re.search(r"(TaskGroup|PoolExecutor|ProcessPool|Thread|Writer|Sandbox)$",
                      ast.unparse(node.func))
    ]  # fmt: skip
    assert found == []


def assigned(function: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each attribute of ``self`` that a function assigns."""
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                yield node.lineno, node.attr


def methods(made: ast.ClassDef) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    return {
        node.name: node
        for node in made.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def born(made: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> set[str]:
    """Attributes that an object has from its beginning: declared in the class or a base, or
    assigned by ``__init__`` and the methods that it calls."""
    names = {n.target.id for n in made.body
             if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}  # fmt: skip
    own = methods(made)
    if "__init__" in own:
        called = {n.attr for n in ast.walk(own["__init__"]) if isinstance(n, ast.Attribute)}
        for name in {"__init__", *(called & own.keys())}:
            names |= {attribute for _, attribute in assigned(own[name])}
    for base in made.bases:
        if ast.unparse(base) in classes:
            names |= born(classes[ast.unparse(base)], classes)
    return names


def test_objects_have_all_their_attributes_from_the_beginning() -> None:
    """No method gives its object an attribute that ``__init__`` did not."""
    every = [
        node
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    ]
    classes = {made.name: made for made in every}
    found = [
        f"{made.name}.{method.name}: {name}"
        for made in every
        for method in methods(made).values()
        for _, name in assigned(method)
        if name not in born(made, classes)
    ]
    assert found == []


def sql_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line of what a module sends to a database, and of texts in it that could be a statement."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("execute"):
            yield node.lineno, node.attr
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
        ):
            if found := SQL.search(node.value):
                yield node.lineno, found[0]


def test_sql_stands_in_the_store_alone() -> None:
    """Outside worker/store nothing is executed and no text holds a statement."""
    found = [
        f"{relative(path)}:{line} {text}"
        for path in MODULES
        if STORE not in path.parents
        for line, text in sql_in(tree_of(path))
    ]
    assert found == []


def test_the_process_sets_no_attribute_outside_init() -> None:
    """In worker/run an object is what it was made of; what changes is a value with a name of its
    own (``Due``, ``Conditions``)."""
    found = [
        f"{relative(path)}:{line} {name}"
        for path in sorted(APP.parent.rglob("*.py"))
        for made in ast.walk(tree_of(path))
        if isinstance(made, ast.ClassDef)
        for method in methods(made).values()
        if method.name != "__init__"
        for line, name in assigned(method)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "row = conn.execute(query)",
        "conn.executemany(QUERY, rows)",
        "run = conn.executescript",
        'QUERY = "SELECT revision FROM incident WHERE incident_id = ?"',
        'QUERY = f"DELETE FROM {table} WHERE incident_id = ?"',
        'QUERY = "UPDATE outbox " "SET published = 1"',
        'QUERY = "PRAGMA quick_check"',
    ],
)
def test_sql_in_sees_a_statement_however_it_is_written(line: str) -> None:
    """A call, a mere name of a call, a text in one piece or in several."""
    source = f'"""A docstring may say: SELECT nothing FROM nowhere."""\n{line}\n'
    assert [number for number, _ in sql_in(ast.parse(source))] == [2]


def annotated_pairs(node: ast.AST, owner: str = "") -> Iterator[str]:
    """The function, or the name at the top of a module, that holds each ``tuple[int, int]``."""
    for child in ast.iter_child_nodes(node):
        named = owner
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            named = child.name
        elif isinstance(child, ast.Assign) and not owner:
            named = ast.unparse(child.targets[0])
        if isinstance(child, ast.Subscript) and ast.unparse(child) == "tuple[int, int]":
            yield named
        yield from annotated_pairs(child, named)


def test_no_pair_of_numbers_in_the_core_is_a_position() -> None:
    """A stretch of text is a ``Range`` or a ``Span``; every other pair of numbers says what it is."""
    found = {
        f"{relative(path).removeprefix('worker/')} {owner}"
        for path in MODULES
        if "core" in path.relative_to(WORKER).parts
        for owner in annotated_pairs(tree_of(path))
    }
    assert found == set(PAIRS)


def test_nothing_outside_the_profile_knows_the_city() -> None:
    """In worker/ the city's name occurs only inside the product's name."""
    found = []
    for path in sorted(WORKER.rglob("*")):
        if path.is_file() and path.suffix in TEXT:
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if "kabul" in re.sub(r"(?i)kabulwire", "", line).lower():
                    found.append(f"{relative(path)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_no_unit_test_reads_the_shipped_city() -> None:
    """An analyst's edit of the Kabul profile may turn red what tests that profile, and nothing else.

    A test may say "kabul" where it is a word; what it may not do is load that profile.
    """
    loads = re.compile(r"""(?:load_knowledge|profile_dir)\(\s*["']kabul["']|profiles["'/ ]+kabul""")
    readers = {
        relative(path)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__) and loads.search(path.read_text("utf-8"))
    }
    assert {name for name in readers if not name.startswith(READ_THE_CITY)} == set()
    assert "tests/profiles/test_kabul.py" in readers


def test_no_file_names_this_machine_or_a_registry() -> None:
    """No file holds a path of the machine it was written on, or a package registry's address."""
    machine = re.compile(r"(?<![\w.~-])/(?:work|farm|home/\w+)/[a-z]")
    registry = re.compile(
        "pypi" + r"\.org|files\.python" + r"hosted|registry\.npm" + r"js|repo1?\.maven"
        r"|--(?:extra-)?index-url|--find-links"
    )
    found = []
    for path in tracked():
        if path.suffix not in TEXT or path == Path(__file__) or path.name == "Makefile":
            continue
        text = path.read_text("utf-8", errors="replace")
        for pattern in (machine, registry):
            found += [f"{relative(path)}: {hit[0]}" for hit in pattern.finditer(text)]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_locked_requirement_has_hashes(name: str) -> None:
    """Each requirement of a lock file is one exact version with at least one hash."""
    text = (ROOT / name).read_text("utf-8").replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(rows) > 40
    assert [row[:60] for row in rows if "==" not in row or "--hash=sha256:" not in row] == []


def test_the_run_time_lock_is_part_of_the_test_lock() -> None:
    """Tests run against the versions that are shipped."""
    pins = [
        {line.split("\\")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines()
         if "==" in line and not line.startswith(" ")}
        for name in ("requirements.lock", "requirements-test.lock")
    ]  # fmt: skip
    assert pins[0] - pins[1] == set()


def test_imports_point_inward() -> None:
    """The layers, the purity of the core and the independence of formats hold (import-linter)."""
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
