"""The command line. ``commands`` lists them; each stands in a file named as it is typed.

A command's file opens with an example, what is printed, and the exit codes. What several commands
share stands below them, in files named by nouns; commands do not import each other.

Rules
-----
1. Data goes to stdout, talk to stderr. ``--json`` on every command that reads.
2. Nothing heavy is imported before a command needs it. ``healthy`` runs every few seconds in a
   container, so it does not even load the parser of command lines (which brings pydantic along).
3. A command says what went wrong by raising an error of ours; ``main`` turns it into a line on stderr
   (what, and what to do) and one of ``exit_codes``. A wrong command line is one line, too: code 2.
4. An output that cannot be written (a full disk, a closed pipe) ends a command without a traceback.
5. A command ends without a last look for garbage, and computes in one thread: its sums are so small
   that further ones only spin, and would let a last digit depend on the number of processors.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Any

from worker.cli.exit_codes import (
    EX_CONFIG,
    EX_DATAERR,
    EX_INTERRUPTED,
    EX_IOERR,
    EX_SOFTWARE,
    EX_TEMPFAIL,
    EX_UNAVAILABLE,
    EX_USAGE,
)


def main() -> None:
    """Run one command and leave with its exit code."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is imported
    _open_closed_streams()
    if sys.argv[1:2] == ["healthy"] and not {"-h", "--help"} & set(sys.argv):
        from worker.cli.liveness import healthy

        sys.exit(_written(healthy(sys.argv[2:])))
    if sys.argv[1:2] in (["run"], ["once"]):
        # Until the worker listens itself: what was not begun is drained already.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    code = _written(_run())
    gc.freeze()  # else Python goes through all that is alive twice as it ends: 0.2 s of any reading
    sys.exit(code)


def _open_closed_streams() -> None:
    """A stream that was closed (``>&-``) leads nowhere; else the next file opened takes its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode))


def _written(code: int) -> int:
    """The exit code, once what was printed has left us."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _not_written(error)
    return code


def _run() -> int:
    import logging

    from worker.cli.commands import app
    from worker.core.domain import errors
    from worker.store.store_error import StoreError

    ours = sys.stdout
    # What a library has to say of an outage stands in our own line. `run` puts a log in its place.
    logging.getLogger().addHandler(logging.NullHandler())
    logging.captureWarnings(capture=True)
    try:
        return app(prog_name="kabulwire", standalone_mode=False) or 0
    except SystemExit:
        if sys.stdout is ours:
            raise
        return 0  # the parser met a closed pipe, and has put a stream that is deaf in its place
    except (errors.ConfigError, errors.KnowledgeError) as error:
        return _refused(EX_CONFIG, str(error))
    except errors.InputError as error:
        return _refused(EX_DATAERR, str(error))
    except errors.PublishError as error:
        advice = f". {error.advice}" if error.advice else ""
        return _refused(_code_of(error.reason), f"{error}{advice}")
    except (errors.NoRoomError, errors.BusyError) as error:
        return _refused(EX_TEMPFAIL, str(error))
    except errors.StateError as error:
        return _refused(EX_SOFTWARE, str(error))
    except StoreError as error:
        return _refused(EX_SOFTWARE, f"the store cannot be read: {error}; see `store check`")
    except OSError as error:
        return _not_written(error)
    except Exception as error:
        if (code := _wrong_usage(error)) is None:
            raise
        return code


def _wrong_usage(error: Exception) -> int | None:
    """One line for what the parser of command lines found; None for an error that is not its own."""
    told = getattr(error, "format_message", None)
    if told is None:
        return EX_INTERRUPTED if type(error).__name__ == "Abort" else None
    if type(error).__name__ == "NoArgsIsHelpError":  # the help was printed
        return EX_USAGE
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context else _command_typed()
    text = " ".join(told().replace("Value error, ", "").split()).rstrip(".")
    stop = "" if text.endswith("?") else ";"
    return _refused(EX_USAGE, f"{text}{stop} see `{path} --help`")


def _command_typed() -> str:
    """The words of the command line that name a command; not every error says where it arose."""
    from typer.main import get_command

    from worker.cli.commands import app

    command: Any = get_command(app)
    words = ["kabulwire"]
    for word in sys.argv[1:]:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        words.append(word)
    return " ".join(words)


def _not_written(error: OSError) -> int:
    """What is printed, or a file, cannot be written; a reader who has seen enough is no failure."""
    if error.filename is None:
        # Nothing more is tried on this stream, not even by the interpreter at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):
        return 0
    what = error.filename if error.filename is not None else "the output cannot be written"
    return _refused(EX_IOERR, f"{what}: {error.strerror}")


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
