import { ARRAY_DOCUMENT } from "../../zarr/metadata.js";
import { JAX_KEY_DIRECTORY, NUMPY_KEY_DIRECTORY } from "./random-key.js";
import { STEP_METADATA_FILE } from "./step-metadata.js";

// Names of files by which items are told apart, and in which they are read.

/** Orbax's mark of a finished save, never content (docs/spec/orbax-layout-extra.md section 8). */
export const COMMIT_FILE = "commit_success.txt";
/** The item of a manager's step where nobody named one. */
export const DEFAULT_ITEM = "default";
/** Items that hold the tree where nobody says which, Orbax's own names, in the order in which they are looked for. */
export const USUAL_ITEMS: readonly string[] = [DEFAULT_ITEM, "state", "pytree"];
/** In a step: what a manager was told about it. */
export const METRICS_FILE = "metrics/metrics";
/**
 * The file of Orbax up to 0.5.15 that holds a tree as msgpack (docs/spec/orbax-layout.md section 20); also the name
 * under which `ArraySave` stores its one array (section 18).
 */
export const CHECKPOINT_NAME = "checkpoint";
/** Metadata of one array. */
export const ARRAY_FILES: readonly string[] = Object.values(ARRAY_DOCUMENT);
/** Directories of a random key that was saved by itself. */
export const KEY_DIRECTORIES = [JAX_KEY_DIRECTORY, NUMPY_KEY_DIRECTORY] as const;
/** Files of JSON items, in the order in which readers look for them (section 19 of orbax-layout.md). */
export const JSON_FILES = ["data.json", "metadata", "metrics"] as const;
/** One process's state of a Grain iterator: which one, and of how many. */
export const GRAIN_FILE = /^process_(\d+)-of-(\d+)\.json$/;
/** Its file in a run with one process; which others there are only a listing tells. */
export const USUAL_GRAIN_FILE = "process_0-of-1.json";
/** Protobuf as text. */
export const PROTO_SUFFIX = ".pbtxt";
/** Its file where nobody configured another. */
export const PROTO_FILE = "proto.pbtxt";
/** Tensors in a file, which count only where nothing of Orbax lies beside them. */
export const SAFETENSORS_SUFFIX = ".safetensors";
/** What checkpoints of single hosts keep beside the tree (docs/spec/orbax-layout-extra.md section 10). */
export const HOST_FILES = [
  "global_process_metadata.json",
  "mesh_metadata.json",
  "pygrain_states.json",
] as const;

/** Files that a handler wrote directly into an item, without those that Orbax adds. */
export function contentFiles({ files }: { readonly files: ReadonlySet<string> }): string[] {
  return [...files].filter((name) => name !== COMMIT_FILE && name !== STEP_METADATA_FILE);
}

/** Whether a file is one of tensors, by its name. */
export function isSafetensorsName(name: string): boolean {
  return name.endsWith(SAFETENSORS_SUFFIX);
}
