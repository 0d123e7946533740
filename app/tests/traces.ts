import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** All that containers of a home could leave behind on the machine. */
export function containerTraces(home: string, instances: readonly string[]): unknown {
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(home)),
    cgroups: instances.flatMap((instance) => globSync(`/sys/fs/cgroup/{,*/}plinth-${instance}-*`)),
    instances: globSync(join(home, "instances", "*")),
  };
}

export const NO_CONTAINER_TRACES: unknown = { mounts: [], cgroups: [], instances: [] };

/** All that the networks of a home may leave behind on a machine. */
export function networkTraces(): unknown {
  const lines = (command: string, ...parameters: string[]): string[] =>
    spawnSync(command, parameters, { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => /plinth/.test(line));
  return {
    links: lines("ip", "-o", "link"),
    addresses: lines("ip", "-o", "addr"),
    namespaces: lines("ip", "netns"),
    rules: lines("nft", "list", "ruleset"),
    forwarding: readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"),
  };
}
