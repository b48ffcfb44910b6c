import { OrbaxError } from "../errors.js";
import { pythonRepr } from "../pytree/python-repr.js";
import type { Tree } from "../pytree/value.js";
import type { State } from "./checkpointable-iterator.js";
import { pythonEquals } from "./python-equality.js";

/** Fields that say how an iterator was built. `shard_index` is none: another host may take over. */
const IDENTITY_FIELDS = ["sampler_repr", "data_source_repr", "shard_count", "worker_count"] as const;

/**
 * Refuses a saved state whose identity fields differ from those of the iterator that it is to be restored into.
 * Fields that only one of the two has are not compared (docs/spec/datarax.md section 2).
 *
 * @throws {OrbaxError} `CONFLICT` with Datarax's message, which lists all differences.
 */
export function validateRestoreCompatibility(currentState: State, savedState: State): void {
  const differences = IDENTITY_FIELDS.flatMap((field) => {
    const saved = own(savedState, field);
    const current = own(currentState, field);
    if (saved === undefined || current === undefined || pythonEquals(current, saved)) return [];
    return [`${field}: checkpoint=${pythonRepr(saved)} but current=${pythonRepr(current)}`];
  });
  if (differences.length === 0) return;
  throw new OrbaxError(
    "CONFLICT",
    `Checkpoint is incompatible with the current iterator configuration (${differences.join("; ")}). ` +
      "Restoring would corrupt iteration order or the per-host data distribution. Rebuild the iterator with the " +
      "checkpointed configuration, or discard this checkpoint.",
    { pythonType: "ValueError" },
  );
}

function own(state: State, field: string): Tree | undefined {
  return Object.hasOwn(state, field) ? state[field] : undefined;
}
