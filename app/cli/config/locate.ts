import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Fault, messageOf } from "@plinth/fault";
import { COMPOSE_NAMES } from "../import/compose-files.ts";

/** In the order in which they are named to the user. */
const NAMES: readonly string[] = ["ts", "mts", "js", "mjs", "yaml", "yml", "json"].map(
  (extension) => `plinth.config.${extension}`,
);
/** A megabyte holds thousands of services; a larger file is not a config. */
const CONFIG_BYTES_MAX = 2 ** 20;

/** The config file that a path means: itself, or the one in that directory. Its size is checked before it is read. */
export function locateConfig(target: string): string {
  const path = resolve(target);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new Fault("invalid", `Cannot find "${target}": no such file or directory`, {
      hint: "Name the folder of a plinth.config or compose.yaml, or that file; without a name it is this folder.",
    });
  }
  const file = stats.isDirectory() ? inDirectory(path) : path;
  const { size, isFile } = describe(file);
  if (!isFile) throw new Fault("invalid", `Cannot use "${file}" as a config: it is not a regular file`);
  if (size > CONFIG_BYTES_MAX) {
    throw new Fault(
      "invalid",
      `Cannot use "${file}" as a config: it has ${(size / 2 ** 20).toFixed(1)} MiB, and at most 1 MiB is read`,
      { hint: "Keep data out of the config; name a file in env or command instead." },
    );
  }
  if (!/\.(?:m?[tj]s|ya?ml|json)$/.test(file)) {
    throw new Fault("invalid", `Cannot use "${file}" as a config: expected .ts, .js, .yaml or .json`);
  }
  return file;
}

function describe(file: string): { size: number; isFile: boolean } {
  try {
    const stats = statSync(file);
    return { size: stats.size, isFile: stats.isFile() };
  } catch (error) {
    throw new Fault("invalid", `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
  }
}

function inDirectory(directory: string): string {
  const present = new Set(readdirSync(directory));
  const found = NAMES.filter((name) => present.has(name));
  const [only, another] = found;
  if (only === undefined) {
    const compose = COMPOSE_NAMES.find((name) => present.has(name));
    if (compose !== undefined) return join(directory, compose);
    throw new Fault(
      "invalid",
      `Cannot find a config in "${directory}": there is no plinth.config.{ts,js,yaml,json} and no compose.yaml`,
      {
        hint: "`plinth init` writes a first one.",
      },
    );
  }
  if (another !== undefined) {
    throw new Fault("invalid", `Cannot choose a config in "${directory}": there are ${found.join(" and ")}`, {
      hint: "Keep one, or name the file.",
    });
  }
  return join(directory, only);
}

/** True where some directory has a config, without reading it. */
export function hasConfig(directory: string): boolean {
  const present = new Set(readdirSync(directory));
  return NAMES.some((name) => present.has(name));
}
