"""Notices of words alone: the item that is meant is withdrawn, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell.wire_desk import WireDesk, figure
from tests.shell.wire_items import SLUG, Sent, anpa, bomb, g2, iptc7901

BOMB = "Car bomb kills four at Customs House in Portsmere"
SHOT = "Gunmen shoot dead two lawyers in Netmakers Row, Portsmere"
SHOOTING = (
    "PORTSMERE, Valdra - Gunmen shot dead two lawyers in Netmakers Row in Portsmere on Wednesday "
    "evening, May 7, the City Guard said.\n\nThe attackers fled on a motorbike. Nobody has been arrested."
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WireDesk]:
    """An agency that told of a bombing and of a shooting, under one keyword line and another id each."""
    made = WireDesk(tmp_path, "Agency", "Other")
    made.deliver(g2(Sent(BOMB, bomb("four"), id=157)), g2(Sent(SHOT, SHOOTING, id=158, minute=2)))
    assert left(made) == {4, 2}
    yield made
    made.close()


def left(desk: WireDesk) -> set[int | None]:
    """The deaths of each incident that stands."""
    return {figure(incident) for incident in desk.live()}


def notice(
    body: str, title: str = "KILL KILL KILL", slug: str = "ADVISORY", minute: int = 30
) -> Sent:
    """A notice with an id of its own."""
    return Sent(title, body, id=900 + minute, minute=minute, slug=slug)


KILLED = [
    ("its id", notice("Please kill item tag:agency.example,2031:157 on the blast."), {2}),
    ("slug and hour", notice(f"Please kill {SLUG}, sent at 1400 GMT."), {2}),
    ("slug, day and hour", notice(f"Please kill {SLUG} of May 8, moved at 1402 GMT."), {4}),
    ("slug and headline", notice(f"Kill {SLUG}. The story headlined '{BOMB}' is wrong and is withdrawn."), {2}),
    ("own slug and headline", notice("There was none.", f"KILL: {BOMB}", SLUG), {2}),
]  # fmt: skip
SPARED = [
    ("slug of both", notice(f"Please kill {SLUG}.")),
    ("another day", notice(f"Please kill {SLUG} of May 7.")),
    ("another hour", notice(f"Please kill {SLUG}, sent at 1500 GMT.")),
    ("a longer slug", notice(f"Please kill {SLUG} Victims, sent at 1400 GMT.")),
    ("a shorter slug", notice("Please kill BC-WM--Customs, sent at 1400 GMT.")),
    ("another id", notice("Please kill item tag:agency.example,2031:15 on the blast.")),
    ("own slug of both", notice("There was none.", "KILL KILL KILL", SLUG)),
]


@pytest.mark.parametrize(("sent", "stand"), [k[1:] for k in KILLED], ids=[k[0] for k in KILLED])
def test_chain_withdraws_what_a_notice_names(
    sent: Sent, stand: set[int | None], desk: WireDesk
) -> None:
    """Named by id, by keyword line and hour, or by its headline, one is withdrawn, the other stands."""
    desk.deliver(g2(sent))

    assert left(desk) == stand


@pytest.mark.parametrize("sent", [s[1] for s in SPARED], ids=[s[0] for s in SPARED])
def test_chain_spares_what_a_notice_does_not_name(
    sent: Sent, desk: WireDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """A notice that fits several items, or none, withdraws nothing, and the log warns a person."""
    desk.deliver(g2(sent))

    assert left(desk) == {4, 2}
    assert "kill.unmatched" in capsys.readouterr().out


def test_chain_takes_news_of_killing_for_no_notice(
    desk: WireDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is withdrawn, and nothing is missed."""
    desk.deliver(g2(Sent("Killed in blast: names of the four", "The names.", id=990, minute=30)))

    assert left(desk) == {4, 2}
    assert "kill.unmatched" not in capsys.readouterr().out


@pytest.mark.parametrize("sent", [k[1] for k in KILLED], ids=[k[0] for k in KILLED])
def test_chain_hears_no_notice_of_another_outlet(sent: Sent, desk: WireDesk) -> None:
    """An agency withdraws its own items only."""
    desk.deliver(g2(sent), outlet="Other")

    assert left(desk) == {4, 2}


def test_chain_withdraws_by_the_number_of_the_day(tmp_path: Path) -> None:
    """Number 157 of today, not that of yesterday; behind midnight that of the day before."""
    desk = WireDesk(tmp_path)
    desk.deliver(
        iptc7901(Sent(SHOT, SHOOTING, id=157, minute=-1440, slug="Valdra/shooting")),
        iptc7901(Sent(BOMB, bomb("four"), id=157, slug="Valdra/blast")),
    )
    desk.deliver(iptc7901(Sent("Blast", id=160, minute=5, status="canceled", ends=157, slug="x")))
    assert left(desk) == {2}
    desk.deliver(iptc7901(Sent(BOMB, bomb("five"), id=300, minute=540, slug="Valdra/again")))
    desk.deliver(iptc7901(Sent("Blast", id=3, minute=605, status="canceled", ends=300, slug="x")))
    assert left(desk) == {2}
    desk.close()


def test_chain_withdraws_a_slug_of_anpa_with_all_its_versions(tmp_path: Path) -> None:
    """The slug with KILL behind it ends the story; that of the victims stays."""
    desk = WireDesk(tmp_path)
    desk.deliver(
        anpa(BOMB, bomb("four")),
        anpa(BOMB, bomb("six"), "1st Ld", 10),
        anpa(SHOT, SHOOTING, minute=12, slug=f"{SLUG} Victims"),
        anpa("Customs House blast", "A kill is mandatory. There was no blast.", "KILL", 20),
        anpa(BOMB, bomb("six"), "1st Ld", 10),
    )

    assert left(desk) == {2}
    desk.close()


def test_chain_withdraws_a_telegram_by_its_keyword_line(tmp_path: Path) -> None:
    """Telegrams have neither id nor date: the keyword line of the notice is that of the story."""
    desk = WireDesk(tmp_path)

    def telegram(slug: str, title: str, body: str) -> str:
        return f"ZCZC AAP\n#{slug}\n${title}\n:(PORTSMERE)\n*16000000\n{body}\n\nNNNN\n"

    desk.deliver(
        telegram("Blast_BC1", BOMB, bomb("four")),
        telegram("Shooting_BC1", SHOT, SHOOTING),
        telegram("Blast_BC1", "KILL KILL KILL - Customs House blast", "There was no blast."),
        telegram("Blast_BC1", BOMB, bomb("four")),
    )

    assert left(desk) == {2}
    desk.close()


def test_chain_lets_a_correction_stand_in_for_the_item_it_names(tmp_path: Path) -> None:
    """ "Replaces item …" is a version of that one: its figure goes, and later versions follow it."""
    desk = WireDesk(tmp_path)
    desk.deliver(g2(Sent(BOMB, bomb("four"), id=157)))
    note = "Berichtigung: ersetzt die Meldung mit der Kennung tag:agency.example,2031:157"
    desk.deliver(g2(Sent(BOMB, bomb("three"), id=190, minute=10, note=note)))
    assert (left(desk), len(desk.incident()["reports"])) == ({3}, 1)

    desk.deliver(g2(Sent(BOMB, bomb("two"), id=190, minute=20)))

    assert (left(desk), len(desk.incident()["reports"])) == ({2}, 1)
    desk.close()


@pytest.mark.parametrize("signal", ["update", "refile", "repeat", "correction"])
def test_chain_keeps_two_attacks_under_one_keyword_line_apart(signal: str, tmp_path: Path) -> None:
    """A later item with the line of another story, and all words of its headline but one, is its own."""
    desk = WireDesk(tmp_path)
    other = bomb("four").replace(
        "Customs House on Lantern Quay in Portsmere", "old mill in Eastmoor"
    )
    desk.deliver(
        g2(Sent("Car bomb kills four in Portsmere", bomb("four"), id=157)),
        g2(Sent("Car bomb kills four in Eastmoor", other, id=190, minute=20, signal=signal)),
    )

    titles = [report["title"] for incident in desk.live() for report in incident["reports"]]
    assert "Car bomb kills four in Portsmere" in titles
    desk.close()
