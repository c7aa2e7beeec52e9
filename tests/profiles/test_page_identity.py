"""A page is the article, or it is another one: perhaps the report of another attack."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.core.test_read import ld, page
from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Article, Document
from worker.core.domain.errors import PageError
from worker.core.sources.article import read

KNOWLEDGE = load_knowledge("kabul")
THURSDAY = dt.datetime(2031, 5, 8, 9, 41, tzinfo=dt.UTC)
ADDRESS = "https://post.example/world/gunmen-storm-students-hostel-in-kabul"
HOSTEL = {
    "title": "Six killed as gunmen storm Kabul hostel",
    "summary": "Gunmen stormed a students' hostel in the Taimani area of Kabul and killed six people, "
    "police said.",
}
MOSQUE = [
    "A blast at a mosque in the Khair Khana area of Kabul killed 44 people on Thursday, police said.",
    "The explosion happened as worshippers left the evening prayer, the interior ministry said.",
    "Gunmen were seen nearby, and dozens of wounded people were taken to hospitals, officials said.",
    "No group has claimed responsibility for the attack in the Afghan capital.",
]
GATE = [
    "A suicide bomber blew himself up at the gate of the electoral commission in Kabul, police said.",
    "Three guards were killed and eleven people were wounded, the interior ministry said on Thursday.",
]
LATER = [
    "The death toll of the attack on a hostel in Kabul has risen to nine, the health ministry said.",
    "Three students died of their wounds overnight. Police said two gunmen had been shot dead.",
    "Residents of Taimani said the fighting had lasted for more than two hours.",
]
REWRITTEN = [
    "Nine young people lost their lives when armed men burst into their dormitory, doctors told us.",
    "Families waited all night outside the emergency ward. The siege ended at dawn on Friday.",
    "A government spokesman promised an inquiry into how the killers passed two checkpoints.",
]


def of(html: bytes, **known: object) -> Article:
    return read(Document(article_id="a", html=html, **{**HOSTEL, **known}), KNOWLEDGE)  # type: ignore[arg-type]


def refused(html: bytes, **known: object) -> str:
    with pytest.raises(PageError) as caught:
        of(html, **known)
    return caught.value.reason


@pytest.mark.parametrize(
    ("title", "paragraphs"),
    [("Mosque blast kills 44 in Kabul", MOSQUE), ("Kabul: bomber strikes at poll body", GATE)],
)
def test_read_refuses_the_report_of_another_attack(title: str, paragraphs: list[str]) -> None:
    """City, blast, police, killed and wounded are in every such report; no name, no place is shared."""
    assert refused(page(title=title, paragraphs=paragraphs), url=ADDRESS) == "other_text"


def test_read_refuses_another_attack_in_a_language_without_capitals() -> None:
    """The words of attacks are those of the pack; what they leave tells the two apart."""
    feed = {
        "title": "مردان مسلح به لیلیه دانشجویان در کابل حمله کردند",
        "summary": "پولیس کابل می‌گوید مردان مسلح در حمله به لیلیه دانشجویان در ناحیه تایمنی شش تن را کشتند.",
        "lang": "fa",
    }
    other = [
        "در نتیجه انفجار در یک مسجد در ناحیه خیرخانه کابل چهل و چهار تن کشته شدند، پولیس می‌گوید.",
        "وزارت داخله گفته است که ده‌ها تن دیگر در این حمله زخمی شده‌اند. کسی مسوولیت آن را نپذیرفته است.",
    ]
    html = page(title="انفجار در مسجد کابل", paragraphs=other)
    assert refused(html, **feed) == "other_text"
    own = [str(feed["summary"]).replace("شش", "نه"), *other[1:]]
    assert own[0] in of(page(title="شمار قربانیان بالا رفت", paragraphs=own), **feed).body


@pytest.mark.parametrize(
    ("title", "paragraphs"),
    [
        ("Kabul hostel attack: death toll rises to nine", LATER),
        ("Toll rises", LATER),
        (HOSTEL["title"].replace("Six", "Nine"), REWRITTEN),
    ],
    ids=["retitled", "title says nothing", "only the title stayed"],
)
def test_read_takes_a_true_update(title: str, paragraphs: list[str]) -> None:
    """Headline rewritten, toll newer, text new: still the article."""
    assert "nine" in of(page(title=title, paragraphs=paragraphs), url=ADDRESS).body.casefold()


def test_read_knows_an_article_that_was_rewritten_by_its_minute_or_its_address() -> None:
    """Neither headline nor summary is left of it: what the page says of itself decides."""
    text = [*REWRITTEN, "Police closed the area to all but relatives."]
    minute = ld(datePublished=THURSDAY.isoformat())
    address = f"<link rel='canonical' href='{ADDRESS}?amp'>"
    for head in (minute, address):
        html = page(head=head, title="A night of fear", paragraphs=text)
        assert "dormitory" in of(html, url=ADDRESS, published=THURSDAY, published_basis="feed").body
    html = page(title="A night of fear", paragraphs=text)
    assert refused(html, url=ADDRESS, published=THURSDAY, published_basis="feed") == "other_text"


def test_read_asks_more_of_a_page_of_another_day() -> None:
    """An address that is used again: half of what identifies the article, or its title, has to be there."""
    text = [
        "Armed men attacked a hostel in Kabul and killed three guards, an official said on Monday.",
        "It was the second such raid in the city this spring. Two attackers were shot dead.",
    ]
    for days, title, taken in (
        (0, "Raid ends", True), (40, "Raid ends", False), (40, HOSTEL["title"], True),
    ):  # fmt: skip
        made = (THURSDAY - dt.timedelta(days=days)).isoformat()
        html = page(head=ld(datePublished=made), title=title, paragraphs=text)
        known = {"url": "https://post.example/n/4711", "published": THURSDAY}
        if taken:
            assert "three guards" in of(html, **known).body
        else:
            assert refused(html, **known) == "other_text"


def test_read_takes_no_ordinary_headline_for_the_same() -> None:
    """Two blasts have one headline but for the toll: the summaries tell them apart."""
    known = {
        "title": "Blast in Kabul kills eight",
        "summary": "A magnetic mine exploded under a minibus of railway clerks near the Pamir cinema "
        "and killed eight people, police said.",
    }
    assert (
        refused(page(title="Blast in Kabul kills 44", paragraphs=MOSQUE), **known) == "other_text"
    )
    newer = [
        "Nine people died when a mine exploded under a minibus of railway clerks near the cinema.",
        "One of the wounded died in hospital on Thursday night, a doctor in Kabul said.",
    ]
    assert "Nine" in of(page(title="Blast in Kabul kills nine", paragraphs=newer), **known).body


@pytest.mark.parametrize("front", ["/world", "/latest-news", "/en/asia/", "/"])
def test_read_refuses_the_front_of_a_section(front: str) -> None:
    """It announces the article, and others beside it whose tolls are not the article's."""
    head = f"<link rel='canonical' href='https://post.example{front}'>"
    listed = [f"{HOSTEL['title']}. {HOSTEL['summary']}", *MOSQUE, *GATE]
    html = page(head=head, title="Latest news from around the world", paragraphs=listed)
    assert refused(html, url=ADDRESS) == "home_page"
    named = page(head=head, title=HOSTEL["title"], paragraphs=[HOSTEL["summary"], *LATER])
    assert "nine" in of(named, url=ADDRESS).body


@pytest.mark.parametrize("said", ["Blast in Kabul", "Explosion kills people in Kabul, police say"])
def test_read_takes_a_page_that_nothing_in_the_feed_tells_from_others(said: str) -> None:
    """Nothing but ordinary words: the page counts, as no word speaks against it."""
    html = page(title="Mosque blast kills 44 in Kabul", paragraphs=MOSQUE)
    assert "44" in of(html, title=said, summary=None).body
