import { isOrbaxError } from "../../src/errors.js";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import { type Listed, listHashed } from "../ocdbt/fixtures.js";
import { type Oracle, OracleError } from "./oracle.js";

/** What a reader makes of a database: its content, or an error. */
export type Verdict =
  | { readonly content: readonly Listed[] }
  | { readonly error: string; readonly found?: unknown };

/** Lists a version and reads all of its values. Errors other than `OrbaxError` are bugs, and thrown. */
export async function ourVerdict(dir: string, generation?: number): Promise<Verdict> {
  try {
    return { content: await listHashed(await openOcdbt(dir, { generation })) };
  } catch (error) {
    if (!isOrbaxError(error)) throw error;
    return { error: `${error.code} ${error.message}`, found: error.details.found };
  }
}

/** As {@link ourVerdict} by TensorStore. */
export async function tensorStoreVerdict(oracle: Oracle, dir: string, generation?: number): Promise<Verdict> {
  try {
    const version = generation === undefined ? {} : { version: generation };
    const listed = await oracle.call("ocdbt_list", { dir, ...version });
    if (!isList(listed)) throw new Error("expected a list of keys");
    return { content: listed };
  } catch (error) {
    if (!(error instanceof OracleError)) throw error;
    return { error: error.message };
  }
}

function isList(listed: unknown): listed is readonly Listed[] {
  return (
    Array.isArray(listed) && listed.every((entry: unknown) => typeof entry === "object" && entry !== null)
  );
}

/** Why a verdict may differ from TensorStore's: by docs/spec/ocdbt.md sections 2, 10.3 and 13. */
export type AcceptedDifference =
  | "a value whose data file is missing, or no file, is refused (10.3)"
  | "a path with a backslash, a control character or a drive is refused (13)"
  | "a path that is no UTF-8 is refused (13)"
  | "an offset or length over 2^53 is refused (2)"
  | "a manifest that is missing, or no file, is refused (10.3)"
  | "a link out of the database is refused (13)"
  | "a limit is exceeded (13)";

/** Which accepted difference there is where we refuse and TensorStore does not; `undefined` if none explains it. */
export function acceptedDifference(ours: Verdict, theirs: Verdict): AcceptedDifference | undefined {
  if (!("error" in ours) || "error" in theirs) return undefined;
  const { error, found } = ours;
  if (error.startsWith("LIMIT_EXCEEDED")) return "a limit is exceeded (13)";
  if (error.includes("manifest.ocdbt: not found") || error.includes("manifest.ocdbt: is a directory")) {
    return "a manifest that is missing, or no file, is refused (10.3)";
  }
  if (error.includes("symbolic link")) return "a link out of the database is refused (13)";
  const hasEmptyValue = theirs.content.some(({ length }) => length === 0);
  if ((found === "no such file" || found === "a directory") && hasEmptyValue) {
    return "a value whose data file is missing, or no file, is refused (10.3)";
  }
  if (found === "invalid UTF-8") return "a path that is no UTF-8 is refused (13)";
  if (error.includes("no control characters, backslashes or drives")) {
    return "a path with a backslash, a control character or a drive is refused (13)";
  }
  if (typeof found === "bigint" && found > 2n ** 53n) return "an offset or length over 2^53 is refused (2)";
  return undefined;
}
