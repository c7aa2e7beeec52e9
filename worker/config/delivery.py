"""How a feed reaches us, as its tables in ``feeds.toml`` say.

A feed is *pulled* from its ``url``; with ``cursor`` page by page; with ``websub`` its hub pushes it and
it is pulled now and then all the same. ``path`` names a *spool* folder. With ``push`` and no address
it is *pushed* by whoever knows its secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, SecretStr

from worker.config.kinds import Duration, Place, Seconds
from worker.core.domain.errors import ConfigError

Delivery = Literal["pull", "cursor", "spool", "push", "websub"]
CursorKind = Literal["token", "since", "sequence"]
PushCheck = Literal["secret", "hmac-sha256", "hmac-sha1"]
LINK_HEADER = "link"
"""Value of ``cursor.next``: the next page stands in the answer's Link header (``rel="next"``)."""
LEAST_SECRET_CHARS = 16

_HEADERS: dict[PushCheck, str] = {
    "secret": "X-Push-Secret",
    "hmac-sha256": "X-Hub-Signature-256",
    "hmac-sha1": "X-Hub-Signature",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """``cursor = {…}``: an address that hands out pages, and how the next one is asked for.

    ``token``: ``next`` names the next page's token or address. ``since``: ``parameter`` is an instant;
    it is found at ``at``, else the newest date of the entries. ``sequence``: ``parameter`` is the
    greatest number found at ``at``. ``next`` and ``at`` are dotted paths into the answer (``*``: each
    of a list; in XML names of elements, ``@name`` an attribute), ``next`` may be "link".
    ``page_parameter``: what a token of ``next`` is sent as, where that is not ``parameter``.
    ``items``: where the answer holds documents, each of them one of the wire formats by itself.
    ``start_parameter``: what the look-back's instant is sent as where there is no cursor yet.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: CursorKind
    parameter: str
    next: str | None = None
    at: str | None = None
    items: str | None = None
    page_parameter: str | None = None
    start_parameter: str | None = None
    time_format: Literal["iso", "epoch", "epoch_ms"] = "iso"
    look_back_s: Seconds = 86_400
    overlap_s: Seconds = 60
    pages: Annotated[int, Field(ge=1, le=1000)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """``spool = {…}``: ``quiet_s`` is how long a file must not have changed before it is taken."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    quiet_s: Seconds = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """``push = {…}``: who may post to ``/push/<id>``, and in which ``header`` that is shown."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    secret_file: Place
    check: PushCheck = "hmac-sha256"
    header: str = ""

    @property
    def shown_in(self) -> str:
        """The header's name; each check has its usual one."""
        return self.header or _HEADERS[self.check]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSub:
    """``websub = {…}``: ``hub`` and ``topic`` where the feed does not name them itself.

    ``lease_s`` is asked for, the hub decides. ``poll_s``: how often the feed is pulled all the same
    while its hub delivers.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    hub: str | None = None
    topic: str | None = None
    lease_s: Annotated[int, Field(ge=60, le=31_536_000)] = 864_000
    poll_s: Duration = 3600


def read_secret(path: Path) -> SecretStr:
    """The secret in a file, read anew each time so that it can be replaced.

    Raises ``ConfigError`` when there is none, or one that could be guessed.
    """
    try:
        text = path.read_text("utf-8").strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(text) < LEAST_SECRET_CHARS:
        raise ConfigError(f"{path} holds fewer than {LEAST_SECRET_CHARS} characters")
    return SecretStr(text)
