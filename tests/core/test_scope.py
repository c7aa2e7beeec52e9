"""Whether a figure belongs to the attack that an article is about, and what it is otherwise."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.annotate import annotate
from worker.core.annotate.counts import find_counts
from worker.core.annotate.cut_text import cut_text
from worker.core.annotate.events import EventSentence
from worker.core.domain.document import Article
from worker.core.domain.vocabulary import Scope
from worker.core.segment.anchor import find_anchor
from worker.core.segment.scope import ScopedCount, score_counts
from worker.core.text.prose import compose

KNOWLEDGE = load_knowledge(PORTSMERE)
WEIGHTS = KNOWLEDGE.segment_weights
WEDNESDAY = dt.datetime(2031, 3, 12, 15, 0, tzinfo=dt.UTC)
LEAD = "A bomb killed 14 people at a market in Ropewalk on Tuesday, police said."
"""The main attack of most texts here."""


def read(
    body: str, title: str | None = None, lang: str = "en"
) -> tuple[tuple[ScopedCount, ...], EventSentence | None]:
    """The scored counts of an article, and its anchor."""
    text = f"{title}\n\n{body}" if title else body
    article = Article(
        "a", 1, title, body, text, "", None, None, lang, WEDNESDAY, "feed", None, None,
    )  # fmt: skip
    found = annotate(article, compose(title, text, lang), KNOWLEDGE)
    anchor = find_anchor(found.events, found.counts, WEIGHTS.event)
    return score_counts(found.events, found.counts, WEIGHTS, anchor), anchor


def main(body: str, title: str | None = None, lang: str = "en") -> list[int | None]:
    """The numbers that belong to the main attack, in the order of the text."""
    return [s.count.value for s in read(body, title, lang)[0] if s.is_main]


def scopes(body: str) -> list[tuple[int | None, Scope]]:
    """Each number after the lead's 14 with its scope."""
    return [(s.count.value, s.scope) for s in read(f"{LEAD} {body}")[0]][1:]


@pytest.mark.parametrize(
    "body",
    [
        "Last month gunmen killed 23 people in the same street.",
        "A similar attack killed 23 people at a school.",
        "The last big attack there was at a school, where a bomber killed 23 people.",
        "In May 2029 gunmen shot dead 23 people in Chandlers Row.",
        "Two weeks after gunmen killed 23 people in Chandlers Row, nobody felt safe.",
        "Nine days earlier, an attack on a school at the far end of the city had killed 23.",
        "Weeks before, 23 people were killed in a bombing in Ward 2.",
        "On 2 March gunmen killed 23 people at a school in Ward 3.",
        "The decades of civil war killed 23 people of his village.",
    ],
)
def test_score_counts_tells_background(body: str) -> None:
    """Another time near the count, its event or its clause puts it outside."""
    assert scopes(body) == [(23, "background")]


@pytest.mark.parametrize(
    "body",
    [
        "This year 230 people have been killed in such attacks.",
        "The UN recorded 230 deaths in the city.",
        "From January through June, 230 civilians were killed, the UN said.",
        "A wave of bombings has killed 230 people in Portsmere.",
        "It was the third attack this year, in which 230 people have died.",
    ],
)
def test_score_counts_tells_counts_of_many_attacks(body: str) -> None:
    """A stretch of time or a series of attacks beside the count: no toll of this one."""
    assert scopes(body) == [(230, "aggregate")]


@pytest.mark.parametrize(
    "body",
    [
        "Meanwhile, a roadside bomb killed three soldiers in Brackwater.",
        "Elsewhere, three soldiers were killed in Brackwater.",
        "The blast shook people who still mourned a mosque in Eastmoor where a fire bomb killed three.",
        "In a separate incident, gunmen killed three soldiers in Eastmoor on Tuesday.",
        "A blast in Brackwater killed three soldiers on Tuesday.",
    ],
)
def test_score_counts_tells_attacks_elsewhere(body: str) -> None:
    """A place outside, or a word that turns to another attack, puts the count outside."""
    assert scopes(body) == [(3, "other_incident")]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("The blast wounded 30 people, officials said.", 30),
        ("The attackers killed three guards before police shot them.", 3),
        ("Three guards died later in hospital.", 3),
        ("The health ministry said 30 people had been wounded.", 30),
        ("At least 30 people were wounded when the bomb exploded near a school.", 30),
        ("The explosion, which wounded 30 people, was heard in Ward 5.", 30),
        ("Two American soldiers were wounded in the attack.", 2),
        ("Three of the wounded had been injured by glass, witnesses said.", 3),
        ("Last month the market had opened again. The bomb wounded 30 people.", 30),
        ("The market is the biggest of eastern Portsmere; 30 people were wounded there.", 30),
        ("On Tuesday evening the ministry said 30 people were wounded.", 30),
        ("Thirty people were wounded on 11 March 2031, the ministry said.", 30),
    ],
)
def test_score_counts_leaves_the_main_attack_its_figures(body: str, value: int) -> None:
    """Neighbours of the wordings above that must not change."""
    assert (value, "incident") in scopes(body)


@pytest.mark.parametrize(
    ("title", "lead", "expected"),
    [
        ("Portsmere mourns", "Families buried their dead on Wednesday, a day after a bomb killed 80 people in Ropewalk.", [80]),
        (None, "A bomb killed two people in Ropewalk on Tuesday, two weeks after gunmen killed 23 a few streets away.", [2]),
        (None, "The bombing that killed two people in Ropewalk comes a week after gunmen killed 23 people there.", [2]),
        (None, "Two people have died a week after a bombing in Ropewalk that wounded 30.", [2, 30]),
        (None, "Two people died in Ropewalk on Tuesday after a bomb exploded, wounding 30.", [2, 30]),
        ("Toll of Ropewalk blast rises to 15", "The death toll of the blast in Ropewalk rose to 15 on Wednesday after a girl died in hospital.", [15, 15, 1]),
        (None, "A bomb killed 40 people in Ropewalk on Tuesday in one of the worst attacks since 2014.", [40]),
    ],
)  # fmt: skip
def test_score_counts_at_the_top_asks_which_attack_the_clause_tells(
    title: str | None, lead: str, expected: list[int]
) -> None:
    """ "A week after …" is another attack only if the clause before it tells one of its own."""
    assert main(lead, title) == expected


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        ("After a bomber killed 20 people on Monday, gunmen attacked a mosque in Ropewalk on Wednesday.", []),
        ("A week after a bomb killed nine people, rockets hit Ropewalk on Wednesday, wounding two guards.", [2]),
        ("After a bomber killed two guards at the gate, gunmen stormed a hotel in Ropewalk on Wednesday.", [2]),
        ("A day after a blast that left 90 people dead, residents of Portsmere counted the cost of another attack.", [90]),
        ("After a bomb killed nine people in Ropewalk on Monday, shops were shut on Wednesday.", [9]),
    ],
)  # fmt: skip
def test_score_counts_of_a_clause_in_front(lead: str, expected: list[int]) -> None:
    """Another attack if what follows tells one, days apart; else the first act of the same."""
    assert main(lead) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("On Monday, a magnetic bomb killed two doctors in the city.", [14]),
        ("The bombing came hours after a car bomb killed 12 people at a school.", [14]),
        ("Officials have failed to stop attacks that have killed hundreds of people.", [14]),
        ("On Wednesday, the ministry said that two more people had died.", [14, 2]),
        ("The attack ended hours after gunmen killed 12 people.", [14, 12]),
    ],
)
def test_score_counts_of_another_day_or_hour(body: str, expected: list[int]) -> None:
    """A new weapon on another day, or hours before, is another attack; news of another day is not."""
    assert main(f"{LEAD} {body}") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("In all, 250 people have died in the city's mosques since May.", [14]),
        ("The 15 dead make it the deadliest attack since May.", [14, 15]),
        ("Eleven people were killed in such incidents in Portsmere over the past week.", [14]),
        ("Since the start of the year, by our count, bombs have killed 173 people here.", [14]),
        ("A June bombing in Ward 2 killed 23.", [14]),
        ("A bombing on Tuesday in Ropewalk killed 15.", [14, 15]),
    ],
)
def test_score_counts_over_a_stretch_of_time(body: str, expected: list[int]) -> None:
    """Who died "since May" died in many attacks; "the deadliest attack since May" is one."""
    assert main(f"{LEAD} {body}") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("In June, clerics in the same city were attacked in like manner; 23 people died.", [14]),
        ("Last summer a bomber struck a school. Twenty-three people died there.", [14]),
        ("Last summer a bomber struck a school. In Ropewalk 15 people are dead now.", [14, 15]),
        ("Last summer a bomber struck a school.\n\nFifteen bodies are in the hospital.", [14, 15]),
        ("Earlier the same morning, a magnetic mine in Ward 2 killed 23 people.", [14]),
        ("The same morning 15 bodies were brought to the hospital.", [14, 15]),
    ],
)
def test_score_counts_of_a_sentence_that_opens_another_time(body: str, expected: list[int]) -> None:
    """What a sentence opens with holds for all of it, and for what goes on with it."""
    assert main(f"{LEAD} {body}") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("On Sunday 23 people were killed when a truck bomb went off at another gate.", [14]),
        ("Roads stayed shut, and on Sunday a van was bombed in Ward 2, with 23 deaths.", [14]),
        (
            "A child who was hurt in the blast died on Wednesday, and 15 are dead now.",
            [14, 1, 15],
        ),
        ("Its group claimed on Wednesday that its bomber had killed 15.", [14, 15]),
    ],
)
def test_score_counts_beside_another_day(body: str, expected: list[int]) -> None:
    """An attack told anew with another day is another; a late death and a saying are of this one."""
    assert main(f"{LEAD} {body}") == expected


def test_score_counts_looks_for_the_day_below_a_top_without_one() -> None:
    """A note of the editors, or a byline, may stand above the sentence that dates the attack."""
    body = "(Corrects the name of the street)\n\nA bomb killed 14 people on Tuesday in Ropewalk.\n\nOn Sunday two guards were killed when a truck bomb failed."

    assert main(body) == [14]


def test_score_counts_sets_a_sum_over_places_aside() -> None:
    """Each place has its own toll; two blows at one scene are one attack, and so is their sum."""
    places = "Two bombings killed five people in Portsmere on Tuesday. One in Ropewalk killed three people. One in Old Saltpan killed two people."
    scene = "Two blasts killed five people in Portsmere on Tuesday. The first killed three people. The second killed two people."

    assert main(places) == [3, 2]
    assert main(scene) == [5, 3, 2]


def test_score_counts_of_one_sentence_with_two_places() -> None:
    """The count belongs to the event that it hangs on, in either order."""
    away = "Gunmen attacked a police post in Brackwater, killing three policemen, while a rocket landed near a hotel in Portsmere."
    here = "Gunmen attacked a police post in Ropewalk, killing three policemen, while a rocket landed near a hotel in Brackwater."

    assert main(away) == []
    assert main(here) == [3]


def test_score_counts_one_breath_shares_what_is_said_of_time() -> None:
    """ "last month" stands beside the dead only, and speaks of the wounded too."""
    body = "Last month a car bomb in the same street killed nine people and wounded around 40."

    assert [scope for _, scope in scopes(body)] == ["background", "background"]


def test_score_counts_knows_a_number_again() -> None:
    """The toll of the lead printed again is the same figure, whatever the sentence is about."""
    again, other = (
        read(f"{LEAD} Last month the street was full; now {number} people are dead.")[0][1]
        for number in ("14", "nine")
    )

    assert again.is_main
    assert not other.is_main


def test_score_counts_repeats_nothing_that_the_top_tells_of_another_attack() -> None:
    """ "Two weeks after gunmen killed 23": the 23 of the body are no main figure."""
    body = (
        "A bomb killed two people in Ropewalk on Tuesday, two weeks after gunmen killed 23 nearby. "
        "Police came. Shops closed. Last month 23 people were killed there."
    )

    assert main(body) == [2]


def test_score_counts_stays_turned_until_something_turns_back() -> None:
    """After a turn the next sentence is still the other attack; "the blast" in a new paragraph is not."""
    body = f"{LEAD}\n\nMeanwhile, gunmen attacked a bus in Brackwater. Three policemen were killed.\n\nThe blast in Ropewalk wounded 30 people."

    assert main(body) == [14, 30]


def test_score_counts_of_a_plot_is_hypothetical_at_most() -> None:
    """A feared toll is no statement about another incident."""
    assert (5, "incident") in scopes("Rescuers feared the attack had killed five more people.")


ROUNDUP = (
    "Gunmen killed five soldiers in Brackwater on Tuesday. The governor said the fighting lasted an hour. "
    "Also Tuesday, two rockets hit central Portsmere, wounding three people. Nobody claimed it. "
    "Meanwhile, a bomb in Eastmoor killed seven people."
)


def test_find_anchor_of_a_round_up_is_its_item_here() -> None:
    """Only the figures of the item are the attack's."""
    counts, anchor = read(ROUNDUP)

    assert anchor is not None
    assert anchor.body_number == 2
    assert [s.count.value for s in counts if s.is_main] == [3]


@pytest.mark.parametrize(
    "body",
    [
        LEAD,
        f"{LEAD} Also Tuesday, gunmen wounded two people in Ward 5.",
        "A suicide bomber struck a mosque on Tuesday, killing 14 people. The blast shook Ropewalk.",
        "A suicide bomber struck a mosque on Tuesday, killing 14 people. Police said a bomber blew himself up in Ropewalk.",
        "Gunmen killed five soldiers in Brackwater on Tuesday. Last month a bomb killed two people in Portsmere.",
        "Gunmen killed five soldiers in Brackwater. A ministry in Portsmere condemned the attack.",
    ],
)
def test_find_anchor_is_the_top_of_a_plain_report(body: str) -> None:
    """A second sentence with the place, a side item, an old attack and a reaction are no anchor."""
    assert read(body)[1] is None


@pytest.mark.parametrize(
    "items",
    [
        "TUNIS: Fishermen ended a strike.\n\nPORTSMERE: Gunmen killed two people in Ropewalk on Monday.\n\nLIMA: At least 14 people died in a gun attack.",
        "• Valdra: a bomb in Ropewalk, Portsmere, killed two people on Monday.\n• Yemen: 14 people killed in a blast.",
        "1. A bomb in Ropewalk killed two people on Monday.\n2. A bomb in Lima killed 14 people.",
    ],
)
def test_score_counts_of_a_list_keeps_to_the_item_here(items: str) -> None:
    """Labels, bullets and numbers make items; each that is not of the area is other news."""
    assert main(items, "World in brief") == [2]


def test_score_counts_of_one_labelled_sentence_makes_no_list() -> None:
    """A dateline of a plain report, or "Toll:", is no item of anything."""
    assert main("PORTSMERE: A bomb killed 14 people in Ropewalk.\n\nThree more died later.") == [
        14,
        3,
    ]


@pytest.mark.parametrize(
    "entries",
    [
        "• Thirty people wounded\n• Three guards killed",
        "12:58 Police: three guards killed\n13:20 Ministry: 30 people wounded",
    ],
)
def test_score_counts_of_a_live_blog_leaves_its_entries_to_the_headline(entries: str) -> None:
    """Bullets and entries under a headline that tells an attack here are about that one."""
    assert set(main(entries, "Ropewalk guesthouse attack: live updates")) == {3, 30}


def test_score_counts_of_places_one_after_another() -> None:
    """Each clause of a list of places has its own toll; a road's name is no clause."""
    several = "In Portsmere a bomb killed two people; in Brackwater five soldiers were killed; in Eastmoor gunmen killed nine."
    road = "A bomb in Portsmere on the Brackwater road killed two people."

    assert main(several) == [2]
    assert main(road) == [2]


def test_scored_counts_explain_themselves() -> None:
    """The terms add up to the score, and name what spoke against."""
    scored = read(f"{LEAD} Last month gunmen killed 23 people.")[0][1]

    assert scored.score == pytest.approx(sum(weight for _, weight in scored.terms))
    assert min(scored.terms, key=lambda term: term[1])[0] == "earlier_near"


def test_score_counts_without_event_words_goes_by_the_count() -> None:
    """A text whose sentences were not read still has scores: what the count says by itself."""
    prose = compose(None, f"{LEAD} This year 230 people were killed.", "en")
    counts = find_counts(cut_text(prose, KNOWLEDGE.languages["en"]))

    scored = score_counts((), counts, WEIGHTS)

    assert [(s.count.value, s.is_main) for s in scored] == [(14, True), (230, False)]


LEADS = {
    "es": "Una bomba mató a 14 personas el martes en Portsmere.",
    "tr": "Portsmere'de salı günü düzenlenen bombalı saldırıda 14 kişi öldü.",
    "hi": "Portsmere में मंगलवार को हुए बम धमाके में 14 लोग मारे गए।",
    "ar": "قتل 14 شخصا في انفجار قنبلة في Portsmere يوم الثلاثاء.",
    "fa": "در انفجار بمب در Portsmere روز سه‌شنبه ۱۴ نفر کشته شدند.",
}
"""The main attack, in other languages: only a few word classes of theirs know of scope."""


@pytest.mark.parametrize(
    ("lang", "body"),
    [
        ("es", "Hace dos meses, otro atentado mató a 23 personas."),
        ("es", "La semana pasada 23 personas murieron en un mercado."),
        ("es", "Desde 2029 han muerto 23 personas en una serie de atentados."),
        ("es", "En otro ataque, en Brackwater, murieron 23 soldados."),
        ("tr", "Geçen ay düzenlenen saldırıda 23 kişi ölmüştü."),
        ("tr", "İki hafta önce düzenlenen saldırıda 23 kişi ölmüştü."),
        ("hi", "पिछले महीने हुए हमले में 23 लोग मारे गए थे।"),
        ("hi", "इससे पहले हुए हमले में 23 लोग मारे गए थे।"),
        ("ar", "وقبل شهرين قتل 23 شخصا في هجوم مماثل."),
        ("ar", "وقتل 23 شخصا الشهر الماضي في تفجير."),
        ("fa", "ماه گذشته در یک حمله ۲۳ نفر کشته شدند."),
    ],
)
def test_score_counts_tells_other_attacks_in_other_languages(lang: str, body: str) -> None:
    """Earlier, many and separate attacks, by the shared rules."""
    assert main(f"{LEADS[lang]} {body}", lang=lang) == [14]


@pytest.mark.parametrize(
    ("lang", "body"),
    [
        ("es", "La explosión dejó además 30 heridos."),
        ("es", "Hace dos horas, la policía cifró en 30 los heridos."),
        ("tr", "Saldırıda 30 kişi de yaralandı."),
        ("hi", "धमाके में 30 लोग घायल हुए।"),
        ("ar", "وأصيب 30 شخصا في الانفجار."),
        ("fa", "در این انفجار ۳۰ نفر زخمی شدند."),
    ],
)
def test_score_counts_leaves_the_main_attack_its_figures_in_other_languages(
    lang: str, body: str
) -> None:
    """What goes on with the attack stays with it."""
    assert main(f"{LEADS[lang]} {body}", lang=lang) == [14, 30]
