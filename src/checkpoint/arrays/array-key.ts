/**
 * Key of a file of an array, in the database and below an item's directory (docs/spec/orbax-layout.md section 7).
 * As TensorStore does it: one slash parts the two, which may be the name's own last character; the names ""
 * and "/" stand for the root.
 *
 * @param name The array's parameter name.
 * @param file Name below the array: `.zarray`, `0.1`; empty for what all its keys begin with.
 */
export function arrayKey(name: string, file: string): string {
  if (name === "" || name === "/") return file;
  return name.endsWith("/") ? name + file : `${name}/${file}`;
}
