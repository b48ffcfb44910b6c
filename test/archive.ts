import { spawnSync } from "node:child_process";

/** Unpacks a `.tar.gz` of fixtures into a directory that is there. */
export function unpackArchive(archive: string, directory: string): void {
  const { status, stderr } = spawnSync("tar", ["-xzf", archive, "-C", directory], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${archive}: ${stderr}`);
}
