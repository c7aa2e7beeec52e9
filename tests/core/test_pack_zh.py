"""Chinese: its words and rules for figures, read through the pack, in both kinds of characters."""

from __future__ import annotations

import pytest

from tests.core.sentence import stated
from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.counts import find_counts
from worker.core.annotate.cut_text import cut_text
from worker.core.text.prose import compose


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("袭击造成至少8人死亡、20余人受伤。", [("killed", 8), ("injured", 20)]),
        ("爆炸案釀6死15傷。", [("killed", 6), ("injured", 15)]),
        ("自殺炸彈攻擊中至少四十八人喪生。", [("killed", 48)]),
        ("死亡人数已从22人升至27人。", [("killed", 27)]),
        ("枪手打死两名警察和3名学生。", [("killed", 5)]),
        ("爆炸造成上百人死伤。", [("casualties", 100)]),
        ("一名女记者在市中心遭不明身份枪手枪杀。", [("killed", 1)]),
        ("没有造成人员死亡，目前伤亡情况不明。", []),
        ("发言人说，爆炸发生在8公里外，两家商店受损。", []),
        ("25岁的司机说，3名枪手逃离，伤亡人数不明。", []),
    ],
)
def test_chinese_counts_are_read_as_they_are_printed(
    sentence: str, found: list[tuple[str, int]]
) -> None:
    """Numbers in digits and words, what is killed by whom, tolls that rose; and what counts nobody."""
    assert stated("zh", sentence) == found


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("30多人死亡。", ("killed", 30, "more_than", 31, None)),
        ("多人死亡。", ("killed", None, "several", 3, None)),
        ("30人死亡。", ("killed", 30, "exact", 30, 30)),
    ],
)
def test_what_stands_behind_a_number_opens_it_upwards(
    sentence: str, found: tuple[str, int | None, str, int, int | None]
) -> None:
    """ "30多人" are more than thirty, "多人" several; thirty alone is thirty."""
    language = load_knowledge(PORTSMERE).languages["zh"]
    (count,) = find_counts(cut_text(compose(None, sentence, "zh"), language))
    assert (count.what, count.value, count.qualifier, count.low, count.high) == found
