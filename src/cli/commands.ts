import type { Command } from "./command.js";

/** A command that can be typed; its file is loaded when that happens. */
export type CommandEntry = { readonly name: string; readonly load: () => Promise<Command> };

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "ls", load: async () => (await import("./commands/ls.js")).ls },
  { name: "show", load: async () => (await import("./commands/show.js")).show },
  { name: "dump", load: async () => (await import("./commands/dump.js")).dump },
  { name: "state", load: async () => (await import("./commands/state.js")).state },
  { name: "kv ls", load: async () => (await import("./commands/kv-ls.js")).kvLs },
];
