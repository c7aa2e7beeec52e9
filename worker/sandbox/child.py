"""Inside a killable process: its limits, and one job at a time with errors as values.

Rules
-----
1. A child dies with its parent and holds no more memory than allowed.
2. A job has a limit of processor time; the kernel ends the process at it (SIGXCPU), even inside a
   regular expression.
3. An error of the input is sent back as its name and reason. Any other error is a bug of ours: it
   costs this one job and comes back with the line it came from, without local values.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from worker.config.knowledge import load_knowledge
from worker.core.domain.errors import InputError

_PR_SET_PDEATHSIG = 1
_CPU_SLACK_S = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job sends back: a value, or the name and reason of an error."""

    value: Any = None
    error: str = ""
    reason: str = ""
    detail: str = ""


def prepare_child(memory: int) -> None:
    """In a new child: die with the parent, at once on SIGTERM, and hold no more than allowed."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _close_server_pipe()
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _silence_libraries()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        memory = min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (memory, hard))


def _silence_libraries() -> None:
    """What a library thinks of a stranger's document would stand raw between the worker's log lines."""
    warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())


def _close_server_pipe() -> None:
    """Close this child's end of the pipe that keeps the fork server alive.

    Every child inherits it, so that children of its own could be forked; here there are none.
    """
    server = getattr(forkserver, "_forkserver", None)
    alive = getattr(server, "_forkserver_alive_fd", None)
    if isinstance(alive, int):
        with contextlib.suppress(OSError):
            os.close(alive)
        vars(server)["_forkserver_alive_fd"] = None


def run_job(
    job: Callable[..., Any], profile: str, deadline: float, args: tuple[Any, ...]
) -> Outcome:
    """In the child: one job under its limit of processor time; errors as values."""
    _limit_cpu(deadline)
    try:
        return Outcome(job(*args, load_knowledge(profile)))
    except InputError as error:
        return Outcome(None, type(error).__name__, error.reason, error.detail)
    except MemoryError:
        return Outcome(None, "SandboxKilledError", "memory", "limit of memory")
    except Exception as error:  # noqa: BLE001 - a bug costs one job
        return Outcome(None, "SandboxKilledError", "crashed", _place_of(error))
    finally:
        _limit_cpu(None)


def _limit_cpu(deadline: float | None) -> None:
    """Soft limit on processor time: what was used so far and the deadline; None lifts it.

    The kernel ends the process at the soft limit (SIGXCPU), even inside a regular expression.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if deadline is None:
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + deadline) + _CPU_SLACK_S
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _place_of(error: Exception) -> str:
    """Type and message of an error, and the line of ours that it came from; no locals."""
    where, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if f"{os.sep}worker{os.sep}" in code.co_filename:
            where = f" at {Path(code.co_filename).name}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {str(error)[:200]}{where}"
