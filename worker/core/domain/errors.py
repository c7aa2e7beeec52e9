"""The exception tree, by whose fault an error is:

::

    KabulwireError
    ├── InputError        theirs: a feed, page or wire is bad. Counted, logged, never fatal.
    │   ├── FeedError     a document we cannot parse; carries a ``reason`` from a closed set
    │   ├── PageError     a page we cannot read
    │   └── FetchError    the network or the server said no
    ├── ConfigError       the operator's: refused at start with file and line (exit 78)
    ├── KnowledgeError    a lexicon, profile or weight file is wrong (exit 78)
    ├── StateError        ours: the store contradicts itself. Fatal, loud (exit 70)
    ├── NoRoomError       the disk's: nothing can be written. Waited out; at start exit 75
    ├── BusyError         another program's: it holds what we need, such as a port (exit 75)
    └── PublishError      the broker's: retried for ever; carries what an operator can do
"""

from __future__ import annotations


class KabulwireError(Exception):
    """Base of all errors that this program raises on purpose."""


class InputError(KabulwireError):
    """Bad input from outside. ``reason`` is a bounded code, fit for a metric label."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class FeedError(InputError):
    """A feed or wire document that yields no entries."""


class PageError(InputError):
    """A page that yields no article."""


class FetchError(InputError):
    """A request that yields no body. ``retry_after`` in seconds, when the server named one."""

    def __init__(self, reason: str, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason, detail)
        self.retry_after = retry_after


class ConfigError(KabulwireError):
    """A setting is wrong; the message names file and line."""


class KnowledgeError(KabulwireError):
    """A file of knowledge is wrong; the message names the file and the entry."""


class StateError(KabulwireError):
    """Our own state is corrupt. Never caught below the top level."""


class NoRoomError(KabulwireError):
    """The disk of the store is full, and giving up the ballast was not enough."""


class BusyError(KabulwireError):
    """Another program holds what we need; it may let go of it."""


class PublishError(KabulwireError):
    """Publishing stopped; ``advice`` says what an operator can do about it."""

    def __init__(self, reason: str, detail: str = "", advice: str = "") -> None:
        self.reason = reason
        self.detail = detail
        self.advice = advice
        super().__init__(f"{reason}: {detail}" if detail else reason)
