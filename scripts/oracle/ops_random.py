"""Random checkpoints, made with whatever release of Orbax is installed, and what it restores from each."""

from __future__ import annotations

import os
import random
import shutil
from typing import Any

from wide_types import wide_types

ATTEMPTS = 3
"""Trees that are drawn before a release is left alone with its refusals."""


def random_checkpoint(folder: str, seed: int, saver: str | None = None) -> dict[str, Any]:
    """Makes the checkpoint of a seed in `folder`, which is made anew.

    Returns {"saver", "options", "refusals", "root", "expected", "listings", "manager"}. expected: a list of {"path", "step"?, "item"?} with
    "dump", what `orbax-ts dump --json` must print (of a JSON item {"kind": "json", "text"}), or
    "unread", why Orbax does not read it, with "saved", a dump of what it should be. listings: {"path", "ls"} with what
    `ls --json` must print. manager: what Orbax's manager says of the steps, and the options that it was made with. saver: one of random_savers.savers(); by default the seed chooses.

    root: the folder that holds the paths. Where a release refuses a tree, another one is drawn; after some, nothing is expected.
    """
    from random_savers import Case, savers

    known = savers()
    rng = random.Random(seed)
    name = saver or rng.choices(list(known), [weight for weight, _ in known.values()])[0]
    shutil.rmtree(folder, ignore_errors=True)
    refusals: list[str] = []
    for attempt in range(ATTEMPTS):
        # A folder each: of a save that failed, threads may still be writing.
        case = Case(os.path.join(os.path.abspath(folder), str(attempt)), seed * ATTEMPTS + attempt)
        os.makedirs(case.root, exist_ok=True)
        try:
            with wide_types():
                known[name][1](case)
        except Exception as error:  # what a release does not take is told, and drawn anew
            refusals.append(f"{type(error).__name__}: {str(error)[:300]} {case.options}")
        else:
            return {"saver": name, "refusals": refusals, **case.told()}
    return {"saver": name, "refusals": refusals, "root": "", "options": {}, "expected": [], "listings": [], "manager": None}
