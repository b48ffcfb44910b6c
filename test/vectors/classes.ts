import { checkDataLoader } from "./data-loader.js";
import { checkGrainProgram } from "./grain-program.js";
import { samplerCheck } from "./samplers.js";
import { SOURCE_CHECKS } from "./sources.js";
import type { Vector } from "./vector-test.js";

/** The check of vectors of a class; `undefined` where this project has no such class. */
export function classCheck(name: string): ((vector: Vector) => void) | undefined {
  if (name === "DataLoader+IndexSampler" || name === "DataLoader+SequentialSampler") return checkDataLoader;
  if (name === "DatasetIterator") return checkGrainProgram;
  return samplerCheck(name) ?? SOURCE_CHECKS[name];
}
