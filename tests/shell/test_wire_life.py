"""The life of wire items, from the bytes in a spool to the records of the topics, format by format."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.shell.press import topic
from tests.shell.wire_desk import KNOWLEDGE, PushDesk, WireDesk, figure
from tests.shell.wire_items import AT, FORMATS, SLUG, Sent, anpa, bomb, g2, iptc7901, ninjs
from worker.replay import replay

Wrap = Callable[[Sent], str]
FORMAT = pytest.mark.parametrize("wrap", FORMATS.values(), ids=FORMATS.keys())
TITLE = "Car bomb kills {} at Customs House in Portsmere"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WireDesk]:
    """The spool of one agency."""
    made = WireDesk(tmp_path)
    yield made
    made.close()


def story(dead: str, minute: int = 0, **more: object) -> Sent:
    """A transmission that tells of so many dead."""
    return Sent(TITLE.format(dead), bomb(dead), minute=minute, **more)  # type: ignore[arg-type]


def _numbered(sent: Sent, number: int) -> Sent:
    """With the number that a format gives to each transmission."""
    return replace(sent, number=number)


def kinds(desk: WireDesk) -> list[str]:
    """The kind of each revision so far."""
    return [r["value"]["change"]["kind"] for r in topic(desk.folder, "incident-log.v1")]


@pytest.fixture
def pushed(tmp_path: Path) -> Iterator[PushDesk]:
    """The address to which one agency pushes."""
    made = PushDesk(tmp_path)
    yield made
    made.close()


@FORMAT
@pytest.mark.parametrize("way", ["desk", "pushed"])
def test_chain_takes_a_story_from_alert_to_kill(
    wrap: Wrap, way: str, request: pytest.FixtureRequest
) -> None:
    """By spool and by push each transmission is in the topic at once: the newest figure, one report,
    then nothing.
    """
    desk: WireDesk = request.getfixturevalue(way)
    numbers = count(157)
    steps: list[tuple[Sent, int | None]] = [
        (Sent(TITLE.format("two")), 2),
        (story("three", 5, signal="update"), 3),
        (story("eleven", 20, signal="update"), 11),
        (story("seven", 40, signal="correction"), 7),
    ]
    for sent, killed in steps:
        desk.deliver(wrap(_numbered(sent, next(numbers))))
        assert desk.killed() == killed
        assert desk.incident()["n_independent"] == len(desk.incident()["reports"]) == 1

    desk.deliver(wrap(Sent("Car bomb at Customs House in Portsmere", status="canceled", minute=50,
                           number=next(numbers), ends=157)))  # fmt: skip

    assert desk.live() == []
    assert [i["state"] for i in desk.incidents()] == ["retracted"]
    assert kinds(desk) == ["created", "updated", "updated", "updated", "retracted"]
    revisions = topic(desk.folder, "incident-log.v1")
    report = revisions[-2]["value"]["reports"][0]["report_id"]
    assert [r["value"]["change"]["cause_report"] for r in revisions[-2:]] == [report, report]
    assert not isinstance(desk, PushDesk) or desk.answers == [200] * 5


@FORMAT
def test_chain_goes_by_the_time_of_the_wire(wrap: Wrap, desk: WireDesk) -> None:
    """A version that comes late changes nothing, before a kill and behind it; delivered twice neither."""
    late = wrap(_numbered(story("three", 5, signal="update"), 158))
    desk.deliver(wrap(story("two")), wrap(_numbered(story("eleven", 20, signal="update"), 159)))
    before = kinds(desk)

    if (
        wrap is not FORMATS["iptc7901"]
    ):  # there a late version is another item, and merging's to judge
        desk.deliver(late, late)
        assert (desk.killed(), kinds(desk)) == (11, before)
    desk.deliver(wrap(Sent("Customs House", status="canceled", minute=30, number=160, ends=157)))
    desk.deliver(wrap(story("two")), wrap(_numbered(story("eleven", 20, signal="update"), 159)))

    assert desk.live() == []


@FORMAT
def test_chain_obeys_a_kill_that_comes_before_its_story(wrap: Wrap, desk: WireDesk) -> None:
    """What was killed before it arrived is never published; sent anew with a later time it is."""
    desk.deliver(wrap(Sent("Customs House", status="canceled", minute=30, number=160, ends=157)))
    desk.deliver(wrap(story("two")))
    assert desk.incidents() == []

    desk.deliver(wrap(story("three", 45)))
    assert desk.killed() == 3


@FORMAT
def test_chain_holds_what_is_held(wrap: Wrap, desk: WireDesk) -> None:
    """A hold takes a story back until a later version releases it: the incident is the same one."""
    desk.deliver(wrap(story("two")))
    first = desk.incident()["incident_id"]

    desk.deliver(wrap(story("two", 10, status="withheld", number=160, ends=157)))
    assert desk.live() == []
    desk.wait(days=1)
    assert desk.live() == []

    desk.deliver(wrap(story("two", 20)))
    assert desk.incident()["incident_id"] == first
    assert desk.killed() == 2


@FORMAT
def test_chain_publishes_an_embargoed_item_at_its_instant(wrap: Wrap, desk: WireDesk) -> None:
    """Nothing of it is published a minute before its time, also across a restart; then all of it is."""
    desk.deliver(wrap(story("two", embargo=180)))
    desk.restart()
    desk.now = AT + dt.timedelta(minutes=179)
    desk.poll()
    assert desk.told() == ""

    desk.restart()
    desk.wait(minutes=1)

    assert desk.killed() == 2
    assert desk.reports()[0]["status"] == "new"


@pytest.mark.parametrize("wrap", [g2, ninjs], ids=["newsml-g2", "ninjs"])
def test_push_of_an_embargoed_item_is_published_at_its_instant(
    wrap: Wrap, pushed: PushDesk
) -> None:
    """Answered 200 and kept to the minute, over a restart; pushed again it adds nothing."""
    pushed.deliver(*[wrap(story("two", embargo=180))] * 2)
    pushed.restart()
    pushed.now = AT + dt.timedelta(minutes=179)
    pushed.poll()
    assert (pushed.told(), pushed.answers) == ("", [200, 200])

    pushed.wait(minutes=1)
    assert (pushed.killed(), len(kinds(pushed))) == (2, 1)


@FORMAT
@pytest.mark.parametrize("until", [120, 300])
def test_chain_follows_an_embargo_that_moves(wrap: Wrap, until: int, desk: WireDesk) -> None:
    """A new date takes the place of the old one, earlier or later; the first version is never read."""
    desk.deliver(wrap(story("two", embargo=180)))
    desk.deliver(wrap(story("three", 5, embargo=until)))
    for minutes in (until - 1, until):
        assert desk.told() == ""
        desk.now = AT + dt.timedelta(minutes=minutes)
        desk.poll()
    desk.wait(days=1)

    assert (desk.killed(), len(kinds(desk))) == (3, 1)


@FORMAT
def test_chain_forgets_an_embargoed_item_that_is_killed(wrap: Wrap, desk: WireDesk) -> None:
    """Killed while it waits, it is not published when its hour comes."""
    desk.deliver(wrap(story("two", embargo=180)))
    desk.deliver(wrap(Sent("Customs House", status="canceled", minute=30, number=160, ends=157)))
    desk.wait(days=1)

    assert desk.incidents() == []
    assert "Customs House" not in desk.told()


@FORMAT
def test_chain_releases_an_embargo_that_is_lifted(wrap: Wrap, desk: WireDesk) -> None:
    """A version without embargo is published at once, and the old hour changes nothing more."""
    desk.deliver(wrap(story("two", embargo=180)))
    desk.deliver(wrap(story("two", 10)))
    assert desk.killed() == 2

    before = kinds(desk)
    desk.wait(days=1)
    assert kinds(desk) == before


@FORMAT
@pytest.mark.parametrize("signal", ["refile", "repeat"])
@pytest.mark.parametrize("same_id", [True, False])
def test_chain_takes_a_refile_or_repeat_for_no_second_attack(
    wrap: Wrap, signal: str, same_id: bool, desk: WireDesk
) -> None:
    """Sent again under the same id or another, a story is one attack, one report and one source."""
    desk.deliver(wrap(story("four")))
    item = 157 if same_id else 411
    desk.deliver(wrap(story("four", 30, signal=signal, id=item, number=item)))

    assert (desk.killed(), desk.incident()["n_independent"]) == (4, 1)
    assert len(desk.incident()["reports"]) == 1


@FORMAT
def test_chain_reads_a_repeat_of_what_never_came(wrap: Wrap, desk: WireDesk) -> None:
    """A repeat is the first that we see of a story when the line was down before."""
    desk.deliver(wrap(story("four", 30, signal="repeat")))

    assert desk.killed() == 4


def test_chain_recomputes_figures_without_a_killed_item(tmp_path: Path) -> None:
    """What others support stays, with their figures."""
    desk = WireDesk(tmp_path, "Agency", "Reuters")
    desk.deliver(FORMATS["ninjs"](story("four")), outlet="Reuters")
    desk.deliver(FORMATS["newsml-g2"](story("eleven", 9)), outlet="Agency")
    assert (desk.killed(), desk.incident()["n_independent"]) == (11, 2)

    desk.deliver(FORMATS["newsml-g2"](Sent("Gone", status="canceled", minute=20)), outlet="Agency")

    assert (desk.killed(), desk.incident()["n_independent"]) == (4, 1)
    desk.close()


def test_chain_leaves_what_stands_while_its_next_version_is_under_embargo(desk: WireDesk) -> None:
    """The words of the next version wait for their hour; those published before stay until then."""
    desk.deliver(g2(story("two")), g2(story("nine", 5, embargo=180)))
    assert desk.killed() == 2

    desk.wait(hours=3)
    assert desk.killed() == 9


def test_chain_holds_what_is_withheld_whatever_date_it_has(desk: WireDesk) -> None:
    """A date does not release what is withheld: only another version does."""
    desk.deliver(g2(story("two", status="withheld", embargo=180)))
    desk.wait(days=2)
    assert desk.incidents() == []

    desk.deliver(g2(story("two", 60 * 49)))
    assert desk.killed() == 2


@pytest.mark.parametrize("words", ["EMBARGOED until the minister speaks", "HOLD HOLD HOLD"])
def test_chain_waits_for_the_release_of_what_has_no_hour(words: str, desk: WireDesk) -> None:
    """An order in words without a date holds until another version comes without it."""
    desk.deliver(g2(replace(story("two"), note=words)))
    desk.restart()
    desk.wait(days=3)
    assert desk.told() == ""

    desk.deliver(g2(story("two", 30)))
    assert desk.killed() == 2


def test_chain_tells_which_report_a_kill_took_back_and_of_which_incident(desk: WireDesk) -> None:
    """The line of the kill names incident, revision and report, as the revision does."""
    desk.deliver(g2(story("two")))
    (incident,) = desk.live()
    with capture_logs() as lines:
        desk.deliver(g2(Sent("Gone", status="canceled", minute=5)))
    (line,) = (one for one in lines if one["event"] == "article.processed")
    told = (line["outcome"], line["incident"], line["revision"], line["report"])
    report = incident["reports"][0]["report_id"]
    assert told == ("withdrawn", incident["incident_id"], 2, report)


def test_chain_tells_no_log_of_what_is_under_embargo(
    desk: WireDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither headline nor toll is in the log before the hour."""
    desk.deliver(g2(story("two", embargo=180)))

    assert "Customs" not in capsys.readouterr().out


def test_chain_joins_the_takes_of_a_story(desk: WireDesk) -> None:
    """Lead, add and take are one article; a new lead brings its figure, a writethru ends the takes."""
    title = TITLE.format("four")
    desk.deliver(
        anpa(title, bomb("four")),
        anpa(title, "Nine people were wounded, hospital officials said.", "1st Add", 5),
        anpa(title, "The Red Tide claimed responsibility in a statement.", "2nd Take", 8),
    )
    joined = desk.incident()
    assert (figure(joined), figure(joined, "injured")) == (4, 9)
    assert [claim["group"] for claim in joined["claims"]] == ["Red Tide"]
    assert [report["title"] for report in joined["reports"]] == [title]

    desk.deliver(anpa(TITLE.format("six"), bomb("six"), "1st Ld", 20))
    assert (desk.killed(), figure(desk.incident(), "injured")) == (6, 9)

    desk.deliver(
        anpa(TITLE.format("seven"), bomb("seven"), "2nd Ld-Writethru", 30),
        anpa(title, "Twelve people were wounded, hospital officials said.", "3rd Take", 10),
    )
    assert (desk.killed(), figure(desk.incident(), "injured")) == (7, None)
    assert len(desk.incident()["reports"]) == 1


def test_chain_joins_takes_in_whatever_order_they_come(desk: WireDesk) -> None:
    """A lead that comes behind its take is the lead all the same, and a take sent anew replaces itself."""
    title = TITLE.format("four")
    desk.deliver(
        anpa(title, "Nine people were wounded, hospital officials said.", "2nd Take", 8),
        anpa(title, bomb("four")),
        anpa(title, "Ten people were wounded, hospital officials said.", "2nd Take", 12),
    )

    assert (desk.killed(), figure(desk.incident(), "injured")) == (4, 10)
    assert len(desk.incident()["reports"]) == 1


@pytest.mark.parametrize("wrap", [g2, ninjs, iptc7901], ids=["newsml-g2", "ninjs", "iptc7901"])
def test_chain_joins_takes_with_ids_of_their_own(wrap: Wrap, desk: WireDesk) -> None:
    """A keyword line with "2nd Take" continues the one story of that line; two stories share none."""
    more = "Nine people were wounded, hospital officials said."
    take = Sent(TITLE.format("four"), more, id=300, minute=8, slug=f"{SLUG}, 2nd Take")
    desk.deliver(wrap(story("four")), wrap(take))
    assert figure(desk.incident(), "injured") == 9
    assert len(desk.incident()["reports"]) == 1

    other = Sent("Storm hits the coast of Valdra", "Thirty people were wounded by falling trees.",
                 id=301, minute=9, slug="BC-WM--Coast Storm, 2nd Take")  # fmt: skip
    desk.deliver(wrap(other))
    assert figure(desk.incident(), "injured") == 9
    assert len(desk.incident()["reports"]) == 1


PAGE_MORE = (
    "The blast shattered windows along the quay and set two lorries on fire. Rescuers carried the dead "
    "and nine wounded to the harbour clinic, where relatives waited for news, a nurse said."
)


def signed(agency: str) -> str:
    """The bombing's text as an agency signs it in its dateline."""
    return bomb("four", PAGE_MORE).replace("Valdra - ", f"Valdra ({agency}) - ")


def test_chain_counts_a_wire_and_the_pages_made_of_it_once(tmp_path: Path) -> None:
    """The wire, its copy elsewhere and a shorter page signed by the agency are the agency's one voice."""
    desk = WireDesk(tmp_path, "AFP", "Gulf Mail", "Harbour Gazette", "Evening Post")
    desk.deliver(g2(story("four")).replace("Valdra - ", "Valdra (AFP) - "), outlet="AFP")
    desk.deliver(g2(Sent("Four dead", signed("AFP"), id=8, minute=9)), outlet="Gulf Mail")
    short = f"{bomb('four').partition(' - ')[2]} - AFP"
    desk.deliver(g2(Sent("Four die in Portsmere", short, id=9, minute=9)), outlet="Harbour Gazette")

    told = desk.incident()
    assert (told["n_independent"], len(told["reports"]), told["state"]) == (1, 3, "provisional")
    assert {report["agency"] for report in told["reports"]} == {"AFP"}

    own = "Four people died when a car exploded at the Customs House on Thursday, May 8, in Portsmere, "
    own += "two witnesses told the Evening Post. He had spoken with AFP before, the guard told Reuters."
    desk.deliver(g2(Sent("Four dead at the quay", own, id=10, minute=12)), outlet="Evening Post")
    assert (desk.incident()["n_independent"], desk.incident()["state"]) == (2, "active")
    desk.close()


def test_chain_counts_a_copy_without_signature_for_the_agency_of_its_text(tmp_path: Path) -> None:
    """Who took the signature out is still no source, nor is a third page that only the agency joins."""
    desk = WireDesk(tmp_path, "AFP", "Gulf Mail", "Harbour Gazette")
    desk.deliver(g2(Sent("Four dead", bomb("four", PAGE_MORE), id=8)), outlet="Gulf Mail")
    desk.deliver(g2(Sent("Four dead", signed("AFP"), id=7, minute=3)), outlet="AFP")
    short = f"{bomb('four').partition(' - ')[2]} - AFP"
    desk.deliver(g2(Sent("Four die in Portsmere", short, id=9, minute=9)), outlet="Harbour Gazette")

    assert desk.incident()["n_independent"] == 1
    assert {r["outlet"]: r["agency"] for r in desk.incident()["reports"]} == {
        "Gulf Mail": "AFP", "AFP": "AFP", "Harbour Gazette": "AFP",
    }  # fmt: skip
    desk.close()


def test_chain_counts_the_texts_of_two_agencies_as_two(tmp_path: Path) -> None:
    """Each credits its own, so they are two sources, however alike they are written."""
    desk = WireDesk(tmp_path, "Gulf Mail", "Harbour Gazette")
    desk.deliver(g2(Sent("Four dead", signed("AFP"), id=8)), outlet="Gulf Mail")
    desk.deliver(g2(Sent("Four dead", signed("Reuters"), id=9, minute=3)), outlet="Harbour Gazette")

    told = desk.incident()
    assert (told["n_independent"], told["state"]) == (2, "active")
    assert [report["copy_of"] for report in told["reports"]] == [None, None]
    desk.close()


def test_export_of_wires_replays_to_the_same_incidents(tmp_path: Path) -> None:
    """Credit by a field of the wire, takes, a kill and one that came too early are in the lines, or
    need not be.
    """
    desk = WireDesk(tmp_path, "Gulf Mail", "Harbour Gazette", "Agency")
    more = "Nine people were wounded, hospital officials said."
    desk.deliver(ninjs(Sent("Four dead", bomb("four"), id=8, provider="AFP")), outlet="Gulf Mail")
    other = (
        "Six people died when a car went up at the Customs House in Portsmere on Thursday, May 8."
    )
    desk.deliver(ninjs(Sent("Six dead", other, id=9, provider="AFP")), outlet="Harbour Gazette")
    desk.deliver(
        g2(Sent("Gone", status="canceled", id=30)),
        anpa(TITLE.format("four"), bomb("four")),
        anpa(TITLE.format("four"), more, "1st Add", 5),
        g2(story("eleven", 6, id=31)),
        g2(Sent("Gone", status="canceled", minute=7, id=31)),
        outlet="Agency",
    )

    outcome = replay(desk.exported(), tmp_path / "again", KNOWLEDGE)

    lines = (tmp_path / "again" / "incidents.v1.jsonl").read_text("utf-8").splitlines()
    again = {record["key"]: record["value"] for record in map(json.loads, lines)}
    assert outcome.problems == ()
    assert [v["n_independent"] for v in again.values()] == [2]
    same = ("state", "n_independent", "casualties", "reports")
    assert [{k: v[k] for k in same} for v in again.values()] == [
        {k: v[k] for k in same} for v in desk.incidents()
    ]
    desk.close()
