import { describe, expect, it } from "vitest";
import { exportedNames } from "./exported-names.js";
import { sourceOf } from "./imports.js";
import { entryTargets, readPackageJson } from "./package-json.js";
import { readSources } from "./source-files.js";

/**
 * What each entry exports, types too, upper case first. A change here is a change for users: say it in CHANGELOG.md.
 */
const PUBLIC_API: Readonly<Record<string, readonly string[]>> = {
  "orbax-ts": [
    "BareArray",
    "BestMode",
    "ByteRange",
    "Bytes",
    "Checkpoint",
    "CheckpointManager",
    "CheckpointManagerOptions",
    "Complex",
    "DEFAULT_LIMITS",
    "DataOf",
    "Dict",
    "Dtype",
    "FileSink",
    "ItemKind",
    "ItemLeaves",
    "JsonObject",
    "JsonValue",
    "KeyPath",
    "KeyPathSelector",
    "LazyArray",
    "Leaf",
    "LeafInfo",
    "Limits",
    "LoadOptions",
    "NdArray",
    "OpenCheckpointOptions",
    "OrbaxError",
    "OrbaxErrorCode",
    "OrbaxErrorDetails",
    "Placeholder",
    "PrngKey",
    "ReadableStorage",
    "RestoreOptions",
    "RootMetadata",
    "SaveOptions",
    "Scalar",
    "ScalarDtype",
    "StepLayout",
    "StepMetadata",
    "StepNameFormat",
    "StepSelection",
    "StorageEntry",
    "StorageKey",
    "StorageOptions",
    "StorageSource",
    "SyncOptions",
    "Tree",
    "Tuple",
    "WritableStorage",
    "WritableStorageSource",
    "WriteOptions",
    "bytes",
    "complex",
    "float",
    "int",
    "isOrbaxError",
    "load",
    "ndarray",
    "openCheckpoint",
    "placeholder",
    "prngKey",
    "save",
    "scalar",
    "toChunk",
    "toFloat32",
    "tuple",
  ],
  "orbax-ts/datarax": [
    "CheckpointHandler",
    "CheckpointableIterator",
    "EpochAwareSamplerModule",
    "EpochAwareSamplerOptions",
    "HandlerRestoreOptions",
    "HandlerSaveOptions",
    "IteratorCheckpoint",
    "IteratorCheckpointOptions",
    "OrbaxCheckpointHandler",
    "PipelineCheckpoint",
    "ReadStateOptions",
    "RngSeeds",
    "SaveToStepOptions",
    "SavedState",
    "SequentialSamplerModule",
    "SequentialSamplerOptions",
    "ShuffleSampler",
    "ShuffleSamplerOptions",
    "State",
    "formatTaggedJson",
    "indexShuffle",
    "parseTaggedJson",
    "readState",
    "validateRestoreCompatibility",
  ],
  "orbax-ts/ocdbt": [
    "Compression",
    "Config",
    "NewEntry",
    "NewValue",
    "OcdbtDatabase",
    "OcdbtEntry",
    "OcdbtValue",
    "OpenOcdbtOptions",
    "ValueRequest",
    "Version",
    "WriteOcdbtOptions",
    "openOcdbt",
    "writeOcdbt",
  ],
  "orbax-ts/storage/local": ["LocalStorage", "LocalStorageOptions"],
  "orbax-ts/storage/memory": ["MemoryStorage"],
};

const entries = [...entryTargets(readPackageJson())];
const sources = readSources("src");

describe("the public API", () => {
  it("has the entries that package.json exports", () => {
    expect(Object.keys(PUBLIC_API).toSorted()).toEqual(entries.map(([entry]) => entry).toSorted());
  });

  it.each(entries)("%s exports what the table says", (entry, target) => {
    const file = sourceOf(target);
    expect(exportedNames(file, sources.get(file) ?? "").map(({ name }) => name)).toEqual(PUBLIC_API[entry]);
  });

  it.each(entries)("%s exports at run time what its text says", async (_, target) => {
    const file = sourceOf(target);
    const values = exportedNames(file, sources.get(file) ?? "").filter(({ isType }) => !isType);
    const module: object = await import(`../../${file}`);
    expect(Object.keys(module).toSorted()).toEqual(values.map(({ name }) => name));
  });
});
