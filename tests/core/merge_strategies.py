"""Invented reports for property tests: few values per slot, so that they meet and clash often."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import strategies as st

from tests.stories.tell import article_of, report_of
from worker.core.domain.document import Article
from worker.core.domain.incident import ArticleRef, FiledReport
from worker.core.domain.report import Report
from worker.core.knowledge.knowledge import Knowledge

FIRST = dt.datetime(2031, 3, 4, 8, 0, tzinfo=dt.UTC)
PLACES = (None, "ward-4", "ward-5", "chandlers-row", "portsmere-university", "portsmere")
TARGETS = (
    (),
    ("transportation/bus: Harbour Board bus",),
    ("police/police_building: Sixth Police Station",),
    ("transportation/bus: bus",),
    ("transportation/bus: ميناء حافلة",),
    ("educational_institution/university: Universidad de Portsmere",),
    ("educational_institution/university: دانشگاه پورتسمیر",),
    ("educational_institution/school: Stork School", "police/police_patrol: patrol"),
)
KINDS = (["bombing_explosion"], ["armed_assault"], ["bombing_explosion", "armed_assault"])
OUTLETS = ("gulf", "hill", "meridian", "plain", "Valdra Press")


@st.composite
def slots(draw: st.DrawFn) -> dict[str, object]:
    """The slots of one hand-made report."""
    found: dict[str, object] = {
        "place": draw(st.sampled_from(PLACES)),
        "target": draw(st.sampled_from(TARGETS)),
        "kind": draw(st.sampled_from(KINDS)),
        "role": draw(st.sampled_from(("primary",) * 5 + ("roundup", "background", "retraction"))),
    }
    if draw(st.booleans()) or draw(st.booleans()):
        found["date"] = FIRST.date() + dt.timedelta(days=draw(st.sampled_from((0, 0, 0, 1, 4))))
    if draw(st.booleans()):
        found["time"] = draw(st.sampled_from(("08:10", "08:30", "18:00")))
    if draw(st.booleans()):
        found["killed"] = draw(st.integers(0, 30))
        found["scope"] = draw(st.sampled_from(("incident", "incident", "aggregate")))
    if draw(st.integers(0, 4)) == 0:
        found["attacks"] = draw(st.integers(2, 3))
    if draw(st.booleans()):
        found["claim"] = [draw(st.sampled_from(("Red Front", "Blue Front")))]
    return found


@st.composite
def arrivals(
    draw: st.DrawFn, most: int = 6
) -> list[tuple[dict[str, object], list[dict[str, object]]]]:
    """Articles as steps of a story, each with the slots of its reports."""
    steps = []
    for k in range(draw(st.integers(1, most))):
        hours = draw(st.integers(0, 60))
        outlet = draw(st.sampled_from(OUTLETS))
        step: dict[str, object] = {"at": FIRST + dt.timedelta(hours=hours), "outlet": outlet}
        step["lang"] = draw(st.sampled_from(("en", "en", "es", "fa", "und")))
        if draw(st.integers(0, 5)) == 0:
            step["copy_text"] = "one wire text"
        reports = draw(st.lists(slots(), min_size=1, max_size=2))
        steps.append(({"name": f"a{k}", **step}, reports))
    return steps


def build(
    step: dict[str, object], reports: list[dict[str, object]], knowledge: Knowledge
) -> tuple[Article, tuple[Report, ...]]:
    """The article and its reports."""
    article = article_of(str(step["name"]), step, knowledge)
    made = tuple(report_of(article, k, r, knowledge) for k, r in enumerate(reports, start=1))
    return article, made


def filed(article: Article, reports: tuple[Report, ...]) -> list[FiledReport]:
    """The reports as the store would file them."""
    ref = ArticleRef.of(replace(article))
    return [FiledReport(report, ref, "report") for report in reports]
