/**
 * OCDBT, TensorStore's key-value store: the database in which Orbax keeps every array of a checkpoint.
 *
 * @example
 * const database = await openOcdbt("ckpt-1200");
 * const metadata = await database.get("params.w/.zarray");
 * @module
 */
export type { OcdbtEntry, OcdbtValue } from "./ocdbt/entry.js";
export type { Compression, Config } from "./ocdbt/format/config.js";
export type { Version } from "./ocdbt/format/versions.js";
export { type OcdbtDatabase, type OpenOcdbtOptions, openOcdbt } from "./ocdbt/reader.js";
export type { ValueRequest } from "./ocdbt/value-reader.js";
export { type NewEntry, type NewValue, type WriteOcdbtOptions, writeOcdbt } from "./ocdbt/writer.js";
