"""Makes vector files and packed checkpoints as those in docs/spec/vectors and fixtures/datarax, with random numbers in them.

    .oracle/bin/python scripts/make-vectors.py --seed 7 --out DIR [--checkpoints DIR2] [--scale K] [--only NAME,NAME]

Everything comes from the real libraries; the forms are in docs/spec/datarax.md section 9. A seed gives the same cases
again. `--scale` multiplies how many cases there are. `npm run -s check:vectors -- DIR DIR2` runs this project against them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SCRIPTS = Path(__file__).resolve().parent
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "oracle")]

from vectors.draws import Draws  # noqa: E402 - JAX reads the environment when it is imported

FILES = (
    "behaviour",
    "codec",
    "samplers",
    "sources",
    "pipelines",
    "grain",
    "grain_workers",
    "index_shuffle",
    "threefry",
    "numpy",
)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True, metavar="S")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--checkpoints", type=Path, metavar="DIR")
    parser.add_argument("--scale", type=float, default=1.0, metavar="K")
    parser.add_argument("--only", metavar="NAMES", help="names of files, and `checkpoints`, with commas between")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    wanted = arguments.only.split(",") if arguments.only else [*FILES, "checkpoints"]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if name in wanted:
            started = time.monotonic()
            draws = Draws(f"{arguments.seed} {name}", arguments.scale)
            vectors = importlib.import_module(f"vectors.{name}_vectors").vectors(draws)
            text = json.dumps(vectors, ensure_ascii=True, allow_nan=False)
            (arguments.out / f"{name}.json").write_text(text, encoding="ascii")
            _report(name, started)
    if arguments.checkpoints and "checkpoints" in wanted:
        started = time.monotonic()
        packed = importlib.import_module("vectors.packed_checkpoints")
        packed.pack_all(Draws(f"{arguments.seed} checkpoints", arguments.scale), arguments.checkpoints)
        _report("checkpoints", started)


def _report(name: str, started: float) -> None:
    print(f"{name}: {time.monotonic() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
