import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOrbaxError } from "../../../src/errors.js";
import { decodeBtreeNode, encodeBtreeNode } from "../../../src/ocdbt/format/btree.js";
import { BTREE_NODE, decodeEnvelope } from "../../../src/ocdbt/format/envelope.js";
import { decodeManifest, encodeManifest } from "../../../src/ocdbt/format/manifest.js";
import { decodeVersionNode, encodeVersionNode } from "../../../src/ocdbt/format/versions.js";
import { envelope } from "../bytes.js";
import { btreeNodes, manifests, versionNodes } from "./arbitraries.js";

const limits = { expandedNodeBytes: 2 ** 20 };

/** What damage does to a body: bytes that change, or an end that is lost. */
type Damage = { readonly changes: readonly (readonly [at: number, byte: number])[]; readonly cut: number };

const damages: fc.Arbitrary<Damage> = fc.record({
  changes: fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 2 }),
  cut: fc.oneof(fc.constant(0), fc.nat(30)),
});

function damaged(bytes: Uint8Array, { changes, cut }: Damage): Uint8Array {
  const copy = bytes.slice(0, Math.max(0, bytes.length - cut));
  for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte;
  return copy;
}

/** Runs a decoder: it gives a value or an error of the kinds that damage may cause. */
function requireVerdict(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!isOrbaxError(error, "DATA_LOSS") && !isOrbaxError(error, "LIMIT_EXCEEDED")) throw error;
  }
}

const structures = [
  {
    name: "a B+tree node",
    cases: btreeNodes.map((node) => ({
      body: encodeBtreeNode(node),
      decode: (body: Uint8Array) => decodeBtreeNode(body, limits),
    })),
  },
  {
    name: "a version-tree node",
    cases: versionNodes.map(({ node, arityLog2 }) => ({
      body: encodeVersionNode(node, arityLog2),
      decode: (body: Uint8Array) => decodeVersionNode(body, arityLog2, limits),
    })),
  },
  {
    name: "a manifest",
    cases: manifests.map((manifest) => ({
      body: encodeManifest(manifest),
      decode: (body: Uint8Array) => decodeManifest(body, limits),
    })),
  },
  {
    name: "an envelope",
    cases: fc.uint8Array({ maxLength: 40 }).map((body) => ({
      body: envelope("node", body),
      decode: (bytes: Uint8Array) => decodeEnvelope(bytes, BTREE_NODE),
    })),
  },
];

describe.each(structures)("damage to $name", ({ cases }) => {
  it("ends in a value, DATA_LOSS or LIMIT_EXCEEDED", () => {
    fc.assert(
      fc.property(cases, damages, ({ body, decode }, damage) => {
        requireVerdict(() => decode(damaged(body, damage)));
      }),
      { numRuns: 1000 },
    );
  });

  it("that cuts off an end is always found", () => {
    fc.assert(
      fc.property(cases, fc.nat(), ({ body, decode }, length) => {
        expect(() => decode(body.subarray(0, length % body.length))).toThrow(
          expect.objectContaining({ code: "DATA_LOSS" }),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("bytes without any structure", () => {
  it("end in a value, DATA_LOSS or LIMIT_EXCEEDED", () => {
    const wild = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(fc.constantFrom(0, 1, 2, 0x61, 0x80, 0xff), { maxLength: 60 })
        .map((bytes) => Uint8Array.from(bytes)),
    );
    fc.assert(
      fc.property(wild, (bytes) => {
        requireVerdict(() => decodeBtreeNode(bytes, limits));
        requireVerdict(() => decodeVersionNode(bytes, 1, limits));
        requireVerdict(() => decodeManifest(bytes, limits));
      }),
      { numRuns: 2000 },
    );
  });
});
