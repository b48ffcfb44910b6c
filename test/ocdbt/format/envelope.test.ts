import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BTREE_NODE,
  decodeEnvelope,
  encodeEnvelope,
  MANIFEST,
  VERSION_NODE,
} from "../../../src/ocdbt/format/envelope.js";
import { envelope, hex, joined, sealed } from "../bytes.js";
import { damage } from "../errors.js";
import * as worked from "../worked-examples.js";

const examples = [
  { name: "the manifest of 15.1", kind: MANIFEST, bytes: worked.MANIFEST_15_1 },
  { name: "the leaf of 15.2", kind: BTREE_NODE, bytes: worked.DATA_FILE_15_2.subarray(13) },
  { name: "the root of 15.3", kind: BTREE_NODE, bytes: worked.DATA_FILE_15_3.subarray(64) },
  { name: "the empty manifest of 16", kind: MANIFEST, bytes: worked.EMPTY_MANIFEST },
  { name: "the version-tree leaf of 16", kind: VERSION_NODE, bytes: worked.VERSION_LEAF },
  { name: "the version-tree node of 16", kind: VERSION_NODE, bytes: worked.VERSION_NODE },
  { name: "the manifest with a reference of 16", kind: MANIFEST, bytes: worked.MANIFEST_WITH_REFERENCE },
];

/** A node's envelope with a body of two bytes, 20 bytes long. */
const small = envelope("node", hex("aa bb"));

describe("decodeEnvelope", () => {
  it.each(examples)("opens $name, and encodeEnvelope makes the same bytes", ({ kind, bytes }) => {
    const opened = decodeEnvelope(bytes, kind);
    expect(opened).toEqual({ compression: "none", storedBody: worked.bodyOf(bytes) });
    expect(encodeEnvelope(kind, opened)).toEqual(bytes);
  });

  it("tells a compressed body from a raw one", () => {
    expect(decodeEnvelope(envelope("node", hex("aa"), "00 01"), BTREE_NODE)).toEqual({
      compression: "zstd",
      storedBody: hex("aa"),
    });
  });

  it("opens an empty body", () => {
    expect(decodeEnvelope(envelope("node", hex("")), BTREE_NODE).storedBody).toEqual(hex(""));
  });

  it("accepts padded varints in the head", () => {
    const padded = envelope("node", hex("aa"), "80 80 80 80 00   80 00");
    expect(decodeEnvelope(padded, BTREE_NODE)).toEqual({ compression: "none", storedBody: hex("aa") });
  });

  it("refuses fewer than 16 bytes", () => {
    const refused = damage({ field: "size", found: "15 bytes" });
    expect(() => decodeEnvelope(small.subarray(0, 15), BTREE_NODE)).toThrow(refused);
    expect(() => decodeEnvelope(hex(""), BTREE_NODE)).toThrow(damage({ field: "size" }));
  });

  it("refuses 16 bytes, which end before the version", () => {
    const cut = sealed(hex("0cdb20de 10 00 00 00 00 00 00 00"));
    expect(() => decodeEnvelope(cut, BTREE_NODE)).toThrow(damage({ field: "version" }));
  });

  it("refuses the magic of another structure", () => {
    const refused = damage({ field: "magic", found: "0cdb20de", expected: "0cdb3a2a" });
    expect(() => decodeEnvelope(small, MANIFEST)).toThrow(refused);
  });

  it.each([
    { name: "one byte more", length: "15 00 00 00 00 00 00 00", found: 21n },
    { name: "one byte less", length: "13 00 00 00 00 00 00 00", found: 19n },
    { name: "2^62 bytes more", length: "14 00 00 00 00 00 00 40", found: 2n ** 62n + 20n },
  ])("refuses a length that says $name than there are", ({ length, found }) => {
    const wrong = sealed(joined([hex("0cdb20de"), hex(length), small.subarray(12, -4)]));
    expect(() => decodeEnvelope(wrong, BTREE_NODE)).toThrow(
      damage({ field: "length", found, expected: "20" }),
    );
  });

  it("refuses bytes after the end", () => {
    const longer = joined([small, hex("00")]);
    expect(() => decodeEnvelope(longer, BTREE_NODE)).toThrow(damage({ field: "length", expected: "21" }));
  });

  it("refuses every change of a single bit", () => {
    for (let bit = 0; bit < small.length * 8; bit++) {
      const changed = small.slice();
      changed.set([(changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
      expect(() => decodeEnvelope(changed, BTREE_NODE)).toThrow(damage());
    }
  });

  it("compares the checksum before it looks at what it covers", () => {
    const changed = envelope("node", hex("aa"), "01 02");
    changed.set([0], changed.length - 1);
    expect(() => decodeEnvelope(changed, BTREE_NODE)).toThrow(damage({ field: "checksum" }));
  });

  it("refuses a newer version", () => {
    const newer = envelope("node", hex("aa"), "01 00");
    expect(() => decodeEnvelope(newer, BTREE_NODE)).toThrow(damage({ field: "version", found: 1 }));
  });

  it("refuses an unknown compression", () => {
    const unknown = envelope("node", hex("aa"), "00 02");
    expect(() => decodeEnvelope(unknown, BTREE_NODE)).toThrow(
      damage({ field: "compression", found: 2, offset: 13 }),
    );
  });

  it("refuses a varint of six bytes in the head", () => {
    const long = envelope("node", hex("aa"), "80 80 80 80 80 00  00");
    expect(() => decodeEnvelope(long, BTREE_NODE)).toThrow(damage({ field: "version" }));
  });
});

describe("encodeEnvelope", () => {
  it("makes what decodeEnvelope opens, whatever the body", () => {
    const bodies = fc.record({
      compression: fc.constantFrom("none" as const, "zstd" as const),
      storedBody: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(bodies, (body) => {
        expect(decodeEnvelope(encodeEnvelope(VERSION_NODE, body), VERSION_NODE)).toEqual(body);
      }),
    );
  });
});
