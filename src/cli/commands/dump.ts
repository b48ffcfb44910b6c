import type { Arguments } from "../args.js";
import type { Command } from "../command.js";
import { placeUsage } from "../disk-usage.js";
import { warningLine } from "../failure.js";
import { FileHashes } from "../file-hashes.js";
import { growHeapSlowly } from "../heap-growth.js";
import type { Io } from "../io.js";
import { itemContent } from "../item-content.js";
import { ItemReader } from "../item-reader.js";
import { jsonText } from "../json-text.js";
import { leafJson } from "../leaf-json.js";
import { ITEM_LIMITS, limitsForFiles } from "../limits.js";
import { openItem, type PlainItem, readingItem } from "../open-item.js";
import { COMMON_OPTIONS, ITEM_OPTION, STEP_OPTION } from "../options.js";
import { Output } from "../output.js";
import { Progress } from "../progress.js";
import { loadSha256 } from "../sha256.js";

/** `orbax-ts dump`: every leaf exactly, as Python sees it. */
export const dump: Command = {
  name: "dump",
  summary: "an item exactly as Python restores it, as JSON",
  description:
    "Prints one JSON object. Of a tree, exactly what PyTreeCheckpointer().restore(PATH) gives: for " +
    "each leaf its path, kind, dtype and shape, the SHA-256 of all elements (little-endian, C " +
    "order), and the first 16 elements as text. Two dumps are equal if and only if the trees are. " +
    "Of other items, their JSON, their text, or the SHA-256 of each file.",
  paths: [{ name: "PATH", summary: "a checkpoint, a step with items, or a directory of steps" }],
  options: {
    ...STEP_OPTION,
    ...ITEM_OPTION,
    json: { kind: "flag", summary: "on one line" },
    salvage: {
      kind: "flag",
      summary: "read what is left of a tree without its top database",
    },
    ...COMMON_OPTIONS,
  },
  example: [
    "$ orbax-ts dump runs/7 --step 20",
    "{",
    '  "kind": "pytree",',
    '  "leaves": [',
    '    {"path":["n"],"kind":"scalar","dtype":"int64","shape":[],"values":["20"]}',
    "  ]",
    "}",
  ],
  run: runDump,
};

async function runDump(args: Arguments, io: Io): Promise<number> {
  await io.prepareZstd?.();
  const salvages = args.flag("salvage");
  const item = await openItem(args, { salvages });
  const output = new Output(io.out);
  const indent = args.flag("json") ? 0 : 2;
  const warnings: string[] = [];
  const progress = new Progress(io, "reading");
  try {
    await readingItem(item, async () => {
      if (item.kind === "pytree") {
        const reader = await ItemReader.open(
          item.place,
          item.limits,
          salvages ? (message) => warnings.push(message) : undefined,
        );
        await dumpTree(reader, { output, progress, layout: indent === 0 ? ON_ONE_LINE : FOR_PEOPLE });
      } else {
        await dumpContent(item, { output, progress, indent });
      }
    });
  } finally {
    await progress.end();
  }
  await output.end();
  if (warnings.length > 0) await io.err.write(warningLine(warnings.join("; ")));
  return 0;
}

type Writing = { readonly output: Output; readonly progress: Progress };

async function dumpTree(
  reader: ItemReader,
  { output, progress, layout }: Writing & { readonly layout: TreeLayout },
): Promise<void> {
  const sha256 = await loadSha256();
  output.push(layout.start);
  let done = 0;
  for await (const { leaf, value } of reader.read()) {
    const json = JSON.stringify(leafJson(leaf.path, value, sha256));
    output.push((done === 0 ? "" : ",") + layout.beforeLeaf + json);
    done++;
    await output.drain();
    await progress.show(done, reader.leaves.length);
  }
  output.push(layout.end);
}

type TreeLayout = { readonly start: string; readonly beforeLeaf: string; readonly end: string };

const ON_ONE_LINE: TreeLayout = { start: '{"kind":"pytree","leaves":[', beforeLeaf: "", end: "]}\n" };
const FOR_PEOPLE: TreeLayout = {
  start: '{\n  "kind": "pytree",\n  "leaves": [',
  beforeLeaf: "\n    ",
  end: "\n  ]\n}\n",
};

async function dumpContent(
  { kind, place, limits: given }: PlainItem,
  { output, progress, indent }: Writing & { readonly indent: number },
): Promise<void> {
  const { bytes: stored, distinctBytes } = placeUsage(place);
  const limits = limitsForFiles(ITEM_LIMITS, given, distinctBytes);
  await growHeapSlowly(distinctBytes);
  const hashes = new FileHashes(await loadSha256(), { progress, allBytes: stored, limits });
  const content = await itemContent(kind, place.storage, { limits, hashes });
  for (const piece of jsonText({ kind, ...content }, { indent })) {
    output.push(piece);
    await output.drain();
  }
  output.push("\n");
}
