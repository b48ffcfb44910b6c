import { realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import { invalidArgument } from "../errors.js";
import { alreadyExists, fileInTheWay, nothingThere } from "./refusals.js";
import { fileOf, fileParts, invalidKey, keyParts } from "./storage-key.js";

/** Codes with which the system says that a name leads nowhere. */
const MISSING = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

/** Codes with which the system says that a file stands where a directory should be. */
const OTHER_THAN_DIRECTORY = new Set(["EEXIST", "ENOTDIR"]);
/** The same, where EEXIST means the last name itself. */
const FILE_ABOVE = new Set(["ENOTDIR"]);

/** Beyond as many directories, what was checked is forgotten: bounds the memory, costs one check more each. */
const MOST_CHECKED = 4096;

/** The system's name of an error, `ENOENT` and the like; empty for errors that are not the system's. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Whether the system says that nothing is there. */
export function isMissing(error: unknown): boolean {
  return MISSING.has(systemCode(error));
}

/** What `action` gives, `undefined` where the system says that nothing is there. */
export function orMissing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!isMissing(error)) throw error;
    return undefined;
  }
}

const loadFsExtra = () => import("fs-extra/esm");
let loaded: ReturnType<typeof loadFsExtra> | undefined;

/** fs-extra, loaded when a directory is first made, or much is removed. */
export const fsExtra = () => {
  loaded ??= loadFsExtra();
  return loaded;
};

/**
 * A folder and the paths below it. The folder itself may be a symbolic link and is trusted: it stands for where it
 * leads when it is first used. A link below it that leads outside is refused unless `followLinks`
 * (docs/spec/ocdbt.md section 13). A directory is checked once and not at every read: what a checkpoint holds is
 * refused, not somebody who exchanges its directories meanwhile.
 */
export class LocalRoot {
  readonly path: string;
  readonly followLinks: boolean;
  #real: string | undefined;
  readonly #checked = new Set<string>();

  constructor(path: string, followLinks: boolean) {
    this.path = isPlainAbsolute(path) ? path : resolve(path);
    this.followLinks = followLinks;
  }

  /** Path of a file or directory, which may be missing or a link; `undefined` if its directory is missing. */
  entry(key: string): string | undefined {
    const parts = localParts(key, fileParts);
    const root = this.#realPath();
    if (root === undefined) return undefined;
    return this.#isInside(root, parts.slice(0, -1), key) ? pathBelow(root, parts) : undefined;
  }

  /** Path of a directory that lies inside by its real path, `undefined` if it is missing. */
  directory(key: string): string | undefined {
    const parts = localParts(key, keyParts);
    const root = this.#realPath();
    if (root === undefined) return undefined;
    return this.#isInside(root, parts, key) ? pathBelow(root, parts) : undefined;
  }

  /** Where the link at `path` leads, `undefined` if that is nowhere. */
  followLink(path: string, key: string): string | undefined {
    const root = this.#realPath();
    const real = orMissing(() => realpathSync.native(path));
    if (root === undefined || real === undefined) return undefined;
    this.#requireInside(root, real, key);
    return real;
  }

  /** {@link directory}, made with its parents if it is missing. */
  async makeDirectory(key: string): Promise<string> {
    return this.#make(localParts(key, keyParts), key).catch((error: unknown) => {
      throw systemCode(error) === "EEXIST" ? alreadyExists(fileOf(key), error) : error;
    });
  }

  /** {@link entry}, its directory made if it is missing. */
  async makeParent(key: string): Promise<string> {
    const parts = localParts(key, fileParts);
    const name = parts.pop() ?? "";
    const parent = await this.#make(parts, key).catch((error: unknown) => {
      throw systemCode(error) === "EEXIST" ? fileInTheWay(fileOf(key), error) : error;
    });
    return pathBelow(parent, [name]);
  }

  /** Forgets what was checked: needed when directories were moved or removed. */
  forget(): void {
    this.#checked.clear();
  }

  async #make(parts: readonly string[], key: string): Promise<string> {
    const { ensureDirSync } = await fsExtra();
    orFileInTheWay(key, OTHER_THAN_DIRECTORY, () => ensureDirSync(this.path));
    const root = this.#realPath();
    if (root === undefined) throw nothingThere(this.path, "directory");
    // From the deepest directory that exists: nothing may be made behind a link that leads outside.
    for (let depth = parts.length; depth > 0; depth--) {
      if (this.#isInside(root, parts.slice(0, depth), key)) break;
    }
    const path = pathBelow(root, parts);
    orFileInTheWay(key, FILE_ABOVE, () => ensureDirSync(path));
    return path;
  }

  #realPath(): string | undefined {
    this.#real ??= orMissing(() => realpathSync.native(this.path));
    return this.#real;
  }

  /** False if the directory is missing. @throws {OrbaxError} `INVALID_ARGUMENT` if it lies outside. */
  #isInside(root: string, parts: readonly string[], key: string): boolean {
    if (this.followLinks || parts.length === 0) return true;
    const path = pathBelow(root, parts);
    if (this.#checked.has(path)) return true;
    const real = orMissing(() => realpathSync.native(path));
    if (real === undefined) return false;
    this.#requireInside(root, real, key);
    if (this.#checked.size >= MOST_CHECKED) this.#checked.clear();
    this.#checked.add(path);
    return true;
  }

  #requireInside(root: string, real: string, key: string): void {
    const prefix = root.endsWith(sep) ? root : root + sep;
    if (this.followLinks || real === root || real.startsWith(prefix)) return;
    const file = fileOf(key);
    throw invalidArgument(
      `${file}: a symbolic link leads outside ${this.path}; a LocalStorage with followLinks allows that`,
      { file },
    );
  }
}

/**
 * The path of names below a directory. The names are checked ones; `join` of `node:path` looks at every character
 * again, which takes longer than the system does for the file.
 */
export function pathBelow(directory: string, names: readonly string[]): string {
  if (names.length === 0) return directory;
  return `${directory}${directory.endsWith(sep) ? "" : sep}${names.join(sep)}`;
}

/** Whether `resolve` would leave a path as it is, up to double slashes. On Windows it may lack a drive. */
function isPlainAbsolute(path: string): boolean {
  return sep === "/" && path.startsWith("/") && !path.includes("/.");
}

/** The parts of a key as names of this platform; `split` is `keyParts` or `fileParts`. */
export function localParts(key: string, split: (key: string) => string[]): string[] {
  const parts = split(key);
  // On Windows a backslash parts names, and a colon parts a drive or a hidden stream from a name.
  if (sep === "\\" && /[\\:]/.test(key))
    throw invalidKey(key, "Windows allows no backslash or colon in a name");
  return parts;
}

function orFileInTheWay(key: string, codes: ReadonlySet<string>, make: () => void): void {
  try {
    make();
  } catch (error) {
    throw codes.has(systemCode(error)) ? fileInTheWay(fileOf(key), error) : error;
  }
}
