import { readFileSync } from "node:fs";
import { detectNetwork, firewallNotices } from "@plinth/run";
import { type Check, good, weak } from "./check.ts";

export type MeshMode = "transparent" | "cooperative";

/** What keeps instances apart here, what could, and what does not. */
export async function isolationChecks(chosen: MeshMode | undefined): Promise<Check[]> {
  const { available, reason, hint } = await detectNetwork();
  // Where nothing runs yet: the mode a new home would get.
  const mode = chosen ?? (available ? "transparent" : "cooperative");
  if (!available) {
    return [
      weak(
        "networks",
        `instances cannot have networks of their own (transparent mode): ${reason ?? "unknown"}`,
        hint ?? "Cooperative mode works without.",
        "docs/explanation/modes.md#two-modes",
      ),
      isolation(mode),
    ];
  }
  const firewalls = (await firewallNotices()).map((notice) =>
    weak(
      "firewall",
      notice,
      "For transparent mode; `nft list ruleset` shows all rules of this machine, Plinth's in tables named plinth0 and on.",
    ),
  );
  return [
    good("networks", "each instance can have a network of its own (transparent mode)"),
    ...firewalls,
    ...tracing(),
    isolation(mode),
  ];
}

function isolation(mode: MeshMode): Check {
  if (mode === "cooperative") {
    return weak(
      "isolation",
      "cooperative mode: instances share this machine's network and user",
      "Addresses tell well-meaning callers apart. They do not stop a hostile process on this machine from calling as another, from dialling instances past the mesh, or from reaching what listens on 127.0.0.1; a container's files are its own, its network is not. Do not run code you do not trust.",
      "docs/explanation/modes.md#what-holds",
    );
  }
  return weak(
    "isolation",
    "transparent mode: an instance's address is its identity; files, processes and the user of plain commands are shared",
    "No instance can send from another's address or reach the host but for names and services. A plain command that runs as root still reads and writes this machine's files, its sockets among them; `isolate: true`, or an image, takes that away. The kernel is shared by all.",
    "docs/explanation/modes.md#what-holds",
  );
}

/** Without Yama, a process may trace any other of its user with no more rights: then it can act as that one. */
function tracing(): Check[] {
  let scope = "0";
  try {
    scope = readFileSync("/proc/sys/kernel/yama/ptrace_scope", "utf8").trim();
  } catch {
    // This kernel has no Yama.
  }
  if (scope !== "0") return [good("tracing", `instances cannot trace one another (ptrace_scope ${scope})`)];
  return [
    weak(
      "tracing",
      "instances of one user can trace one another, and so act as one another",
      "sysctl kernel.yama.ptrace_scope=1 prevents it, where the kernel has Yama.",
      "docs/explanation/modes.md#what-holds",
    ),
  ];
}
