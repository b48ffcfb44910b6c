import { unsupported } from "../errors.js";
import type { LocalStorageOptions } from "./local.js";

export type { LocalStorageOptions } from "./local.js";

/** Stands for the local folder's storage on platforms without one: browsers. */
export class LocalStorage {
  readonly name: string;

  /** @throws {OrbaxError} `UNSUPPORTED`, naming the storages that there are. */
  constructor(root: string | URL, _options?: LocalStorageOptions) {
    this.name = String(root);
    throw unsupported(
      `${this.name}: there are no local folders here; give a MemoryStorage, a Map of values by key or a zarrita store such as FetchStore`,
    );
  }

  /** Never returns: there is no folder. */
  parent(): never {
    throw unsupported(`${this.name}: there are no local folders here`);
  }
}
