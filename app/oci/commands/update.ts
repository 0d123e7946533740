import { readFileSync } from "node:fs";
import { Fault } from "@plinth/fault";
import { loadConfiguration, type Resources, updateCgroup } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";
import type { Flags } from "../flag.ts";

/** Resources are a page of text at most. */
const RESOURCES_BYTES_MAX = 2 ** 20;
const STANDARD_INPUT = 0;

export const run: RunCommand = async ({ words, flags, global }) => {
  const { cgroup } = containersOf(global).read(words[0]!);
  const file = flags.text("resources");
  updateCgroup(cgroup, file === undefined ? resourcesOf(flags) : await fromFile(file));
  return 0;
};

async function fromFile(path: string): Promise<Resources> {
  let text: string;
  try {
    text = readFileSync(path === "-" ? STANDARD_INPUT : path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Fault("not-found", `open ${path}: no such file or directory`, { cause: error });
  }
  if (text.length > RESOURCES_BYTES_MAX) throw new Fault("too-large", `Cannot use ${path}: above 1 MiB`);
  const { parseResources } = await loadConfiguration();
  return parseResources(text, path === "-" ? "standard input" : path);
}

export function resourcesOf(flags: Flags): Resources {
  const number = (name: string): bigint | undefined => {
    const text = flags.text(name);
    if (text === undefined) return undefined;
    if (!/^-?\d{1,19}$/.test(text)) throw new Fault("invalid", `invalid value for ${name}: ${text}`);
    return BigInt(text);
  };
  const bytes = (name: string): bigint | undefined => {
    const text = flags.text(name);
    return text === undefined ? undefined : bytesOf(name, text);
  };
  const words = (name: string): string | undefined => flags.text(name);
  const idle = number("cpu-idle");
  return {
    memory: given({
      limit: bytes("memory"),
      reservation: bytes("memory-reservation"),
      swap: bytes("memory-swap"),
      kernelTCP: bytes("kernel-memory-tcp"),
    }),
    cpu: given({
      shares: number("cpu-share"),
      quota: number("cpu-quota"),
      burst: number("cpu-burst"),
      period: number("cpu-period"),
      realtimePeriod: number("cpu-rt-period"),
      realtimeRuntime: number("cpu-rt-runtime"),
      idle: idle === undefined ? undefined : Number(idle),
      cpus: words("cpuset-cpus"),
      mems: words("cpuset-mems"),
    }),
    pids: given({ limit: number("pids-limit") }),
    blockIO: given({ weight: flags.count("blkio-weight") }),
  };
}

/** Without the fields that are not there. */
function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as { [K in keyof T]?: NonNullable<T[K]> };
}

const UNITS = "bkmgtp";
const UNIT_BITS = 10;

/** "100M", "1.5g", "64KiB", "1000"; -1 for no limit. */
function bytesOf(name: string, text: string): bigint {
  if (text === "-1") return -1n;
  const [, number, unit = "b"] = /^(\d{1,15}(?:\.\d{1,6})?) ?([bkmgtp])?i?b?$/i.exec(text) ?? [];
  if (number === undefined)
    throw new Fault("invalid", `invalid value for ${name}: ${text}: not a size such as 100M`);
  return BigInt(Math.floor(Number(number) * 2 ** (UNIT_BITS * UNITS.indexOf(unit.toLowerCase()))));
}
