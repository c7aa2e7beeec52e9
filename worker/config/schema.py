"""The settings of a worker as values; ``config.load`` finds, merges and judges them.

Rules
-----
1. Every setting has a default, a unit in its name and one sentence; ``config/kabulwire.toml`` shows
   the same, and a test keeps the two equal.
2. Values only: nothing is opened or looked up here.
3. A secret is a ``SecretStr``, so that no rendering of a ``Config`` can print it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from worker.config.delivery import Cursor, Delivery, Push, Spool, WebSub
from worker.config.kinds import Duration, FilePlace, Place, Seconds

Positive = Annotated[int, Field(ge=1)]
FeedKind = Literal[
    "auto", "rss", "atom", "rdf", "jsonfeed", "sitemap", "newsml-g2", "newsml-1", "nitf", "ninjs",
    "anpa",
]  # fmt: skip


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Feeds(Section):
    """``[feeds]``"""

    file: Place = Field(default=Path("feeds.toml"), description="List of feeds, beside this file.")


class Ingest(Section):
    """``[ingest]``: how feeds are polled and pages fetched."""

    interval_s: Duration = Field(default=300, description="Poll interval of a feed that sets none.")
    min_interval_s: Seconds = Field(default=60, description="Floor of every feed's poll interval.")
    max_interval_s: Duration = Field(
        default=3600, description="Ceiling of back-off after failures."
    )
    hint_factor: Annotated[float, Field(ge=1, le=100)] = Field(
        default=2, description="A feed's wish for rarer polls counts up to this many intervals."
    )
    burst_interval_s: Seconds = Field(
        default=120,
        description="Interval of a feed that told of an incident under way; 0 = as usual.",
    )
    stale_s: Seconds = Field(
        default=172_800, description="A feed with nothing new for so long is told of; 0 = never."
    )
    backfill_h: Seconds = Field(
        default=48,
        description="A feed's first poll notes entries older than this unread; 0 = reads all.",
    )
    recheck_s: tuple[Seconds, ...] = Field(
        default=(900, 3600, 10_800, 43_200, 86_400, 172_800),
        description="When the page of a report is asked again, after its first reading.",
    )
    host_spacing_s: Seconds = Field(default=2, description="Time between two requests to one host.")
    timeout_s: Duration = Field(
        default=20, description="Limit for one request, redirects included."
    )
    max_feed_bytes: Positive = Field(default=16_000_000, description="Largest feed, decompressed.")
    max_page_bytes: Positive = Field(default=6_000_000, description="Largest page, decompressed.")
    user_agent: str = Field(
        default="kabulwire/0.1 (news ingest worker)",
        min_length=3,
        description="Who we are; add how to reach you.",
    )
    allow_loopback: bool = Field(
        default=False, description="Let feeds and pages be on this machine: tests, demo."
    )
    allow_hosts: tuple[str, ...] = Field(
        default=(),
        description="Inner hosts that may be asked; all others are refused.",
    )
    articles_in_flight: Positive = Field(
        default=8, description="Articles worked on at the same time."
    )
    inbox_high_water: Positive = Field(default=5000, description="Polling pauses above this many.")
    outbox_high_water: Positive = Field(
        default=20_000, description="Polling pauses above this many."
    )
    tick_s: Duration = Field(default=5, description="How often timers and due work are looked for.")


class Sandbox(Section):
    """``[sandbox]``: the processes that parse what strangers wrote."""

    workers: Annotated[int, Field(ge=1, le=256)] = Field(
        default=2, description="Processes; about one per processor core."
    )
    parse_deadline_s: Duration = Field(
        default=10, description="A feed not parsed by then is given up."
    )
    analyze_deadline_s: Duration = Field(
        default=30, description="A page not analyzed by then is given up."
    )
    memory_mb: Annotated[int, Field(ge=384)] = Field(
        default=1024, description="Address space of one process, in MiB."
    )
    """Below the least one no article can be read: the program alone takes some 300."""


class Store(Section):
    """``[store]``"""

    path: FilePlace = Field(
        default=Path("var/kabulwire.db"), description="The SQLite file; keep its folder."
    )
    min_free_mb: int = Field(
        default=200, ge=0, description="Below this much free disk we are not ready."
    )


class Files(Section):
    """``[files]``: where messages go while no broker is configured."""

    dir: Place = Field(default=Path("var/topics"), description="Folder of the topic files.")
    rotate_mb: Positive = Field(default=256, description="A topic file is rotated at this size.")


class Kafka(Section):
    """``[kafka]``: how the broker is reached; an empty address means the file sink."""

    bootstrap_servers: str = Field(default="", description="host:port,host:port; empty = files.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
    )
    sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = Field(
        default="", description="PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or empty."
    )
    sasl_username: str = Field(default="", description="Name for SASL; client id for tokens.")
    sasl_password: SecretStr = Field(
        default=SecretStr(""), description="Password for SASL; better in a file."
    )
    sasl_password_file: Place | None = Field(
        default=None, description="File that holds the password."
    )
    sasl_oauth_token_file: Place | None = Field(
        default=None, description="A token, read anew for each login."
    )
    sasl_oauth_token_url: str = Field(
        default="", description="Where tokens are asked for, with name and password."
    )
    sasl_oauth_scope: str = Field(default="", description="Scope of the tokens asked for.")
    ssl_cafile: Place | None = Field(default=None, description="Certificates to trust, PEM.")
    ssl_certfile: Place | None = Field(default=None, description="Our own certificate, PEM.")
    ssl_keyfile: Place | None = Field(default=None, description="The key of our certificate, PEM.")
    ssl_key_password_file: Place | None = Field(
        default=None, description="File that holds the password of the key."
    )


class Topics(Section):
    """``[topics]``"""

    prefix: str = Field(
        default="kabulwire",
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
        description="Topics are <prefix>.<name>.",
    )
    partitions: Positive = Field(
        default=6, description="Of a topic that we make; never changed later."
    )
    replication_factor: Positive = Field(
        default=3, description="Of a topic that we make; 1 for trials."
    )


class Publish(Section):
    """``[publish]``"""

    batch_records: Positive = Field(default=500, description="Records in one transaction, about.")
    deadline_s: Duration = Field(
        default=60, description="A Kafka call stuck this long is given up."
    )
    heartbeat_s: Duration = Field(default=60, description="A heartbeat record this often.")


class Serve(Section):
    """``[serve]``: health, metrics and the status page."""

    host: str = Field(
        default="127.0.0.1", description="Address to listen on; 0.0.0.0 in a container."
    )
    port: int = Field(default=8080, ge=0, le=65535, description="0 = any free port.")
    page_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="A port for the page alone; 0 = on port, loopback only.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="Where hubs reach port from outside; for WebSub.",
    )


class Log(Section):
    """``[log]``"""

    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="json, console, or auto: console on a terminal."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error."
    )


class Run(Section):
    """``[run]``"""

    grace_s: Duration = Field(default=25, description="Time to drain after SIGTERM.")


class Config(Section):
    """All settings. Immutable; made by ``config.load.load``."""

    profile: str = Field(min_length=1, description="A name in profiles/, or a path.")
    """The only setting without a default in code: which area is watched is configuration."""
    instance: str = Field(
        default="worker-1",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="Unique per topic prefix; never change it later.",
    )
    feeds: Feeds = Feeds()
    ingest: Ingest = Ingest()
    sandbox: Sandbox = Sandbox()
    store: Store = Store()
    files: Files = Files()
    kafka: Kafka = Kafka()
    topics: Topics = Topics()
    publish: Publish = Publish()
    serve: Serve = Serve()
    log: Log = Log()
    run: Run = Run()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """One ``[[feed]]`` of ``feeds.toml``; how it reaches us is told in ``config.delivery``.

    ``interval_s``: poll interval in seconds, None = ``ingest.interval_s``. ``default_tz``: zone of
    dates printed without one. ``full_text``: the feed carries whole articles, no page is fetched.
    ``robots``: False only where the publisher agreed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    outlet: str
    lang: str
    url: str | None = None
    path: Place | None = None
    kind: FeedKind = "auto"
    interval_s: Duration | None = None
    country: str | None = None
    enabled: bool = True
    default_tz: str | None = None
    full_text: bool = False
    robots: bool = True
    proxy: str | None = None
    auth_file: Place | None = None
    headers_file: Place | None = None
    cursor: Cursor | None = None
    spool: Spool | None = None
    push: Push | None = None
    websub: WebSub | None = None

    @property
    def delivery(self) -> Delivery:
        """Which of the five ways it comes by."""
        if self.push is not None:
            return "push"
        if self.path is not None:
            return "spool"
        if self.websub is not None:
            return "websub"
        return "pull" if self.cursor is None else "cursor"
