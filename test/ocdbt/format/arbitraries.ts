import * as fc from "fast-check";
import {
  type BtreeNode,
  INLINE_FILE_ID,
  type InteriorNode,
  type LeafNode,
} from "../../../src/ocdbt/format/btree.js";
import type { Config } from "../../../src/ocdbt/format/config.js";
import { type DataFiles, dataFilesOf } from "../../../src/ocdbt/format/data-files.js";
import { type Location, locationsOf } from "../../../src/ocdbt/format/location.js";
import type { Manifest } from "../../../src/ocdbt/format/manifest.js";
import { compareBytes, joinStrings } from "../../../src/ocdbt/format/strings.js";
import type { Version, VersionNode, VersionNodeReference } from "../../../src/ocdbt/format/versions.js";
import { joined, toHex } from "../bytes.js";

/** Wild but legal values of every structure: what the rules of docs/spec/ocdbt.md allow, and no more. */

const MAX_UINT64 = 2n ** 64n - 1n;
/** Numbers that take each length of varint. */
const safeIntegers = fc.oneof(fc.nat(3), fc.nat(300), fc.maxSafeNat());
const uint64s = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, MAX_UINT64), fc.constant(MAX_UINT64));

export const configs: fc.Arbitrary<Config> = fc.record({
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  manifestKind: fc.constantFrom("single", "numbered"),
  maxInlineValueBytes: fc.nat(2 ** 32 - 1),
  maxDecodedNodeBytes: fc.nat(2 ** 32 - 1),
  versionTreeArityLog2: fc.integer({ min: 1, max: 16 }),
  compression: fc.oneof(
    fc.constant({ method: "none" } as const),
    fc.record({ method: fc.constant("zstd" as const), level: fc.integer({ min: -131072, max: 22 }) }),
  ),
});

/** Byte strings of few different bytes and some long ones, so that they share much. */
export const byteStrings: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.array(fc.constantFrom(0, 0x61, 0x62, 0xff), { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes)),
  fc.uint8Array({ maxLength: 40 }),
  fc
    .tuple(fc.constantFrom(127, 128, 300), fc.uint8Array({ maxLength: 2 }))
    .map(([length, end]) => joined([new Uint8Array(length).fill(0x61), end])),
);

/** Distinct keys in byte order. */
const keys: fc.Arbitrary<Uint8Array[]> = fc
  .uniqueArray(byteStrings, { minLength: 1, maxLength: 12, selector: toHex })
  .map((strings) => strings.sort(compareBytes));

/** Tables in any order, with repeats and empty paths, as readers must take them. */
export const dataFiles: fc.Arbitrary<DataFiles> = fc
  .array(fc.record({ base: byteStrings, relative: byteStrings }), { maxLength: 6 })
  .map(dataFilesOf);

function locationsIn(files: DataFiles): fc.Arbitrary<Location> {
  const count = files.baseLengths.length;
  return fc.record({ fileId: fc.nat(count - 1), offset: safeIntegers, length: safeIntegers });
}

/** Tables that something can refer to. */
const someFiles = dataFiles.filter(({ baseLengths }) => baseLengths.length > 0);

const leaves: fc.Arbitrary<LeafNode> = fc.tuple(keys, someFiles).chain(([strings, files]) =>
  fc
    .array(fc.oneof(locationsIn(files), fc.uint8Array({ maxLength: 20 })), {
      minLength: strings.length,
      maxLength: strings.length,
    })
    .map((values): LeafNode => {
      let inlineOffset = 0;
      const locations = values.map((value) => {
        if (!(value instanceof Uint8Array)) return value;
        const location = { fileId: INLINE_FILE_ID, offset: inlineOffset, length: value.length };
        inlineOffset += value.length;
        return location;
      });
      const inline = joined(values.filter((value) => value instanceof Uint8Array));
      return { height: 0, files, keys: joinStrings(strings), values: locationsOf(locations), inline };
    }),
);

const interiorNodes: fc.Arbitrary<InteriorNode> = fc.tuple(keys, someFiles).chain(([strings, files]) => {
  const child = fc.record({
    location: locationsIn(files),
    cut: fc.nat(65535),
    keys: uint64s,
    treeBytes: uint64s,
    indirectValueBytes: uint64s,
  });
  const children = fc.array(child, { minLength: strings.length, maxLength: strings.length });
  return fc.tuple(fc.integer({ min: 1, max: 255 }), children).map(
    ([height, rows]): InteriorNode => ({
      height,
      files,
      keys: joinStrings(strings),
      commonPrefixLengths: Uint16Array.from(
        rows,
        ({ cut }, index) => cut % ((strings[index]?.length ?? 0) + 1),
      ),
      children: locationsOf(rows.map(({ location }) => location)),
      statistics: {
        keys: BigUint64Array.from(rows, (row) => row.keys),
        treeBytes: BigUint64Array.from(rows, (row) => row.treeBytes),
        indirectValueBytes: BigUint64Array.from(rows, (row) => row.indirectValueBytes),
      },
    }),
  );
});

export const btreeNodes: fc.Arbitrary<BtreeNode> = fc.oneof(leaves, interiorNodes);

/** Distinct numbers in order. */
function increasing(count: number, least: bigint, most: bigint): fc.Arbitrary<bigint[]> {
  const numbers = fc.uniqueArray(fc.bigInt(least, most), { minLength: count, maxLength: count });
  return numbers.map((found) => found.sort((a, b) => (a < b ? -1 : 1)));
}

/** A list of versions that ends with generation `last`, with commit times from 2^62 on. */
function versionLists(arityLog2: number, last: bigint, files: DataFiles): fc.Arbitrary<Version[]> {
  const room = (last - 1n) & ((1n << BigInt(arityLog2)) - 1n);
  return fc.integer({ min: 1, max: Number(room < 5n ? room : 5n) + 1 }).chain((count) =>
    fc
      .tuple(
        count === 1 ? fc.constant([]) : increasing(count - 1, last - room, last - 1n),
        increasing(count, 2n ** 62n, MAX_UINT64),
        fc.array(
          fc.record({
            rootHeight: fc.nat(255),
            root: fc.option(locationsIn(files), { nil: undefined }),
            keys: uint64s,
            treeBytes: uint64s,
            indirectValueBytes: uint64s,
          }),
          { minLength: count, maxLength: count },
        ),
      )
      .map(([generations, commitTimes, rows]) =>
        rows.map((row, index): Version => {
          const generation = generations[index] ?? last;
          const commitTime = commitTimes[index] ?? 0n;
          if (row.root !== undefined) return { ...row, generation, commitTime };
          const nothing = { rootHeight: 0, keys: 0n, treeBytes: 0n, indirectValueBytes: 0n };
          return { generation, root: undefined, ...nothing, commitTime };
        }),
      ),
  );
}

/** A reference of height `height` with generation `generation`. */
function references(
  arityLog2: number,
  { height, generation, files }: { height: number; generation: bigint; files: DataFiles },
): fc.Arbitrary<Omit<VersionNodeReference, "commitTime">> {
  const most = ((generation - 1n) & ((1n << BigInt(arityLog2 * (height + 1))) - 1n)) + 1n;
  return fc.record({
    generation: fc.constant(generation),
    location: locationsIn(files),
    versions: fc.bigInt(1n, most),
    height: fc.constant(height),
  });
}

function largest(arityLog2: number): bigint {
  return (1n << BigInt(arityLog2 * Math.floor(63 / arityLog2))) + (1n << BigInt(arityLog2));
}

const generations = (arityLog2: number) =>
  fc.oneof(fc.bigInt(1n, 100n), fc.bigInt(1n, largest(arityLog2)), fc.constant(largest(arityLog2)));

/** The newest generation that each height may refer to, transcribed from section 6.2. */
function slots(last: bigint, arityLog2: number): { height: number; generation: bigint }[] {
  const a = BigInt(arityLog2);
  const found = [];
  let generation = ((last - 1n) >> a) << a;
  for (let height = 1; generation > 0n; height++) {
    found.push({ height, generation });
    const shift = BigInt(height + 1) * a;
    generation = ((generation - 1n) >> shift) << shift;
  }
  return found.filter((slot) => slot.height < Math.floor(63 / arityLog2));
}

export const manifests: fc.Arbitrary<Manifest> = fc.tuple(configs, someFiles).chain(([config, files]) => {
  if (config.manifestKind === "numbered") return fc.constant({ config, versionTree: undefined });
  const arityLog2 = config.versionTreeArityLog2;
  return generations(arityLog2).chain((last) => {
    const possible = slots(last, arityLog2).reverse();
    return fc
      .record({
        versions: versionLists(arityLog2, last, files),
        nodes: fc
          .subarray(possible)
          .chain((chosen) => fc.tuple(...chosen.map((slot) => references(arityLog2, { ...slot, files })))),
        times: increasing(possible.length, 0n, 2n ** 62n - 1n),
      })
      .map(({ versions, nodes, times }): Manifest => {
        const dated = nodes.map((node, index) => ({ ...node, commitTime: times[index] ?? 0n }));
        return { config, versionTree: { files, versions, nodes: dated } };
      });
  });
});

export const versionNodes: fc.Arbitrary<{ arityLog2: number; node: VersionNode }> = fc
  .tuple(fc.integer({ min: 1, max: 16 }), someFiles)
  .chain(([arityLog2, files]) =>
    fc.oneof(
      generations(arityLog2)
        .chain((last) => versionLists(arityLog2, last, files))
        .map((versions) => ({ arityLog2, node: { height: 0 as const, files, versions } })),
      interiorVersionNodes(arityLog2, files),
    ),
  );

/** Up to five neighbours out of one block of arity^(height + 1) generations. */
function interiorVersionNodes(arityLog2: number, files: DataFiles) {
  const highest = Math.floor(63 / arityLog2) - 1;
  return fc.integer({ min: 1, max: highest }).chain((height) => {
    const span = 1n << BigInt(arityLog2 * height);
    const block = span << BigInt(arityLog2);
    const least = fc.bigInt(0n, (largest(arityLog2) - 1n) / block);
    const count = Math.min(5, 2 ** arityLog2);
    const chosen = fc.subarray(
      Array.from({ length: count }, (_, index) => BigInt(index + 1)),
      { minLength: 1 },
    );
    return fc.tuple(least, chosen).chain(([blockIndex, positions]) => {
      const inBlock = positions
        .map((position) => blockIndex * block + position * span)
        .filter((generation) => generation <= largest(arityLog2));
      const kept = inBlock.length > 0 ? inBlock : [span];
      return fc
        .tuple(
          fc.tuple(
            ...kept.map((generation) => references(arityLog2, { height: height - 1, generation, files })),
          ),
          increasing(kept.length, 0n, MAX_UINT64),
        )
        .map(([nodes, times]) => ({
          arityLog2,
          node: {
            height,
            files,
            children: nodes.map((node, index) => ({ ...node, commitTime: times[index] ?? 0n })),
          },
        }));
    });
  });
}
