"""Makes fixtures/grain/programs.json: pipelines of real Grain, with the state and the element at every position.

    .oracle/bin/python scripts/make-grain-fixtures.py

Run again, it writes the same bytes. `scripts/oracle/grain_programs.py` says what is recorded and how.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "oracle"))

from grain_programs import record  # noqa: E402 - JAX reads the environment when it is imported

MOST_STEPS = 30


def values(start: int, stop: int) -> list[Any]:
    """An iterated range."""
    return ["iter", ["range", start, stop]]


PROGRAMS: list[list[Any]] = [
    ["mix", [values(0, 6), values(100, 104)], [0.329, 0.983]],
    ["mix", [values(0, 6), values(100, 104), values(200, 209)], None],
    [
        "mixNamed",
        {"b": values(0, 6), "a": values(100, 104), "😀": values(300, 309), "Z": values(200, 209)},
        {"b": 1, "a": 2, "Z": 3, "😀": 4},
    ],
    ["zip", [values(0, 4), values(10, 14)], True],
    ["zip", [values(0, 4), values(10, 13)], True],
    ["zip", [values(0, 4), values(10, 17), values(10, 18)], True],
    ["zip", [values(0, 4), values(10, 14), values(10, 16)], True],
    ["zip", [values(0, 4), values(10, 14), values(10, 13)], True],
    ["zip", [values(0, 4), ["filter", values(10, 17), 5]], False],
    ["repeat", values(0, 4), 3],
    ["repeat", ["filter", values(0, 7), 3], 2],
    ["repeat", values(0, 3), None],
    ["repeat", values(0, 0), 3],
    ["limit", ["iter", ["shuffle", ["range", 0, 10], 313264249]], 7],
    ["limit", values(0, 3), 7],
    ["windowShuffle", values(0, 11), 4, 441],
    ["windowShuffle", values(0, 12), 4, 441],
    ["windowShuffle", ["filter", values(0, 12), 2], 4, 7],
    ["windowShuffle", ["repeat", values(0, 5), 2], 3, 9],
    ["windowShuffle", values(0, 4), 2, 2**32 - 2],
    ["interleave", [values(0, 5), values(100, 103), values(200, 204)], 2],
    ["interleave", [values(0, 5), values(100, 103), values(200, 204)], 1],
    ["interleave", [["range", 0, 5], ["range", 100, 103], ["range", 9, 9], ["range", 400, 402]], 3],
    ["interleave", [["filter", values(0, 5), 2], ["range", 9, 9], ["filterMap", ["range", 20, 29], 4]], 9],
    ["interleave", [["range", 9, 9]], 2],
    ["interleave", [], 2],
    ["interleaveMap", [0, 100, 200, 300], 3, 2],
    ["interleave", [["cache", values(0, 3)], ["windowShuffle", values(10, 15), 2, 3], ["limit", values(20, 30), 2]], 2],
    ["interleave", [["repeat", values(0, 2), 2], ["mix", [values(50, 53), values(60, 63)], None]], 2],
    ["cache", values(0, 5)],
    ["repeat", ["cache", values(0, 4)], 3],
    ["repeat", ["map", ["cache", ["filter", values(0, 7), 2]], 1], 3],
    ["flatMap", values(0, 6), 3],
    ["flatMap", ["filter", values(0, 9), 2], 5],
    ["flatMap", values(0, 4), 1],
    ["rebatch", ["batch", values(0, 10), 3, False], 2, False],
    ["rebatch", ["batch", values(0, 10), 3, False], 4, True],
    ["rebatch", ["batch", values(0, 10), 2, True], 5, False],
    ["rebatch", ["batch", values(0, 9), 3, False], 3, False],
    ["rebatch", ["batch", values(0, 9), 3, False], 7, False],
    ["threadPrefetch", values(0, 5), 2],
    ["threadPrefetch", ["filter", values(0, 8), 3], 0],
    ["threadPrefetch", ["windowShuffle", values(0, 7), 3, 5], 2],
    ["repeat", ["threadPrefetch", ["flatMap", values(0, 5), 3], 2], 2],
    ["multithreadPrefetch", ["batch", values(0, 11), 2, False], 3],
    ["multithreadPrefetch", ["mix", [values(0, 7), values(100, 105)], None], 2],
    ["multithreadPrefetch", values(0, 4), 0],
    ["elastic", ["shuffle", ["range", 0, 24], 5], 4, 1, 2],
    ["elastic", ["shuffle", ["range", 0, 10], 5], 3, 0, 3],
    ["elastic", ["shuffle", ["range", 0, 10], 5], 4, 0, 3],
    ["elastic", ["repeatMap", ["shuffle", ["range", 0, 10], 5], 3], 6, 1, 2],
]


def main() -> None:
    """Writes the file."""
    folder = ROOT / "fixtures" / "grain"
    folder.mkdir(exist_ok=True)
    lines = [json.dumps(record(program, MOST_STEPS), ensure_ascii=False) for program in PROGRAMS]
    (folder / "programs.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
