"""The tests of this tool invent their city: an edit of the shipped profile must not turn them red."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.profiles.cities import PORTSMERE
from tests.score.front_door import city, use_city


@pytest.fixture(autouse=True)
def _invented_city() -> Iterator[None]:
    shipped = city()
    use_city(str(PORTSMERE))
    yield
    use_city(shipped)
