import { Fault } from "@plinth/fault";
import { cgroupStats, outOfMemoryKills, statusOf, toJson } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";
import { UsageFault } from "../flag.ts";

/** The kernel tells of no such event in a way that can be waited for here, so it is looked at. */
const LOOK_MS = 500;

export const run: RunCommand = async ({ words, flags, global, clock, print }) => {
  const id = words[0]!;
  const containers = containersOf(global);
  const intervalMs = durationMs(flags.text("interval") ?? "5s");
  if (intervalMs <= 0) throw new UsageFault("duration interval must be greater than 0");
  const record = containers.read(id);
  if (statusOf(containers, record) === "stopped")
    throw new Fault("conflict", `container with id ${id} is not running`);
  const showStats = (): void => {
    const stats = cgroupStats(record.cgroup);
    // Fields that runc has and nothing here fills.
    const data = { ...stats, intel_rdt: {}, network_interfaces: null };
    print(`${toJson({ type: "stats", id, data })}\n`);
  };
  showStats();
  if (flags.isSet("stats")) return 0;
  let kills = outOfMemoryKills(record.cgroup);
  let nextMs = clock.monotonic() + intervalMs;
  while (statusOf(containers, record) !== "stopped") {
    await clock.sleep(Math.max(0, Math.min(LOOK_MS, nextMs - clock.monotonic())));
    const now = outOfMemoryKills(record.cgroup);
    for (; kills < now; kills += 1) print(`${JSON.stringify({ type: "oom", id })}\n`);
    if (clock.monotonic() < nextMs) continue;
    showStats();
    nextMs = clock.monotonic() + intervalMs;
  }
  return 0;
};

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** As Go writes them: "5s", "1m30s", "1.5h". */
function durationMs(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text))
    throw new UsageFault(`invalid value "${text}" for flag -interval`);
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(number) * UNITS_MS[unit!]!;
  return sum;
}
