"""The command line. ``commands`` lists them; each stands in a file named as it is typed.

A command's file opens with an example, what is printed, and the exit codes. What several commands
share stands below them, in files named by nouns; commands do not import each other.

Rules
-----
1. Data goes to stdout, talk to stderr. ``--json`` on every command that reads.
2. Nothing heavy is imported before a command needs it. ``healthy`` runs every few seconds in a
   container, so it does not even load the parser of command lines (which brings pydantic along).
3. A command says what went wrong by raising an error of ours; ``main`` turns it into a line on stderr
   and one of ``exit_codes``.
"""

from __future__ import annotations

import os
import signal
import sys

from worker.cli.exit_codes import (
    EX_CONFIG,
    EX_DATAERR,
    EX_SOFTWARE,
    EX_TEMPFAIL,
    EX_UNAVAILABLE,
)


def main() -> None:
    """Run one command and leave with its exit code."""
    if sys.argv[1:2] == ["healthy"]:
        from worker.cli.liveness import healthy

        sys.exit(healthy(sys.argv[2:]))
    if sys.argv[1:2] in (["run"], ["once"]):
        # Until the worker listens itself: what was not begun is drained already.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.exit(_run())


def _run() -> int:
    from worker.cli.commands import app
    from worker.core.domain import errors
    from worker.store.connect import StoreError

    try:
        app()
    except (errors.ConfigError, errors.KnowledgeError) as error:
        return _refused(EX_CONFIG, str(error))
    except errors.InputError as error:
        return _refused(EX_DATAERR, str(error))
    except errors.PublishError as error:
        return _refused(_code_of(error.reason), f"{error}\n{error.advice}".rstrip())
    except errors.NoRoomError as error:
        return _refused(EX_TEMPFAIL, str(error))
    except errors.StateError as error:
        return _refused(EX_SOFTWARE, str(error))
    except StoreError as error:
        return _refused(EX_SOFTWARE, f"the store cannot be read: {error}; see `store check`")
    except BrokenPipeError:
        # Whoever read our output has seen enough (`kabulwire tail | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _code_of(reason: str) -> int:
    """A broker that is away may come back; what needs a person does not mend itself."""
    from worker.publish.drain import NEEDS_A_PERSON

    if reason == "broker_unavailable":
        return EX_UNAVAILABLE
    return EX_CONFIG if reason in NEEDS_A_PERSON else EX_TEMPFAIL


def _refused(code: int, text: str) -> int:
    for line in text.splitlines():
        print(f"kabulwire: {line}", file=sys.stderr)
    return code
