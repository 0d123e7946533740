import { readFileSync } from "node:fs";
import { Fault } from "@plinth/fault";
import { shownState, toJson } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";
import { tableOf } from "../table.ts";

export const run: RunCommand = ({ flags, global, print }) => {
  const format = flags.text("format") ?? "table";
  const containers = containersOf(global);
  const records = containers.list();
  if (flags.isSet("quiet")) {
    for (const { id } of records) print(`${id}\n`);
    return 0;
  }
  if (format !== "table" && format !== "json") throw new Fault("invalid", "invalid format option");
  const shown = records.map((record) => ({
    ...shownState(containers, record),
    owner: userName(containers.ownerOf(record.id)),
  }));
  if (format === "json") {
    // Programs written in Go print an empty list so, and others have learnt to read it.
    print(shown.length === 0 ? "null\n" : `${toJson(shown)}\n`);
    return 0;
  }
  const rows = shown.map(({ id, pid, status, bundle, created, owner }) => [
    id,
    `${pid}`,
    status,
    bundle,
    created,
    owner,
  ]);
  print(tableOf([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"], ...rows]));
  return 0;
};

/** Runtimes print the number, too, after a "#", where the user has no name. */
function userName(uid: number): string {
  try {
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [name, , number] = line.split(":");
      if (number === `${uid}`) return name!;
    }
  } catch {
    // No such file.
  }
  return `#${uid}`;
}
