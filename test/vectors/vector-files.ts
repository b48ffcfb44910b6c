import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkBehaviour } from "./behaviour.js";
import { classCheck } from "./classes.js";
import { checkCodec } from "./codec.js";
import { checkGrainWorkers } from "./data-loader.js";
import { checkIndexShuffle } from "./index-shuffle.js";
import { checkNumpy } from "./numpy.js";
import { MissingName } from "./python/values.js";
import {
  checkCategorical,
  checkCreateRngs,
  checkLargePermutation,
  checkRandom,
  checkRecordKeys,
  checkStreams,
} from "./threefry.js";
import { isObject, type Vector, type VectorTest } from "./vector-test.js";

type Check = (vector: Vector) => void | Promise<void>;

/** Checks of vectors that have no class, by fields that only they have. The first that fits counts. */
const CHECKS: readonly (readonly [fields: readonly string[], check: Check])[] = [
  [["saved", "leaves"], checkCodec],
  [["saved", "save_error"], checkCodec],
  [["steps"], checkBehaviour],
  [["op"], checkNumpy],
  [["workers", "states"], checkGrainWorkers],
  [["fold_in"], checkRandom],
  [["fnv1a32_of_int32le"], checkLargePermutation],
  [["rngs", "calls"], checkStreams],
  [["create_rngs"], checkCreateRngs],
  [["per_record_keys_base"], checkRecordKeys],
  [["log_weights_f32"], checkCategorical],
  [["rounds", "at"], checkIndexShuffle],
  [["n", "seed", "order"], checkIndexShuffle],
  [["n", "seed", "at"], checkIndexShuffle],
];

/** A test for each element of each list of the vector files (`*.json`) in a directory. */
export function vectorTests(directory: string): VectorTest[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(".json") && !file.endsWith(".expected.json"))
    .toSorted()
    .flatMap((file) => testsOf(file, JSON.parse(readFileSync(join(directory, file), "utf8"))));
}

function testsOf(file: string, json: unknown): VectorTest[] {
  if (!isObject(json)) throw new Error(`${file}: no object`);
  return Object.entries(json).flatMap(([list, elements]) =>
    Array.isArray(elements)
      ? elements.map((vector, index) => testOf(`${file} ${list} ${index}`, vector))
      : [],
  );
}

function testOf(name: string, vector: unknown): VectorTest {
  return {
    name: isObject(vector) && typeof vector.class === "string" ? `${name} ${vector.class}` : name,
    run: () => {
      if (!isObject(vector)) throw new Error("no object");
      return checkOf(vector)(vector);
    },
  };
}

function checkOf(vector: Vector): Check {
  if (typeof vector.class === "string") {
    const check = classCheck(vector.class);
    if (check === undefined) throw new MissingName(vector.class);
    return check;
  }
  const [, check] = CHECKS.find(([fields]) => fields.every((field) => field in vector)) ?? [];
  if (check === undefined) throw new Error(`a vector of no known form: ${Object.keys(vector).join(", ")}`);
  return check;
}
