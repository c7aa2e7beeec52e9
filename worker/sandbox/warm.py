"""Imported by the fork server of the sandbox only: code, knowledge and models are read before forking.

A child that has to read them itself is ready a good second later.
"""

from __future__ import annotations

import contextlib
import importlib
import os

from worker.config.knowledge import load_knowledge
from worker.core.domain.errors import KnowledgeError
from worker.core.text.identify import identify

for _name in ("worker.core.sources.formats", "worker.core.analyze", "justext"):
    importlib.import_module(_name)
with contextlib.suppress(KnowledgeError):
    load_knowledge(os.environ.get("KABULWIRE_SANDBOX_PROFILE", ""))
identify("The police said that a blast was heard in the centre of the city.", None)
