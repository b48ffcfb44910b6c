import type { DescribedLeaf } from "../../checkpoint/stored-leaf.js";
import type { PytreeLeaf } from "../../pytree/leaf.js";
import type { Arguments } from "../args.js";
import type { Command } from "../command.js";
import { escapeText } from "../escape-text.js";
import { formatBytes, formatPlural } from "../format-number.js";
import type { Io } from "../io.js";
import { ItemReader } from "../item-reader.js";
import { describedJson } from "../leaf-json.js";
import { isSmall } from "../leaf-text.js";
import { givenLimits } from "../limit-option.js";
import { localPath } from "../open-path.js";
import { COMMON_OPTIONS, ITEM_OPTION, JSON_OPTION, STEP_OPTION } from "../options.js";
import { Output } from "../output.js";
import { columnsOf, styleFor } from "../style.js";
import { type ReadValues, totalsOf } from "../totals.js";
import { treeOf } from "../tree-node.js";
import { treeRows } from "../tree-rows.js";
import { treeText } from "../tree-text.js";

/** `orbax-ts show`: the tree without its arrays. */
export const show: Command = {
  name: "show",
  summary: "the tree: keys, dtypes, shapes, sizes, small values",
  description:
    "Shows the tree of a checkpoint: for each leaf its dtype, shape, bytes in memory and " +
    "sharding; small values beside it. Strings and random keys that Datarax stores as trees of " +
    "numbers are shown as what they are. Large arrays are not read.",
  paths: [{ name: "PATH", summary: "a checkpoint, a step with items, or a directory of steps" }],
  options: { ...STEP_OPTION, ...ITEM_OPTION, ...JSON_OPTION, ...COMMON_OPTIONS },
  example: [
    "$ orbax-ts show runs/7 --step 20",
    "runs/7/20/state",
    "401,920 parameters in 2 arrays, 1.6 MB; 1.5 MB on disk",
    "",
    "params/dense/",
    "  bias    float32 [512]       2.0 kB  cpu:0",
    "  kernel  float32 [784, 512]  1.6 MB  cpu:0",
    "step      int64                       20",
  ],
  run: runShow,
};

async function runShow(args: Arguments, io: Io): Promise<number> {
  await io.prepareZstd?.();
  const limits = givenLimits(args.texts("limit"));
  const chosen = { step: args.safeInteger("step"), item: args.text("item") };
  const reader = await ItemReader.openPath(localPath(args.path), chosen, limits);
  const wanted = reader.leaves.filter(args.flag("json") ? isPlain : isSmall);
  const values = new Map<DescribedLeaf, PytreeLeaf>();
  for await (const { leaf, value } of reader.read(wanted)) values.set(leaf, value);
  const pieces = args.flag("json") ? jsonPieces(reader, values) : textPieces(reader, values, io);
  await new Output(io.out).writeAll(pieces);
  return 0;
}

/** Leaves whose values `show --json` prints. */
function isPlain({ storage }: DescribedLeaf): boolean {
  return storage.kind !== "array" || storage.holds === "scalar";
}

function* jsonPieces(reader: ItemReader, values: ReadValues): Generator<string> {
  let isFirst = true;
  yield '{"kind":"pytree","leaves":[';
  for (const leaf of reader.leaves) {
    const json = describedJson(leaf, reader.kindOf(leaf), values.get(leaf), reader.implOf(leaf));
    yield (isFirst ? "" : ",") + JSON.stringify(json);
    isFirst = false;
  }
  yield `],"totals":${JSON.stringify(totalsOf(reader, values))}}\n`;
}

function* textPieces(reader: ItemReader, values: ReadValues, io: Io): Generator<string> {
  const style = styleFor(io);
  const { parameters, bytes, stored } = totalsOf(reader, values);
  const arrays = reader.leaves.filter((leaf) => reader.kindOf(leaf) === "array").length;
  const counts = `${formatPlural(parameters, "parameter")} in ${formatPlural(arrays, "array")}`;
  yield `${style.bold(escapeText(reader.place))}\n`;
  yield `${counts}, ${formatBytes(bytes)}; ${formatBytes(stored)} on disk\n\n`;
  const columns = columnsOf(io);
  const shown = reader.leaves.map((leaf) => ({ leaf, value: values.get(leaf) }));
  yield* treeText(treeRows(treeOf(shown)), { columns, style, reader });
}
