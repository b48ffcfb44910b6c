/** What `--version` prints: the version in package.json, here since the program is one file when it runs. */
export const VERSION = "0.1.0";
