import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ImportMap } from "./imports.js";
import { REPOSITORY } from "./source-files.js";

/** The parts of package.json that the repository's own tests look at. */
export type PackageJson = {
  readonly name: string;
  readonly imports: ImportMap;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}

function isPackageJson(value: unknown): value is PackageJson {
  if (!isObject(value) || !isObject(value["imports"]) || !isObject(value["exports"])) return false;
  const targets = Object.values(value["exports"]);
  return (
    typeof value["name"] === "string" &&
    Object.values(value["imports"]).every(isTextMap) &&
    targets.every((target) => typeof target === "string" || isTextMap(target)) &&
    isTextMap(value["dependencies"]) &&
    isTextMap(value["devDependencies"])
  );
}

/** Reads package.json. @throws {Error} when a field that {@link PackageJson} names has another shape. */
export function readPackageJson(): PackageJson {
  const parsed: unknown = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
  if (!isPackageJson(parsed)) throw new Error("package.json: not the shape that test/repo expects");
  return parsed;
}

/**
 * Optional dependencies that packages in package-lock.json name and the file lacks: `npm ci` refuses such a file.
 * `npm install` makes one where a registry does not carry the binaries for other platforms.
 */
export function missingFromLockFile(text: string): string[] {
  const lockFile: unknown = JSON.parse(text);
  const packages = isObject(lockFile) && isObject(lockFile["packages"]) ? lockFile["packages"] : {};
  if (Object.keys(packages).length === 0) throw new Error("package-lock.json: no packages");
  const missing: string[] = [];
  for (const [path, entry] of Object.entries(packages)) {
    const optional =
      isObject(entry) && isObject(entry["optionalDependencies"]) ? entry["optionalDependencies"] : {};
    for (const name of Object.keys(optional)) {
      const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
      if (!places.some((place) => place in packages)) missing.push(name);
    }
  }
  return missing;
}

/** Entry as one imports it, `orbax-ts/datarax`, → its built module, `./dist/datarax.js`. */
export function entryTargets({ name, exports }: PackageJson): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const [subpath, target] of Object.entries(exports)) {
    if (typeof target !== "string") entries.set(name + subpath.slice(1), target["import"] ?? "");
  }
  return entries;
}
