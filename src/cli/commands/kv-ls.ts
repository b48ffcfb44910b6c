import { type OcdbtEntry, valueLength } from "../../ocdbt/entry.js";
import { MANIFEST_FILE } from "../../ocdbt/manifest-file.js";
import { openOcdbt } from "../../ocdbt/reader.js";
import type { Arguments } from "../args.js";
import type { Command } from "../command.js";
import { diskUsage } from "../disk-usage.js";
import { escapeBytes } from "../escape-text.js";
import { growHeapSlowly } from "../heap-growth.js";
import type { Io } from "../io.js";
import { KeyListing } from "../key-listing.js";
import { givenLimits } from "../limit-option.js";
import { CLI_LIMITS, limitsForFiles } from "../limits.js";
import { localPath } from "../open-path.js";
import { COMMON_OPTIONS } from "../options.js";
import { Output } from "../output.js";
import { styleFor } from "../style.js";

/** `orbax-ts kv ls`: the keys of an OCDBT database. */
export const kvLs: Command = {
  name: "kv ls",
  summary: "keys of an OCDBT database, in byte order",
  description:
    `Lists the keys of the database whose ${MANIFEST_FILE} lies in PATH, each with the length of ` +
    "its value; with --json a JSON value a line, the key in hexadecimal. Every data file that " +
    "they need is checked to be there and long enough.",
  paths: [{ name: "PATH", summary: `the directory that holds ${MANIFEST_FILE}` }],
  options: {
    json: { kind: "flag", summary: "for programs: one JSON value a line" },
    generation: {
      kind: "integer",
      value: "G",
      least: 1n,
      most: 2n ** 64n - 1n,
      summary: "an older version of the database; default: the newest",
    },
    hash: { kind: "flag", summary: "read every value, and print its SHA-256" },
    ...COMMON_OPTIONS,
  },
  example: [
    "$ orbax-ts kv ls runs/7",
    "    135  params.w/.zarray",
    "   2412  params.w/0.0",
    "$ orbax-ts kv ls runs/7 --json --hash",
    '{"key":"73746570","length":1,"sha256":"6e34…"}',
  ],
  run: runKvLs,
};

async function runKvLs(args: Arguments, io: Io): Promise<number> {
  await io.prepareZstd?.();
  const path = localPath(args.path);
  const { bytes: storedBytes, distinctBytes } = diskUsage(path);
  const limits = limitsForFiles(CLI_LIMITS, givenLimits(args.texts("limit")), distinctBytes);
  await growHeapSlowly(distinctBytes);
  const generation = args.integer("generation");
  const database = await openOcdbt(path, { limits, generation });
  const format = args.flag("json") ? jsonLines() : textLines(io);
  const output = new Output(io.out);
  const listing = new KeyListing(database, limits, storedBytes);
  for await (const { entries, sha256 } of args.flag("hash") ? listing.hashed(io) : listing.batches()) {
    for (const [index, entry] of entries.entries()) output.push(format(entry, sha256?.[index]));
    if (output.isFull) await output.drain();
  }
  await output.end();
  return 0;
}

type Format = (entry: OcdbtEntry, sha256: string | undefined) => string;

function jsonLines(): Format {
  // Neighbouring keys lie in one buffer: a view for each key would cost as much as its digits.
  let whole: Buffer = Buffer.alloc(0);
  return ({ key, value }, sha256) => {
    if (whole.buffer !== key.buffer) whole = Buffer.from(key.buffer);
    const digits = whole.toString("hex", key.byteOffset, key.byteOffset + key.length);
    const hash = sha256 === undefined ? "" : `,"sha256":"${sha256}"`;
    return `{"key":"${digits}","length":${valueLength(value)}${hash}}\n`;
  };
}

const LENGTH_WIDTH = 10;

function textLines(io: Io): Format {
  const style = styleFor(io);
  return ({ key, value }, sha256) => {
    const hash = sha256 === undefined ? "" : `${style.dim(sha256)}  `;
    return `${String(valueLength(value)).padStart(LENGTH_WIDTH)}  ${hash}${escapeBytes(key)}\n`;
  };
}
