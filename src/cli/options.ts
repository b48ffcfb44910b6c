import type { OptionSpecs } from "./option-spec.js";

/** Steps are what JavaScript and Python hold alike. */
const MOST_STEP = BigInt(Number.MAX_SAFE_INTEGER);

/** Options of every command. */
export const COMMON_OPTIONS = {
  limit: {
    kind: "limit",
    value: "NAME=N",
    summary: "raise a limit that an error names, for a file that you trust",
  },
  debug: { kind: "flag", summary: "say more about an error: where it was thrown" },
  help: { kind: "flag", summary: "show this" },
} as const satisfies OptionSpecs;

/** The option of every command that prints for people as well. */
export const JSON_OPTION = {
  json: { kind: "flag", summary: "for programs: one JSON value" },
} as const satisfies OptionSpecs;

const STEP_SUMMARY = "which step of a directory of steps; default: the largest";

/** Chooses a step of a directory of steps. Those of Flax can have a fraction. */
export const STEP_OPTION = {
  step: {
    kind: "number",
    value: "N",
    least: -Number.MAX_SAFE_INTEGER,
    most: Number.MAX_SAFE_INTEGER,
    summary: STEP_SUMMARY,
  },
} as const satisfies OptionSpecs;

/** Chooses a step of Datarax. */
export const INTEGER_STEP_OPTION = {
  step: { kind: "integer", value: "N", least: -MOST_STEP, most: MOST_STEP, summary: STEP_SUMMARY },
} as const satisfies OptionSpecs;

/** Chooses an item of a step. */
export const ITEM_OPTION = {
  item: {
    kind: "text",
    value: "NAME",
    summary: "an item of a step; default: the only one, or its tree",
  },
} as const satisfies OptionSpecs;
