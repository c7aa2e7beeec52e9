"""The command line. ``commands`` lists them; each does its work in the module that it names.

Rules
-----
1. Data goes to stdout, talk to stderr. ``--json`` on every command that reads.
2. Nothing heavy is imported before a command needs it. ``healthy`` runs every few seconds in a
   container, so it does not even load the parser of command lines (which brings pydantic along).
3. Exit codes are those of sysexits: 0 fine, 65 bad input, 66 no such file, 70 our own fault,
   75 the grace ran out, 78 configuration; 2 for a wrong command line.
"""

from __future__ import annotations

import os
import signal
import sys

EX_DATAERR = 65
EX_UNAVAILABLE = 69
EX_SOFTWARE = 70
EX_TEMPFAIL = 75
EX_CONFIG = 78


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
