import { invalidArgument } from "../../errors.js";
import type { MaybePromise } from "../maybe-promise.js";
import type { MapNode } from "../node.js";
import { requireList, requireObject } from "../structure-arguments.js";

/** Where a position of a dataset comes from: the dataset, and the index in it. */
export type SelectedIndex = readonly [dataset: number, index: number];

/** Which element stands where in a dataset that selects from others: Grain's `DatasetSelectionMap`. */
export type DatasetSelectionMap =
  | readonly SelectedIndex[]
  | {
      /** Elements of the dataset. */
      readonly length: number;
      /** What stands at an index, which may lie beyond the length. */
      get(index: number): SelectedIndex;
    };

/**
 * Elements as a map says: Grain's `select_from_datasets`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a map without a length; for an element where the map names no dataset
 * or no index, when it is asked for.
 */
export function selectFromNode<T>(
  parents: readonly MapNode<T>[],
  selectionMap: DatasetSelectionMap,
): MapNode<T> {
  const { length } = requireObject(selectionMap, "selectionMap");
  if (!Number.isSafeInteger(length) || length < 0) {
    throw invalidArgument(
      `selection map: its length is ${String(length)}, expected an integer of 0 or more`,
      {
        field: "length",
        found: length,
        pythonType: "TypeError",
      },
    );
  }
  const entryAt =
    "get" in selectionMap ? (index: number) => selectionMap.get(index) : listEntries(selectionMap);
  return selectedNode(parents, length, (index) => {
    const entry = entryAt(index);
    requireList(entry, "selection map");
    const [parent, position] = entry;
    if (!Number.isSafeInteger(position) || position < 0) {
      throw invalidArgument(`selection map: index ${position}, expected an integer of 0 or more`, {
        found: position,
        pythonType: "TypeError",
      });
    }
    return { parent, index: position };
  });
}

function listEntries(list: readonly SelectedIndex[]): (index: number) => SelectedIndex {
  return (index) => {
    const entry = list[index];
    if (entry === undefined) throw invalidArgument("list index out of range", { pythonType: "IndexError" });
    return entry;
  };
}

/** A dataset whose elements are elements of others. */
export function selectedNode<T>(
  parents: readonly MapNode<T>[],
  length: number,
  select: (index: number) => { readonly parent: number; readonly index: number },
): MapNode<T> {
  return {
    name: `MixedMapDataset[${parents.length} parents]`,
    parents,
    length,
    get(index): MaybePromise<T | null> {
      const { parent, index: position } = select(index);
      const dataset = parents.at(parent);
      if (dataset !== undefined && Number.isInteger(parent)) return dataset.get(position);
      throw invalidArgument("tuple index out of range", { found: parent, pythonType: "IndexError" });
    },
  };
}
