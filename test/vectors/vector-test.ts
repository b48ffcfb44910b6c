/** One test of a vector file or a packed checkpoint. It passes unless `run` throws. */
export type VectorTest = {
  /** File, list and index. */
  readonly name: string;
  readonly run: () => void | Promise<void>;
};

/** An object of a vector file. */
export type Vector = { readonly [field: string]: unknown };

/** Whether parsed JSON is an object. */
export function isObject(json: unknown): json is Vector {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** A field that is a list. */
export function listIn(vector: Vector, field: string): readonly unknown[] {
  const value = vector[field];
  if (Array.isArray(value)) return value;
  throw new Error(`the vector has no list ${field}`);
}

/** A field that is an object. */
export function objectIn(vector: Vector, field: string): Vector {
  const value = vector[field];
  if (isObject(value)) return value;
  throw new Error(`the vector has no object ${field}`);
}

/** A field that is a number. */
export function numberIn(vector: Vector, field: string): number {
  const value = vector[field];
  if (typeof value === "number") return value;
  throw new Error(`the vector has no number ${field}`);
}

/** A field that is a text. */
export function textIn(vector: Vector, field: string): string {
  const value = vector[field];
  if (typeof value === "string") return value;
  throw new Error(`the vector has no text ${field}`);
}

/** A list of numbers. */
export function numbersOf(value: unknown): number[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value;
  throw new Error("the vector has something else than numbers");
}
