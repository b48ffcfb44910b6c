import { MissingName } from "./values.js";

/** Names of a program, a function or a comprehension, within those outside of it. */
export class Scope {
  readonly #values = new Map<string, unknown>();
  readonly #outer: Scope | undefined;
  readonly #fallback: (name: string) => unknown;
  /** Names that `global` or `nonlocal` says are of another scope. */
  readonly #elsewhere = new Map<string, Scope>();

  constructor(outer: Scope | undefined, fallback: (name: string) => unknown = () => undefined) {
    this.#outer = outer;
    this.#fallback = fallback;
  }

  /** The value of a name. @throws {MissingName} if there is none. */
  get(name: string): unknown {
    const value = this.find(name);
    if (value === undefined) throw new MissingName(name);
    return value;
  }

  /** The value of a name, or undefined. */
  find(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    return this.#outer === undefined ? this.#fallback(name) : this.#outer.find(name);
  }

  /** Gives a name of this scope a value. */
  set(name: string, value: unknown): void {
    const owner = this.#elsewhere.get(name);
    if (owner === undefined) this.#values.set(name, value);
    else owner.set(name, value);
  }

  /** `del name`. */
  remove(name: string): void {
    this.#values.delete(name);
  }

  /** `global name`, `nonlocal name`. */
  declare(name: string, isGlobal: boolean): void {
    const owner = isGlobal ? this.#root() : this.#outer?.owner(name);
    if (owner !== undefined && owner !== this) this.#elsewhere.set(name, owner);
  }

  /** The scope outwards that has a name. */
  owner(name: string): Scope | undefined {
    return this.#values.has(name) ? this : this.#outer?.owner(name);
  }

  #root(): Scope {
    return this.#outer === undefined ? this : this.#outer.#root();
  }

  /** A scope within this one. */
  inner(): Scope {
    return new Scope(this);
  }
}
