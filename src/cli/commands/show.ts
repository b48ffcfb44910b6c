import type { JsonObject } from "../../bytes/json.js";
import type { DescribedLeaf } from "../../checkpoint/tree/stored-leaf.js";
import { notFound } from "../../errors.js";
import { selectLeaves } from "../../pytree/select-leaves.js";
import type { Arguments } from "../args.js";
import type { Command } from "../command.js";
import { placeUsage } from "../disk-usage.js";
import { growHeapSlowly } from "../heap-growth.js";
import type { Io } from "../io.js";
import { itemContent } from "../item-content.js";
import { ItemReader } from "../item-reader.js";
import { jsonText } from "../json-text.js";
import { describedJson } from "../leaf-json.js";
import { isSmall } from "../leaf-text.js";
import { ITEM_LIMITS, limitsForFiles } from "../limits.js";
import { type OpenedItem, openItem, type PlainItem, readingItem } from "../open-item.js";
import { COMMON_OPTIONS, ITEM_OPTION, JSON_OPTION, STEP_OPTION } from "../options.js";
import { Output } from "../output.js";
import { showItem } from "../show-item.js";
import { showText } from "../show-text.js";
import { columnsOf, styleFor } from "../style.js";
import { Tally } from "../tally.js";
import { type Totals, totalsOf } from "../totals.js";
import type { ShownLeaf } from "../tree-node.js";

/** `orbax-ts show`: the tree without its arrays. */
export const show: Command = {
  name: "show",
  summary: "the tree: keys, dtypes, shapes, sizes, small values",
  description:
    "Shows the tree of a checkpoint: for each leaf its dtype, shape, bytes in memory and " +
    "sharding; small values beside it. Layers that are alike have one line, and so has a subtree " +
    "that looks like another one. Strings and random keys that Datarax stores as trees of numbers " +
    "are shown as what they are. Large arrays are not read. Items that are no tree are shown as " +
    "their text, or with the sizes of their files.",
  paths: [{ name: "PATH", summary: "a checkpoint, a step with items, or a directory of steps" }],
  options: {
    ...STEP_OPTION,
    ...ITEM_OPTION,
    depth: {
      kind: "integer",
      value: "N",
      least: 1n,
      most: 1000n,
      summary: "show N keys of each path; default: what fits on two screens",
    },
    filter: {
      kind: "list",
      value: "GLOB",
      summary: "only leaves at or below, e.g. 'params/**/kernel'; repeatable",
    },
    ...JSON_OPTION,
    ...COMMON_OPTIONS,
  },
  example: [
    "$ orbax-ts show runs/7",
    "34,612,225 parameters in 184 arrays, 138 MB in memory, 43 MB on disk",
    "float32 138 MB (>99 %), int64, int32 (each <1 %), optimizer 92 MB (67 %)",
    "runs/7/20000/state",
    "",
    "opt_state/                23.1M params          92 MB",
    "  count                   int32 []                4 B  20000  cpu:0",
    "  mu/                     11.5M params          46 MB  like params/",
    "  nu/                     11.5M params          46 MB  like params/",
    "params/                   11.5M params          46 MB",
    "  embed                   float32 [8192, 256]  8.4 MB  cpu:0",
    "  layer_0 … layer_11 ×12  9.44M params          38 MB",
    "    attn/                 262k params          1.0 MB",
    "      out                 float32 [256, 256]   262 kB  cpu:0",
    "      qkv                 float32 [256, 768]   786 kB  cpu:0",
    "    mlp/                  524k params          2.1 MB",
    "      down                float32 [1024, 256]  1.0 MB  cpu:0",
    "      up                  float32 [256, 1024]  1.0 MB  cpu:0",
    "    norm                  float32 [256]        1.0 kB  cpu:0",
    "step                      int64                        20000",
  ],
  run: runShow,
};

async function runShow(args: Arguments, io: Io): Promise<number> {
  await io.prepareZstd?.();
  const item = await openItem(args);
  const pieces = await readingItem(item, async () =>
    item.kind === "pytree" ? treePieces(item, args, io) : plainPieces(item, args, io),
  );
  await new Output(io.out).writeAll(pieces);
  return 0;
}

async function treePieces(
  { place, path, limits }: OpenedItem,
  args: Arguments,
  io: Io,
): Promise<Iterable<string>> {
  const reader = await ItemReader.open(place, limits);
  const filters = args.texts("filter");
  const leaves =
    filters.length === 0
      ? reader.leaves
      : selectLeaves(reader.leaves, filters, (glob) =>
          notFound(`${path}: --filter ${JSON.stringify(glob)} selects no leaf`, { file: path }),
        );
  const isJson = args.flag("json");
  if (!isJson) new Tally("leaves to show", "shownLeaves", reader.limits).add(leaves.length);
  const isWanted = isJson ? isPlain : isSmall;
  const values = new Map<DescribedLeaf, ShownLeaf["value"]>();
  for await (const { leaf, value } of reader.read(leaves.filter(isWanted))) values.set(leaf, value);
  const shown = leaves.map((leaf): ShownLeaf => ({ leaf, value: values.get(leaf) }));
  if (isJson) return jsonPieces(shown, reader);
  return showText(shown, reader, {
    columns: columnsOf(io),
    style: styleFor(io),
    place: path,
    depth: args.safeInteger("depth"),
    whole: filters.length === 0 ? undefined : wholeTotals(reader, values),
  });
}

/** Of a tree of which only some scalars were read: the others count as they are stored. */
function wholeTotals(reader: ItemReader, values: ReadonlyMap<DescribedLeaf, ShownLeaf["value"]>): Totals {
  return totalsOf(
    reader.leaves.map((leaf) => ({ leaf, value: values.get(leaf) })),
    reader,
  );
}

/** Leaves whose values `show --json` prints. */
function isPlain({ storage }: DescribedLeaf): boolean {
  return storage.kind !== "array" || storage.holds === "scalar";
}

function* jsonPieces(leaves: readonly ShownLeaf[], reader: ItemReader): Generator<string> {
  let isFirst = true;
  yield '{"kind":"pytree","leaves":[';
  for (const { leaf, value } of leaves) {
    const json = describedJson(leaf, reader.kindOf(leaf), value, reader.implOf(leaf));
    yield (isFirst ? "" : ",") + JSON.stringify(json);
    isFirst = false;
  }
  const { parameters, bytes } = totalsOf(leaves, reader);
  yield `],"totals":${JSON.stringify({ parameters, bytes, stored: reader.storedBytes })}}\n`;
}

async function plainPieces({ kind, place, path, limits: given }: PlainItem, args: Arguments, io: Io) {
  const { bytes: stored, distinctBytes } = placeUsage(place);
  const limits = limitsForFiles(ITEM_LIMITS, given, distinctBytes);
  await growHeapSlowly(distinctBytes);
  const content = await itemContent(kind, place.storage, { limits, hashes: undefined });
  if (args.flag("json")) return jsonLine({ kind, ...content, totals: { stored } });
  return showItem(kind, content, { columns: columnsOf(io), style: styleFor(io), stored, place: path });
}

function* jsonLine(value: JsonObject): Generator<string> {
  yield* jsonText(value);
  yield "\n";
}
