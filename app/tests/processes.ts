import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { openFiles } from "@plinth/process/testing";

export interface HomeProcess {
  readonly pid: number;
  /** Its argument vector, to say in a failed test what was left behind. */
  readonly command: string;
}

const read = (from: () => string): string => {
  try {
    return from();
  } catch {
    return ""; // gone meanwhile, or another user's
  }
};

/** All processes that have to do with a home: by their arguments, environment, working directory or open files. */
export function processesOf(home: string): HomeProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const command = read(() => readFileSync(`/proc/${name}/cmdline`, "latin1")).replaceAll("\0", " ");
      const environment = read(() => readFileSync(`/proc/${name}/environ`, "latin1"));
      const directory = read(() => readlinkSync(`/proc/${name}/cwd`));
      // A shim is known by nothing but its open files.
      return [command, environment, directory, ...openFiles(Number(name))].some((text) => text.includes(home))
        ? [{ pid: Number(name), command }]
        : [];
    });
}

/** Listening TCP ports on loopback addresses, as "127.0.0.1:8080". */
export function listening(): Set<string> {
  const rows = readFileSync("/proc/net/tcp", "latin1").trim().split("\n").slice(1);
  return new Set(
    rows.flatMap((row) => {
      const [, local = "", , state] = row.trim().split(/\s+/);
      if (state !== "0A") return []; // TCP_LISTEN
      const [address = "", port = ""] = local.split(":");
      const bytes = address.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
      return [`${bytes.toReversed().join(".")}:${Number.parseInt(port, 16)}`];
    }),
  );
}
