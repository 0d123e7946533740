/** Whose service manager runs the daemon: the machine's, or that of one user. */
export type Scope = "system" | "user";

export interface UnitSettings {
  readonly scope: Scope;
  readonly home: string;
  /** The daemon's argument vector; the unit's own name is added to it. */
  readonly command: readonly string[];
  /** What instances are to find in theirs, PATH among it, and where the daemon keeps compiled code. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: string;
}

export const UNIT = "plinth.service";

/** What the daemon, the proxy and every instance may have open: each connection is a descriptor on either side. */
const OPEN_FILES_MAX = 1_048_576;
/** A daemon that cannot start is tried this often; what runs does not wait for it. */
const RESTART_S = 1;
/** For the daemon to let go of what it holds; instances are not waited for. */
const STOP_S = 30;
/** Among the last to be killed for memory; instances are given the usual score again. */
const OOM_SCORE = -900;

/** The unit file; the same settings always give the same text. */
export function unitText({ scope, home, command, environment, log }: UnitSettings): string {
  const isSystem = scope === "system";
  const words = [...command, "--home", home, "--service", UNIT].map((word) => quoted(word, true));
  const settings = Object.entries(environment).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`, false)}`,
  );
  return `# Written by \`plinth install\`, which writes it anew when something differs. Settings of your own belong beside it:
# systemctl ${isSystem ? "" : "--user "}edit ${UNIT}

[Unit]
Description=Plinth in ${specifiersEscaped(home)}
${isSystem ? "Wants=network-online.target\nAfter=network-online.target\n" : ""}# A daemon that cannot start, as while its store is away, is tried again for as long as it takes.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${words.join(" ")}
${settings.join("\n")}
WorkingDirectory=/
StandardOutput=append:${specifiersEscaped(log)}
StandardError=append:${specifiersEscaped(log)}
Restart=always
RestartSec=${RESTART_S}
# 0: it was asked to end, by \`plinth down --all\`. 143: it was terminated, and whoever did that wants another.
RestartPreventExitStatus=0
SuccessExitStatus=143
# The daemon alone: the proxy and all instances run on, and the next daemon finds them.
KillMode=process
TimeoutStopSec=${STOP_S}
LimitNOFILE=${OPEN_FILES_MAX}
TasksMax=infinity
${isSystem ? `OOMScoreAdjust=${OOM_SCORE}\n` : ""}# Cgroups below this one are Plinth's: the drivers make one for each instance.
Delegate=yes
${isSystem ? HARDENING : HARDENING_NONE}
[Install]
WantedBy=${isSystem ? "multi-user.target" : "default.target"}
`;
}

const INHERITED = `# Whatever is set here holds for every instance, too. So there is none of
# - PrivateTmp, ProtectSystem, ProtectHome, ProtectKernelTunables, PrivateDevices: a mount namespace of the daemon's own,
#   another at each restart; what instances mount and where they write would be lost with it;
# - NoNewPrivileges, RestrictSUIDSGID: newuidmap, sudo and images with setuid programs need the opposite;
# - RestrictNamespaces, SystemCallFilter, RestrictAddressFamilies, MemoryDenyWriteExecute: drivers make namespaces,
#   containers have a filter of their own, and Node compiles at run time;
# - ProtectControlGroups, DevicePolicy: each instance has cgroups, each container its list of devices.
`;
const HARDENING = `# What no driver needs and no instance should do: load code into the kernel, reach its memory, end the machine.
CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_BOOT
${INHERITED}`;
const HARDENING_NONE = INHERITED;

/** One word as systemd reads it; in a command line dollars are its own, too. */
function quoted(word: string, isCommand: boolean): string {
  const escaped = specifiersEscaped(word).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `"${isCommand ? escaped.replaceAll("$", "$$$$") : escaped}"`;
}

const specifiersEscaped = (text: string): string => text.replaceAll("%", "%%");
