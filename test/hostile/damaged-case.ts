import type { OrbaxErrorCode } from "../../src/errors.js";
import type { Tree } from "../../src/pytree/value.js";
import type { Files } from "./hand-item.js";

/** A checkpoint that lacks something, or has something else than it should, and what must come of it. */
export type DamagedCase = {
  readonly files: Files;
  /** The directory to open below the files; default: their top. */
  readonly path?: string;
  /** What Orbax 0.12.8 makes of it where that is something else: `PyTreeCheckpointer().restore(path)`. */
  readonly orbax?: OrbaxDiffers;
} & Outcome;

type Outcome =
  | { readonly opens: Tree }
  | {
      /** Part of the message: the file or the key, and what is wrong. */
      readonly refused: string;
      /** Default: `DATA_LOSS`. */
      readonly code?: OrbaxErrorCode;
    };

/** Why Orbax's verdict may be another one (docs/spec/orbax-layout.md, unless it says extra). */
export type OrbaxDiffers =
  | "restores it: section 15 says to be strict"
  | "restores it: no release of Orbax wrote it"
  | "refuses it: section 15 says to believe the files"
  | "refuses it: section 15 says that every other type is an array"
  | "refuses it: section 16 says what else reads it";

/** Damaged checkpoints by what is wrong with them. */
export type DamagedCases = Readonly<Record<string, DamagedCase>>;
