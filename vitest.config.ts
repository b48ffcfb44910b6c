import { defineConfig } from "vitest/config";

/** `#…` specifiers mean modules of src in tests: nothing has to be built before a test runs. */
const source = { ssr: { resolve: { conditions: ["orbax-ts-source", "node", "import"] } } };

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/live/**"],
          testTimeout: 60_000, // some cases are large on purpose, and a busy machine is slow
        },
      },
      {
        ...source,
        test: {
          name: "live", // against the Python libraries: one process of them at a time fits two cores
          include: ["test/live/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
