/** Named arguments of a call. */
export type Named = ReadonlyMap<string, unknown>;

/** No named arguments. */
export const NO_NAMED: Named = new Map();

/** A function of a program, or one that a program may call. */
export class PyFunction {
  readonly name: string;
  readonly call: (args: readonly unknown[], named: Named) => unknown;

  constructor(name: string, call: (args: readonly unknown[], named: Named) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** What a decorator of a method makes of it. */
export class Decorated {
  readonly kind: "property" | "staticmethod" | "classmethod";
  readonly of: PyFunction;

  constructor(kind: Decorated["kind"], of: PyFunction) {
    this.kind = kind;
    this.of = of;
  }
}

/** Names behind a dot. */
export class Namespace {
  readonly name: string;
  readonly names: ReadonlyMap<string, unknown>;

  constructor(name: string, names: Iterable<readonly [string, unknown]>) {
    this.name = name;
    this.names = new Map(names);
  }
}

/** A class of this project: its constructor as a program calls it, and its static functions. */
export class HostClass {
  readonly name: string;
  readonly target: object;
  readonly construct: PyFunction;

  constructor(name: string, target: object, construct: PyFunction) {
    this.name = name;
    this.target = target;
    this.construct = construct;
  }
}

/** A class that a program defines, or one without anything that it derives from. */
export class PyClass {
  readonly name: string;
  readonly bases: readonly PyClass[];
  readonly names: Map<string, unknown>;

  constructor(name: string, bases: readonly PyClass[], names: Map<string, unknown>) {
    this.name = name;
    this.bases = bases;
    this.names = names;
  }

  /** What the class or one of its bases has by a name. */
  find(name: string): unknown {
    if (this.names.has(name)) return this.names.get(name);
    for (const base of this.bases) {
      const found = base.find(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether it is a class or derives from it. */
  derives(other: PyClass): boolean {
    return this === other || this.bases.some((base) => base.derives(other));
  }
}

/** An object of a class that a program defines. */
export class Instance {
  readonly fields = new Map<string, unknown>();
  readonly of: PyClass;

  constructor(of: PyClass) {
    this.of = of;
  }

  /** A method, if the class has it. */
  method(name: string): ((...args: readonly unknown[]) => unknown) | undefined {
    const found = this.of.find(name);
    return found instanceof PyFunction ? (...args) => found.call([this, ...args], NO_NAMED) : undefined;
  }
}

/** `super()` in a method: what the bases of its class have, for an object. */
export class Super {
  readonly owner: PyClass;
  readonly self: unknown;

  constructor(owner: PyClass, self: unknown) {
    this.owner = owner;
    this.self = self;
  }
}

/** A NumPy or JAX array: its elements in C order. */
export class PyArray {
  readonly items: readonly (number | bigint)[];
  readonly shape: readonly number[];
  readonly dtype: string;

  constructor(items: readonly (number | bigint)[], shape: readonly number[], dtype: string) {
    this.items = items;
    this.shape = shape;
    this.dtype = dtype;
  }
}

/** An exception of Python. */
export class PyError extends Error {
  /** Name of its class. */
  readonly pythonType: string;

  constructor(pythonType: string, message = "") {
    super(message);
    this.pythonType = pythonType;
  }
}

/** Python's StopIteration. */
export class StopIteration extends PyError {
  override readonly name = "StopIteration";

  constructor() {
    super("StopIteration");
  }
}

/** A name that the program uses and this project has nothing for: the test is skipped. */
export class MissingName extends Error {
  override readonly name = "MissingName";
}

/** `start:stop:step` between brackets; what is left out is undefined. */
export class Slice {
  readonly bounds: readonly (number | undefined)[];

  constructor(bounds: readonly (number | undefined)[]) {
    this.bounds = bounds;
  }

  /** The indices that it takes of a length. */
  indices(length: number): number[] {
    const [start, stop, step = 1] = this.bounds;
    if (step === 0) throw new PyError("ValueError", "slice step cannot be zero");
    const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
    const at = (bound: number | undefined, otherwise: number) =>
      bound === undefined ? otherwise : Math.min(most, Math.max(least, bound < 0 ? bound + length : bound));
    const [from, to] = [at(start, step > 0 ? 0 : length - 1), at(stop, step > 0 ? length : -1)];
    const indices: number[] = [];
    for (let index = from; step > 0 ? index < to : index > to; index += step) indices.push(index);
    return indices;
  }
}
