import { envelope } from "../ocdbt/bytes.js";
import { DataFile, interiorBody, leafBody, manifest, type Place } from "../ocdbt/databases.js";

export type Files = Readonly<Record<string, Uint8Array>>;

/** The files of a database of one leaf with one key `a`, whose value lies at `value`. */
export function valueAt(value: Place): Files {
  const file = new DataFile("d/leaf");
  const root = file.appendNode(leafBody([["a", value]]));
  return { "manifest.ocdbt": manifest(root), [file.path]: file.bytes };
}

/** The files of a database of one interior node with one child at `child`. */
export function childAt(child: Place): Files {
  const file = new DataFile("d/root");
  const root = file.appendNode(interiorBody(1, [{ ...child, key: "a" }]));
  return { "manifest.ocdbt": manifest(root, 1), [file.path]: file.bytes };
}

/** A leaf of one key. */
export const leaf = envelope("node", leafBody([["a", "1"]]));
/** Where {@link leaf} lies when it is a file of its own. */
export const leafIn = (file: string): Place => ({ file, offset: 0, length: leaf.length });
