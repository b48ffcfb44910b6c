/** `batch_size` as `batchSize`; a name in small letters and underscores of Python as this project has it. */
export function camelCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The fields of a configuration in Python, as options here. What is null in Python is left out. */
export function optionsOf(config: object): { [option: string]: unknown } {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [camelCase(name), value]),
  );
}
