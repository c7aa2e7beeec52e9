"""``kabulwire version --json``: version of the program and of what it was built on.

Prints ``kabulwire 1.2.3 (Python 3.12.1)``, or ``{kabulwire, python}``. Exit code: 0.
"""

from __future__ import annotations

import typer

from worker.cli.options import JsonOption
from worker.cli.streams import put


def print_version(wanted: bool) -> None:
    """``kabulwire --version``."""
    if wanted:
        version()
        raise typer.Exit


def version(*, as_json: JsonOption = False) -> None:
    """Version of the program and of what it was built on."""
    import json
    import platform

    from worker import __version__

    facts = {"kabulwire": __version__, "python": platform.python_version()}
    put(json.dumps(facts) if as_json else f"kabulwire {__version__} (Python {facts['python']})")
