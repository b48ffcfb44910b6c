"""Answers requests of tests with the real Python libraries, so that one start of Python serves a whole file.

    .oracle/bin/python scripts/oracle/server.py

Reads one JSON request a line from stdin and answers each with one JSON line on stdout, in order:

    {"id": 1, "op": "state_json", "args": {"base": "/tmp/run"}}
    {"id": 1, "ok": ...}
    {"id": 1, "error": {"type": "ValueError", "message": "...", "cause": {...} | null, "traceback": "..."}}

Ends when stdin ends. Whatever the libraries print goes to stderr. OPERATIONS below lists what can be asked;
each function documents its arguments. Libraries are loaded by the first operation that needs them.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any, TextIO

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Operation name -> module. The function has the name of the operation.
OPERATIONS = {
    "versions": "ops_about",
    "seeded": "ops_about",
    "dump_json": "ops_checkpoint",
    "restore": "ops_checkpoint",
    "save": "ops_checkpoint",
    "is_checkpoint": "ops_checkpoint",
    "manager_save": "ops_manager",
    "manager_facts": "ops_manager",
    "manager_restore": "ops_manager",
    "state_json": "ops_datarax",
    "list_steps": "ops_datarax",
    "latest": "ops_datarax",
    "metadata": "ops_datarax",
    "stream_new": "ops_stream",
    "stream_next": "ops_stream",
    "stream_compile": "ops_stream",
    "stream_walks": "ops_stream",
    "stream_push": "ops_stream",
    "stream_save": "ops_stream",
    "stream_wait": "ops_stream",
    "stream_restore": "ops_stream",
    "stream_state": "ops_stream",
    "stream_reset": "ops_stream",
    "grain_run": "ops_grain",
    "grain_record": "ops_grain_iter",
    "grain_steps": "ops_grain_iter",
    "elastic_steps": "ops_elastic",
    "ocdbt_write": "ops_ocdbt",
    "ocdbt_list": "ops_ocdbt",
    "ocdbt_read": "ops_ocdbt",
    "ocdbt_versions": "ops_ocdbt",
    "ocdbt_dump": "ops_ocdbt",
    "zarr_read": "ops_zarr",
    "zarr_write": "ops_zarr",
    "random_checkpoint": "ops_random",
    "rewritten_checkpoint": "ops_rewrite",
    "project_names": "ops_projects",
    "project_checkpoint": "ops_projects",
    "array_record_write": "ops_records",
    "array_record_source": "ops_records",
    "record_stream": "ops_records",
    "record_loader": "ops_records",
    "packing_trace": "ops_packing",
    "packing_resume": "ops_packing",
    "packing_save": "ops_packing",
    "packing_restore": "ops_packing",
    "packing_json": "ops_packing",
    "jax_random": "ops_random_numbers",
    "nnx_rngs": "ops_random_numbers",
    "created_rngs": "ops_random_numbers",
    "index_shuffles": "ops_random_numbers",
    "datarax_shuffles": "ops_random_numbers",
    "seed_sequences": "ops_random_numbers",
    "legacy_shuffles": "ops_random_numbers",
    "philox_draws": "ops_random_numbers",
    "loader_walks": "ops_data_loader",
    "sampler_records": "ops_data_loader",
    "grain_save": "ops_data_loader",
    "grain_restore": "ops_data_loader",
    "bad_state_start": "ops_bad_states",
    "bad_states": "ops_bad_states",
}


def operation(name: str) -> Callable[..., Any]:
    """The function of an operation. Raises KeyError for a name that is not in the table."""
    return getattr(importlib.import_module(OPERATIONS[name]), name)


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as JSON, with the exception that it was raised from."""
    cause = error.__cause__
    return {
        "type": type(error).__name__,
        "message": str(error),
        "cause": None if cause is None else {"type": type(cause).__name__, "message": str(cause)},
        "traceback": "".join(traceback.format_exception(error)),
    }


def answer(line: str) -> dict[str, Any]:
    """Runs one request. Every failure becomes an answer; only the end of the process does not."""
    request: dict[str, Any] = {}
    try:
        request = json.loads(line)
        result = operation(request["op"])(**request.get("args", {}))
        json.dumps(result, allow_nan=False)  # a result that is no JSON is this request's failure
        return {"id": request.get("id"), "ok": result}
    except Exception as error:
        return {"id": request.get("id"), "error": describe(error)}


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answers until the requests end."""
    for line in requests:
        if line.strip():
            answers.write(json.dumps(answer(line), allow_nan=False) + "\n")
            answers.flush()


def main() -> None:
    """Keeps stdout for answers alone: anything else that writes to file descriptor 1 reaches stderr."""
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
