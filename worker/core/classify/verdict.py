"""The verdict on an article (is it a fresh report of an attack here?) and a role for each segment.

Rules
-----
1. Each segment is scored by the same features; the verdict is that of the best one. So a brief with
   an attack here as its second item is a report, and says which sentence made it one.
2. Label ``attack_report`` if and only if some segment is ``primary`` or ``roundup``.
3. A segment outside the area gets no role: no report is made of it, and its place is named in the
   verdict. A segment that counts attacks together, or only threatens one, gets none either.
4. An attack told without its place belongs to the area when the article's own head or lead does.
5. Where the top only counts attacks, and those of different days follow, each is a ``roundup``, however
   long ago of these days.
6. An article without any word of attack or harm, or without any sign of where, is ``other`` and
   dropped: nothing in it is judged.
7. A language we have no lexicon for is sent to a person when it names the area, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.place_mention import PlaceMention
from worker.core.classify.behind_old import judge_apart
from worker.core.classify.context import (
    Context,
    at_top,
    context_of,
    effective_kind,
    filed_here,
    measure_segment,
    told_in_digest,
)
from worker.core.classify.inside import is_inside
from worker.core.classify.round_up import is_round_up
from worker.core.classify.score import Score, band, length_of, score, section_of, thresholds
from worker.core.domain.report import Reason, Verdict
from worker.core.domain.vocabulary import Band, Label, Role
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.normalise import starting_in
from worker.core.segment.segment import Segment
from worker.core.text.prose import Prose

EVEN = 0.5
_UNJUDGED: dict[str, Role] = {"main": "primary", "item": "roundup", "background": "background"}
_TOLD = ("event.real", "event.harm")
_NO_ATTACK = frozenset({
    "accident", "crime", "state", "word_accident", "accident_cause", "word_militant_killed",
})  # fmt: skip
_NOTHING_TOLD = Verdict("other", 0.0, "drop")


@dataclass(frozen=True, slots=True)
class Classification:
    """The verdict, and one role and probability per segment; role None: no report is made."""

    verdict: Verdict
    roles: tuple[Role | None, ...]
    probabilities: tuple[float, ...]


def classify(
    annotated: Annotated, segments: tuple[Segment, ...], knowledge: Knowledge
) -> Classification:
    """Judge an article and each of its segments. Pure; raises nothing."""
    if not _can_judge(annotated):
        return _unjudged(annotated, segments, knowledge)
    if annotated.silent:
        return Classification(_NOTHING_TOLD, (), ())
    context = context_of(annotated, knowledge)
    segments = _as_judged(context, segments)
    inside = tuple(is_inside(context, segment) for segment in segments)
    scores = tuple(_scored(context, s, i) for s, i in zip(segments, inside, strict=True))
    roles = tuple(_role(context, s, i, p) for s, i, p in zip(segments, inside, scores, strict=True))
    least = thresholds(knowledge.profile.policy, annotated.prose.lang)[1]
    as_item = tuple(_as_item(*each, least) for each in zip(segments, roles, scores, strict=True))
    told = (s for s, role in zip(segments, as_item, strict=True) if role == "roundup")
    if is_round_up(annotated, told):
        roles = as_item
    verdict = _verdict(context, segments, inside, scores, roles)
    return Classification(verdict, roles, tuple(p.probability for p in scores))


def examine(
    annotated: Annotated, segments: tuple[Segment, ...], knowledge: Knowledge
) -> tuple[dict[str, float], ...]:
    """The feature values of each segment that could be a report: what training learns from."""
    if not _can_judge(annotated):
        return ()
    context = context_of(annotated, knowledge)
    found = []
    for segment in _as_judged(context, segments):
        inside = is_inside(context, segment)
        if is_background(context, segment) or segment.retraction:
            continue
        if _may_report(context, segment, inside):
            features = measure_segment(context, segment, inside)
            found.append({name: feature.value for name, feature in features.items()})
    return tuple(found)


def _as_judged(context: Context, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The segments, one behind a look back by itself where that says more for it than the whole does."""
    apart = judge_apart(context, segments)
    return tuple(
        one if one == other or _speaks_more(context, one, other) else other
        for one, other in zip(segments, apart, strict=True)
    )


def _speaks_more(context: Context, one: Segment, other: Segment) -> bool:
    alone, whole = (_scored(context, s, is_inside(context, s)) for s in (one, other))
    return alone.probability > whole.probability


def _scored(context: Context, segment: Segment, inside: bool | None) -> Score:
    knowledge = context.knowledge
    section, length = section_of(knowledge.profile.policy), length_of(context.prose)
    features = measure_segment(context, segment, inside)
    return score(features, knowledge.classify_weights, section, length)


def _can_judge(annotated: Annotated) -> bool:
    """Whether there are weights for the language of a text."""
    language = annotated.language
    return language is not None and "verdict" in language.capabilities


def _unjudged(
    annotated: Annotated, segments: tuple[Segment, ...], knowledge: Knowledge
) -> Classification:
    """A text that a person judges: its reports, as far as the segments say what they are."""
    verdict = _unsupported(annotated.prose, annotated.places, knowledge)
    nobody = Classification(verdict, (None,) * len(segments), (0.0,) * len(segments))
    if verdict.band == "drop" or annotated.silent or not segments:
        return nobody
    context = context_of(annotated, knowledge)
    roles = tuple(
        _UNJUDGED.get(s.kind) if is_inside(context, s) is not False else None for s in segments
    )
    return Classification(verdict, roles, (verdict.probability,) * len(segments))


def _unsupported(prose: Prose, mentions: tuple[PlaceMention, ...], knowledge: Knowledge) -> Verdict:
    """A text in a language without a lexicon: for a person, if it names the area."""
    policy = knowledge.profile.policy
    here = next((m for m in mentions if m.kind in ("here", "dateline") and _is_area(m)), None)
    span = prose.span(here) if here is not None else None
    reasons = (Reason("lang_unsupported", 0.0, span),)
    if here is None and policy.require_place:
        return Verdict("other", 0.0, "drop", reasons)
    return Verdict("other", thresholds(policy, prose.lang)[1], "review", reasons)


def _is_area(mention: PlaceMention) -> bool:
    return mention.entry.kind != "elsewhere"


def _role(context: Context, segment: Segment, inside: bool | None, judged: Score) -> Role | None:
    policy = context.knowledge.profile.policy
    if not _may_report(context, segment, inside):
        return None
    if segment.retraction:
        return "retraction"
    if judged.probability < min(EVEN, thresholds(policy, context.prose.lang)[0]):
        is_placed = inside is True or _area_at_top(context)
        return "background" if is_placed and not _is_no_attack(judged) else None
    if is_background(context, segment):
        return "background"
    beside = segment.kind == "item" and not at_top(context, segment)
    return "roundup" if beside or told_in_digest(context, segment) else "primary"


def _as_item(segment: Segment, role: Role | None, judged: Score, least: float) -> Role | None:
    """The role of a segment in a round-up.

    What is told for its own sake is an item, also days ago and in few words ("On Tuesday gunmen raided a
    clinic. Six died"), if it may be an attack at all (``least``); the rest is context.
    """
    own = role == "background" and segment.kind == "item" and judged.probability >= least
    return "roundup" if own or role == "primary" else role


def is_background(context: Context, segment: Segment) -> bool:
    """Whether a segment is no report however it scores: brought in for context, where that matters."""
    require_main = context.knowledge.profile.policy.require_main
    return require_main and effective_kind(context, segment) == "background"


def _may_report(context: Context, segment: Segment, inside: bool | None) -> bool:
    """Whether a segment tells of one attack, and in the area as far as anything says."""
    if inside is False or segment.kind in ("aggregate", "threat"):
        return False
    return inside is True or _area_at_top(context) or filed_here(context) is not None


def _is_no_attack(judged: Score) -> bool:
    """An accident, a fear, a militant's death, or what the policy does not count, is none of the past either."""
    has_attack = any(
        "attack" in t.name or "casualty" in t.name or t.name in _TOLD for t in judged.terms
    )
    return not has_attack or any(
        t.name.rpartition(".")[2] in _NO_ATTACK and t.weight < 0 for t in judged.terms
    )


def _area_at_top(context: Context) -> bool:
    if not context.knowledge.profile.policy.require_place:
        return True
    return any(c.here for c in (*context.head, *context.lead))


def _verdict(
    context: Context,
    segments: tuple[Segment, ...],
    inside: tuple[bool | None, ...],
    scores: tuple[Score, ...],
    roles: tuple[Role | None, ...],
) -> Verdict:
    policy, lang = context.knowledge.profile.policy, context.prose.lang
    places = _other_places(context, segments, inside)
    ranked = sorted(
        range(len(segments)),
        key=lambda n: (roles[n] not in ("primary", "roundup"), -scores[n].probability, n),
    )
    if not ranked:
        return _NOTHING_TOLD
    best = scores[ranked[0]]
    label = _label(segments, inside, roles)
    p = best.probability if label == "attack_report" else min(best.probability, EVEN - 1e-4)
    reasons = tuple(
        Reason(
            term.name,
            round(term.weight, 4),
            context.prose.span(term.feature.at) if term.feature.at is not None else None,
        )
        for term in best.terms
    )
    return Verdict(label, round(p, 4), _capped(band(p, policy, lang), context), reasons, places)


def _capped(of_probability: Band, context: Context) -> Band:
    """A language whose verdicts nobody has measured yet waits for a person."""
    language = context.knowledge.language(context.prose.lang)
    unproven = language is not None and language.review_only
    return "review" if unproven and of_probability == "report" else of_probability


def _label(
    segments: tuple[Segment, ...], inside: tuple[bool | None, ...], roles: tuple[Role | None, ...]
) -> Label:
    if any(role in ("primary", "roundup") for role in roles):
        return "attack_report"
    if any(i is False and s.kind == "main" for s, i in zip(segments, inside, strict=True)):
        return "other_place"
    if any(role in ("background", "retraction") for role in roles):
        return "background_only"
    return "other_place" if False in inside else "other"


def _other_places(
    context: Context, segments: tuple[Segment, ...], inside: tuple[bool | None, ...]
) -> tuple[str, ...]:
    """Names of the places of segments outside the area, in the order of the text."""
    names: list[str] = []
    for segment, here in zip(segments, inside, strict=True):
        if here is False:
            names += [
                m.entry.name
                for at in segment.ranges
                for m in starting_in(context.annotated.places, at)
                if m.kind == "elsewhere"
            ]
    return tuple(dict.fromkeys(names))
