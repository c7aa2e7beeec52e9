"""What the classes of victims say of people beside what they are called: one table for all who ask.

A class is what a word for people says of them (``vocabulary.VictimClass``): "soldier" is ``military``.
"""

from __future__ import annotations

from worker.core.domain.vocabulary import VictimClass

Classes = frozenset[VictimClass]

SOLDIERS_AND_POLICE: Classes = frozenset({"military", "police"})
OF_FORCES: Classes = SOLDIERS_AND_POLICE | {"security_forces"}
OF_NO_FORCES: Classes = frozenset(
    {"civilians", "children", "students", "teachers", "medical", "media_workers"}
)
"""Of these nobody is in the forces."""
UNARMED: Classes = frozenset({"civilians", "children", "women"})
"""Nobody boasts of killing these."""
OF_ANY_TRADE: Classes = frozenset({"children", "women"})
"""These may be civilians as well."""
YOUNG: Classes = frozenset({"children", "students"})
GROWN_UPS: Classes = frozenset({"women", "adults"})
