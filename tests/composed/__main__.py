"""``python -m tests.composed [FRAME …]``: how many stories of each frame are read rightly, and why not.

Prints for each frame the share, the choices in whose stories most is wrong, and the first wrong
stories. For whoever writes a frame, or mends what one has found.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.composed.compose import Story, stories
from tests.composed.frames import load_frames
from tests.composed.judge import differences, shown


def main() -> None:
    """Compose, read, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.composed", description=__doc__)
    parser.add_argument("frames", nargs="*", metavar="FRAME", help="a part of its name")
    parser.add_argument("--count", type=int, default=100, help="stories a frame (100)")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--closed", action="store_true", help="without open choices")
    parser.add_argument("--shown", type=int, default=5, help="wrong stories a frame (5)")
    asked = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        for frame in load_frames():
            if asked.frames and not any(part in frame.name for part in asked.frames):
                continue
            told = stories(frame, asked.seed, asked.count, with_open=not asked.closed)
            wrong = list(zip(told, pool.map(differences, told, chunksize=8), strict=True))
            right = sum(not found for _, found in wrong)
            sys.stdout.write(f"{frame.name}: {right} of {len(told)}\n")
            sys.stdout.writelines(f"{line}\n" for line in _table(wrong))
            bad = [shown(*pair) for pair in wrong if pair[1]]
            sys.stdout.writelines(f"\n{text}\n" for text in bad[: asked.shown])


def _table(read: list[tuple[Story, list[str]]]) -> Iterator[str]:
    """Choices by the share of their stories that are wrong, where that is more than usual."""
    met, bad = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for story, found in read:
        met.update(story.parts)
        bad.update(story.parts if found else ())
    usual = sum(bool(found) for _, found in read) / len(read)
    for part in sorted(bad, key=lambda one: (-bad[one] / met[one], one)):
        if bad[part] / met[part] > usual:
            yield f"  {bad[part]} of {met[part]} wrong: {part[0]}: {part[1][:90]}"


if __name__ == "__main__":
    main()
