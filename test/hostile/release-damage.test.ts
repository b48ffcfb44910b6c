import { beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import { openTree } from "../../src/checkpoint/tree/open-tree.js";
import { isOrbaxError } from "../../src/errors.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { dumpTree } from "../checkpoint/dump-tree.js";
import {
  type ExpectedDump,
  type ReleaseFixture,
  releaseFixtures,
  unpackRelease,
} from "../checkpoint/releases.js";
import { seededNumbers } from "./seeded-numbers.js";

/**
 * Small checkpoints of every format and layout, each damaged at seeded places of every file: what comes is a value or
 * an error of this package, never another exception. `DAMAGE_EFFORT=10` tries ten times as much.
 */

const FIXTURES = [
  "0.2.7/files-zarr2",
  "0.2.7/flax-orbax",
  "0.2.7/flax-msgpack-steps",
  "0.3.5/ocdbt-option",
  "0.4.2/ocdbt-zarr2",
  "0.4.2/ocdbt-merge",
  "0.4.2/aggregate-mixed",
  "0.4.4/strings",
  "0.4.4/aggregate-mixed-files",
  "0.4.8/zarr3-jax-only",
  "0.4.8/manager-padded",
  "0.5.3/array-save",
  "0.5.3/jax-random-key",
  "0.5.23/files-zarr3",
  "0.5.23/write-read-chunks",
  "0.5.23/write-read-chunks-files",
  "0.6.4/two-processes-zarr3",
  "0.6.4/own-handler",
  "0.7.0/proto-save",
  "0.7.0/json-save",
  "0.10.3/rich-types",
  "0.10.3/stored-dtype",
  "0.10.3/zero-size-files",
  "0.11.20/prng-keys-standard-zarr3",
  "0.11.20/manager-pytree",
  "0.11.20/v1-checkpointables",
  "0.11.40/v1-replica-folder",
  "0.11.40/numpy-random-key",
  "0.12.8/flax-msgpack-chunked",
  "0.12.8/flax-msgpack-train-state",
  "0.12.8/grain",
  "0.12.8/host-local",
  "0.12.8/manager-unfinished",
  "0.12.8/ocdbt-zarr2-uncompressed",
  "0.12.8/partial-finalized",
  "0.12.8/partial-unfinished",
  "0.12.8/root-leaf-files",
  "0.12.8/strings-files",
  "0.12.8/two-processes-files",
  "0.12.8/two-processes-lost-manifest",
  "0.12.8/v1-deletion-before-folder",
  "0.12.8/v1-files-zarr2-uncompressed",
  "0.12.8/v1-grain",
];

const effort = Number(process.env["DAMAGE_EFFORT"] ?? 1);

type Contents = ReadonlyMap<string, Uint8Array>;

/** Reads what a fixture says that there is, in every way. Gives texts of the values, and of errors of this package. */
async function readAll(files: Contents, dumps: readonly ExpectedDump[]): Promise<readonly string[]> {
  const storage = new MemoryStorage(files);
  const outcomes: string[] = [];
  for (const expected of dumps) {
    for (const onSalvage of [undefined, () => undefined]) {
      try {
        outcomes.push(JSON.stringify(await readOne(storage, expected, onSalvage), withText));
      } catch (error) {
        if (!isOrbaxError(error)) throw error;
        outcomes.push(`${error.code} ${error.message}`);
      }
    }
  }
  return outcomes;
}

const withText = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}n` : value);

async function readOne(
  storage: MemoryStorage,
  { path, step, item: name }: ExpectedDump,
  onSalvage: (() => void) | undefined,
): Promise<unknown> {
  const place = path === "." ? "" : path;
  if (storage.files().get(`/${place}`) !== undefined) {
    return dumpTree(await (await openTree({ storage, file: place })).loadTree({ exact: true }));
  }
  const options = { step: step ?? undefined, item: name ?? undefined, onSalvage };
  const source = place === "" ? storage : storage.within(`/${place}`);
  const item = await (await openCheckpoint(source, options)).item();
  if (item.kind === "pytree") {
    await item.leaves();
    await item.load();
    return dumpTree(await item.load({ exact: true }));
  }
  if (item.kind === "json") return item.load();
  if (item.kind === "proto-text") return item.text();
  const files: Record<string, unknown> = {};
  for (const [file, size] of await item.files())
    files[file] = item.kind === "grain" ? await item.text(file) : size;
  return files;
}

const JSON_NAMES =
  /(?:_METADATA|_CHECKPOINT_DELETION|_sharding|_strings\.json|\.zarray|zarr\.json|metadata|metrics|array_metadatas\/process_\d+|process_\d+-of-\d+\.json)$/;

const fixtures = releaseFixtures();
const chosen = FIXTURES.map((name): [string, ReleaseFixture] => {
  const fixture = fixtures.find((candidate) => `${candidate.release}/${candidate.name}` === name);
  if (fixture === undefined) throw new Error(`no fixture ${name}`);
  return [name, fixture];
});

/** Whether an outcome is what was read, and not what was refused. */
const isValue = (outcome: string) => outcome.startsWith("{") || outcome.startsWith('"');

describe.each(chosen)("%s", (name, fixture) => {
  let files: Contents;
  let whole: readonly string[];
  beforeAll(async () => {
    files = (await unpackRelease(fixture)).files();
    whole = await readAll(files, fixture.dumps);
  });

  const readWith = (key: string, bytes: Uint8Array | undefined) => {
    const damaged = new Map(files);
    if (bytes === undefined) damaged.delete(key);
    else damaged.set(key, bytes);
    return readAll(damaged, fixture.dumps);
  };

  it("is read, or refused as a whole", () => {
    expect(whole.some(isValue)).toBe(fixture.dumps.some(({ dump }) => dump !== undefined));
  });

  it("is a value or an error with bits flipped, bytes zeroed, cut, lengthened or taken away", async () => {
    for (const [key, bytes] of files) {
      for (const damaged of damagesOf(bytes, `${name}${key}`)) {
        const outcomes = await readWith(key, damaged);
        expect(outcomes).toHaveLength(whole.length);
        // A manifest has a checksum: it is what it was, or an error.
        if (!key.endsWith("manifest.ocdbt")) continue;
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome.startsWith("{")) expect(outcome, key).toBe(whole[index]);
        }
      }
    }
  });

  it("is a value or an error with something else anywhere in its JSON", async () => {
    for (const [key, bytes] of files) {
      if (!JSON_NAMES.test(key)) continue;
      for (const text of changedJson(new TextDecoder().decode(bytes), `${name}${key}`)) {
        expect(await readWith(key, new TextEncoder().encode(text))).toHaveLength(whole.length);
      }
    }
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

function* damagesOf(bytes: Uint8Array, seed: string): Generator<Uint8Array | undefined> {
  const random = seededNumbers(seed);
  yield undefined;
  yield new Uint8Array(0);
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  yield longer;
  if (bytes.length === 0) return;
  for (let round = 0; round < 2 * effort; round++) {
    const flipped = bytes.slice();
    const at = random(bytes.length);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random(8));
    yield flipped;
    yield bytes.slice(0, random(bytes.length));
    const start = random(bytes.length);
    yield bytes.slice().fill(0, start, start + 8);
    const moved = bytes.slice();
    moved.copyWithin(random(bytes.length), random(bytes.length), random(bytes.length));
    yield moved;
  }
}

/** Values of the wrong type, and those that JavaScript reads otherwise. */
const WRONG = [
  "null",
  "true",
  "{}",
  "[]",
  "[[]]",
  "-1",
  "0.5",
  "1e400",
  "-0.0",
  "18446744073709551616",
  "9007199254740993",
  '""',
  '"x"',
  '"\\ud800"',
  `"${"long".repeat(50_000)}"`,
  "NaN",
  "-Infinity",
  `${"[".repeat(1200)}${"]".repeat(1200)}`,
  '{"__proto__": {"polluted": 1}, "constructor": 1, "toString": null}',
];

/** The text with one of its values, or the name of a member, replaced. */
function* changedJson(text: string, seed: string): Generator<string> {
  const random = seededNumbers(seed);
  const places = [...text.matchAll(VALUE)].map(
    (match) => [match.index, match.index + match[0].length] as const,
  );
  const opened = [...text.matchAll(/[[{]/g)].map(({ index }) => [index, closing(text, index)] as const);
  for (const list of [places, opened]) {
    for (let round = 0; round < 12 * effort && list.length > 0; round++) {
      const [start, end] = list[random(list.length)] ?? [0, 0];
      yield text.slice(0, start) + (WRONG[random(WRONG.length)] ?? "") + text.slice(end);
    }
  }
  for (const wrong of WRONG) yield wrong;
  yield text.replace(/"[^"]*":/, '"__proto__":');
  yield text.replace(/\{/, '{"__proto__": {"polluted": 1}, ');
  yield text.replace(/("[^"]*": ?)/, "$1 null, $1");
}

/** A string or number, names of members too. */
const VALUE = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/g;

/** The end of a container that begins at a place. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "[" || character === "{") depth++;
    if ((character === "]" || character === "}") && --depth === 0) return at + 1;
  }
  return text.length;
}
