import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crc32c } from "../../src/bytes/crc32c.js";
import { toHex, utf8 } from "../ocdbt/bytes.js";
import { acceptedDifference, ourVerdict, tensorStoreVerdict } from "./ocdbt-verdict.js";
import { type Oracle, startOracle } from "./oracle.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";

/**
 * Damages databases of TensorStore at random and compares what both readers make of them. A failure names its seed:
 * `ORBAX_SEED=123 npx vitest run --project live test/live/ocdbt-damage.test.ts` repeats it.
 */

const ROUNDS = runsOf({ ci: 100, long: 3000 });

let scratch: string;
let oracle: Oracle;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "orbax-ts-damage-"));
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
  await rm(scratch, { recursive: true });
});

/** A random number generator (mulberry32): integers from 0 to `bound` − 1. */
function randomOf(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

type Random = ReturnType<typeof randomOf>;
type Span = { readonly start: number; readonly end: number };

const MAGICS = [0x0cdb3a2a, 0x0cdb20de, 0x0cdb1234];

/** Where the envelopes of a file lie. */
function envelopesIn(bytes: Uint8Array): Span[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Span[] = [];
  for (let start = 0; start + 16 <= bytes.length; start++) {
    if (!MAGICS.includes(view.getUint32(start, false))) continue;
    const end = start + Number(view.getBigUint64(start + 4, true));
    if (end <= bytes.length) found.push({ start, end });
  }
  return found;
}

/** Makes the checksum of an envelope true again. */
function reseal(bytes: Uint8Array, { start, end }: Span): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(end - 4, crc32c(bytes.subarray(start, end - 4)), true);
}

/** Bytes that mean something in varints, counts and kinds. */
const TELLING_BYTES = [0, 1, 2, 3, 0x10, 0x2e, 0x2f, 0x5c, 0x7f, 0x80, 0xff];

function changeByte(bytes: Uint8Array, at: number, random: Random): void {
  const old = bytes[at] ?? 0;
  const choices = [
    TELLING_BYTES[random(TELLING_BYTES.length)] ?? 0,
    old ^ (1 << random(8)),
    old + 1,
    random(256),
  ];
  bytes[at] = choices[random(choices.length)] ?? 0;
}

/** A copy that is damaged once, and what was done. */
function damaged(original: Uint8Array, random: Random): { readonly bytes: Uint8Array; readonly how: string } {
  const bytes = new Uint8Array(original);
  const envelopes = envelopesIn(bytes);
  const envelope = envelopes[random(Math.max(1, envelopes.length))];
  const kind = random(8);
  if (kind === 0 || envelope === undefined) {
    const at = random(bytes.length);
    changeByte(bytes, at, random);
    return { bytes, how: `byte ${at} is ${bytes[at]}` };
  }
  if (kind === 1) {
    const length = random(bytes.length);
    return { bytes: bytes.slice(0, length), how: `cut to ${length} bytes` };
  }
  // Behind magic and length, before the checksum: the head and the body.
  const { start, end } = envelope;
  const changes = 1 + random(2);
  const places = Array.from({ length: changes }, () => start + 12 + random(end - start - 16));
  for (const at of places) changeByte(bytes, at, random);
  reseal(bytes, envelope);
  return {
    bytes,
    how: `bytes ${places.join(", ")} are ${places.map((at) => bytes[at]).join(", ")}, resealed`,
  };
}

const put = (key: string, value: string) => ({ put: toHex(utf8(key)), value: toHex(utf8(value)) });
const RAW = { compression: null };

/** Databases to damage: their specification, and the generation to read instead of the newest. */
const databases: readonly { name: string; spec: Readonly<Record<string, unknown>>; generation?: number }[] = [
  {
    name: "a leaf",
    spec: {
      config: { ...RAW, max_inline_value_bytes: 10 },
      commits: [
        [
          put("", ""),
          put("a/.zarray", "{}"),
          put("a/0.0", "0123456789abcdef"),
          put("a/0.1", "x".repeat(300)),
          put("b", "1"),
        ],
      ],
    },
  },
  {
    name: "a tree",
    spec: {
      config: { ...RAW, max_inline_value_bytes: 10, max_decoded_node_bytes: 250 },
      commits: [[{ generate: { count: 30, prefix: "params/", digits: 3, most: 20 } }]],
    },
  },
  {
    name: "a version tree",
    spec: {
      config: { ...RAW, version_tree_arity_log2: 1 },
      commits: Array.from({ length: 11 }, (_, index) => [put("a", String(index))]),
    },
    generation: 3,
  },
  {
    name: "a merged database",
    spec: {
      config: { ...RAW, max_inline_value_bytes: 4 },
      processes: {
        "ocdbt.process_0": [[put("a/0", "first value"), put("a/1", "1")]],
        "ocdbt.process_1": [[put("b/0", "second value")]],
      },
    },
  },
  {
    name: "numbered manifests",
    spec: { config: { ...RAW, manifest_kind: "numbered" }, commits: [[put("a", "1")], [put("b", "2")]] },
  },
  {
    name: "a compressed tree",
    spec: {
      config: { max_decoded_node_bytes: 500 },
      commits: [[{ generate: { count: 60, prefix: "params/", digits: 5, most: 20 } }]],
    },
  },
];

/** Files of a database that its newest version may need, manifests twice as often as others. */
async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .filter((file) => !/process_\d+\/manifest/.test(file))
    .sort();
  return [...files, ...files.filter((file) => file.startsWith("manifest"))];
}

describe.each(databases)(`random damage (ORBAX_SEED=${seed}) to $name`, ({ name, spec, generation }) => {
  it(
    "makes both readers fail, or find the same",
    async () => {
      const original = join(scratch, name);
      await oracle.call("ocdbt_write", { dir: original, spec });
      const files = await filesOf(original);
      const dir = join(scratch, `${name} damaged`);
      await cp(original, dir, { recursive: true });
      const random = randomOf(seed);
      const differences: string[] = [];
      let refused = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const file = files[random(files.length)] ?? "";
        const whole = await readFile(join(original, file));
        const { bytes, how } = damaged(whole, random);
        await writeFile(join(dir, file), bytes);
        const ours = await ourVerdict(dir, generation);
        const theirs = await tensorStoreVerdict(oracle, dir, generation);
        await writeFile(join(dir, file), whole);
        if ("error" in ours) refused++;
        const alike = "error" in ours ? "error" in theirs : JSON.stringify(ours) === JSON.stringify(theirs);
        if (!alike && acceptedDifference(ours, theirs) === undefined) {
          differences.push(
            `round ${round}, ${file}: ${how}\n  ours ${show(ours)}\n  TensorStore ${show(theirs)}`,
          );
        }
      }
      expect(differences).toEqual([]);
      // Else the damage was not worth its name.
      expect(refused).toBeGreaterThan(ROUNDS / 10);
      expect(refused).toBeLessThan(ROUNDS);
    },
    timeoutOf(ROUNDS, 200),
  );
});

function show(verdict: object): string {
  return JSON.stringify(verdict, (_, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  ).slice(0, 600);
}
