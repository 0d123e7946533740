import { spawnSync } from "node:child_process";
import { Fault } from "@plinth/fault";
import { cgroupMembers } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";

/** Tables of ten thousand processes are this long. */
const TABLE_BYTES_MAX = 16 * 2 ** 20;

export const run: RunCommand = ({ words, flags, global, print }) => {
  const [id = "", ...options] = words;
  const { cgroup } = containersOf(global).read(id);
  if (cgroup.members === null)
    throw new Fault("unsupported", "Cannot tell its processes: the container has no cgroup");
  const pids = cgroupMembers(cgroup.members) ?? [];
  const format = flags.text("format") ?? "table";
  if (format === "json") {
    print(pids.length === 0 ? "null\n" : `${JSON.stringify(pids)}\n`);
    return 0;
  }
  if (format !== "table") throw new Fault("invalid", "invalid format option");
  const line = options.length === 0 ? ["-ef"] : options;
  const { stdout, status, error } = spawnSync("ps", line, { encoding: "utf8", maxBuffer: TABLE_BYTES_MAX });
  if (error !== undefined || status !== 0)
    throw new Fault("unavailable", `${error?.message ?? `ps ended with code ${status}`}: ${stdout ?? ""}`);
  const [title = "", ...rows] = stdout.split("\n");
  const column = title.split(/\s+/).filter(Boolean).indexOf("PID");
  if (column === -1) throw new Fault("invalid", "couldn't find PID field in ps output");
  const ours = rows.filter((row) => pids.includes(Number(row.split(/\s+/).filter(Boolean)[column])));
  for (const row of [title, ...ours]) print(`${row}\n`);
  return 0;
};
