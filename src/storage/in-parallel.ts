/** Files read at once: each costs a round trip rather than bandwidth. */
const PARALLEL_FILES = 8;

/** Runs `action` for every item, some at once. The first failure ends all. */
export async function inParallel<T>(items: Iterable<T>, action: (item: T) => Promise<void>): Promise<void> {
  const queue = Array.from(items).values();
  let failed = false;
  const oneAfterAnother = async () => {
    for (const item of queue) {
      if (failed) return;
      await action(item);
    }
  };
  const workers = Array.from({ length: PARALLEL_FILES }, oneAfterAnother);
  await Promise.all(workers).catch((error: unknown) => {
    failed = true;
    throw error;
  });
}
