"""Whether a pushed document comes from who it says: a secret in a header, or an HMAC of the body.

Rules
-----
1. Comparing takes the same time whatever is wrong, and a secret is never part of a message.
2. A secret in a header is judged before the body is read. An HMAC covers the bytes as they were sent,
   still packed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from worker.config.delivery import Push, read_secret

Judgement = Literal["", "no_signature", "wrong_signature"]
_SIGNED = re.compile(r"(?:(sha1|sha256|sha384|sha512)=)?([0-9a-fA-F]{40,128})")
_BEARER = "bearer "
HUB_HEADER = "X-Hub-Signature"
HUB_METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""The methods of WebSub, section 7."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a sender has to show in ``header``. ``methods``: of the HMAC, empty for a bare secret.

    A signature that does not name its method is of the only one.
    """

    header: str
    secret: SecretStr
    methods: frozenset[str] = frozenset()

    def judge_head(self, headers: Mapping[str, str]) -> Judgement:
        """What can be said before the body is read; "" for "go on"."""
        shown = headers.get(self.header, "").strip()
        if not shown:
            return "no_signature"
        if self.methods:
            return "" if self._parsed(shown) else "wrong_signature"
        if shown.lower().startswith(_BEARER):
            shown = shown[len(_BEARER) :].strip()
        wanted = self.secret.get_secret_value().encode()
        same = hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), wanted)
        return "" if same else "wrong_signature"

    def judge(self, headers: Mapping[str, str], body: bytes) -> Judgement:
        """The whole judgement; "" for "it is who it says"."""
        if (early := self.judge_head(headers)) or not self.methods:
            return early
        parsed = self._parsed(headers.get(self.header, "").strip())
        if parsed is None:
            return "wrong_signature"
        method, shown = parsed
        key = self.secret.get_secret_value().encode()
        made = hmac.new(key, body, getattr(hashlib, method)).hexdigest()
        return "" if hmac.compare_digest(made, shown) else "wrong_signature"

    def _parsed(self, shown: str) -> tuple[str, str] | None:
        """Method and digits, in lower case, of a signature that could be right."""
        found = _SIGNED.fullmatch(shown)
        if found is None:
            return None
        method = found[1] or (min(self.methods) if len(self.methods) == 1 else "")
        return (method, found[2].lower()) if method in self.methods else None


def access_of(push: Push) -> Access:
    """What a feed's settings ask of a sender. Raises ``ConfigError`` without a usable secret."""
    method = push.check.partition("-")[2]
    return Access(
        push.shown_in, read_secret(push.secret_file), frozenset({method} if method else ())
    )
