import type { Command } from "./command.ts";

/** Keeping Plinth itself running: over restarts of the machine, and over its own versions. */
export const keepingCommands: readonly Command[] = [
  {
    name: "install",
    summary: "have systemd keep Plinth running, and start it with the machine",
    description: [
      "Writes a unit for the daemon of this home: as root /etc/systemd/system/plinth.service, else one of your own in ~/.config/systemd/user. A daemon that runs already is taken over; no instance and no request notices. Again: changes only what differs.",
      "Where systemd does not run the machine, nothing is set up, and it says what starts Plinth after the machine has; --cron writes that line into your crontab.",
    ],
    arguments: [],
    flags: [
      { name: "print", summary: "only print the unit" },
      { name: "cron", summary: "without systemd: write a line into your crontab" },
    ],
    examples: [
      { command: "plinth install", says: "then apps come back after a restart of the machine" },
      { command: "plinth install --print", says: "what it would write" },
    ],
    load: () => import("./commands/install.ts"),
  },
  {
    name: "uninstall",
    summary: "take away what `install` has set up",
    description: ["The daemon ends; the proxy and all instances run on, unless --down says otherwise."],
    arguments: [],
    flags: [
      { name: "down", summary: "stop all instances first, as `plinth down --all` does" },
      {
        name: "timeout",
        value: "DURATION",
        kind: "duration",
        summary: "longest wait for all to be stopped, such as 30s; default: 2m",
      },
    ],
    examples: [{ command: "plinth uninstall --down", says: "stop everything and start nothing again" }],
    load: () => import("./commands/uninstall.ts"),
  },
  {
    name: "start",
    summary: "start Plinth with the apps it had",
    description: [
      "For after the machine restarted, or `plinth down --all`: deploys nothing. Where it runs already, it sees to it that somebody watches over it.",
    ],
    arguments: [],
    flags: [],
    examples: [{ command: "plinth start", says: "what ran before runs again" }],
    load: () => import("./commands/start.ts"),
  },
  {
    name: "upgrade",
    summary: "bring what runs to the version that is installed, without losing a request",
    description: [
      "A daemon of another version is replaced, once the installed one has shown that it loads; where it does not, the one that runs is left alone. The new proxy inherits the listening sockets; the old one finishes what it has and ends. Instances run on.",
    ],
    arguments: [],
    flags: [
      { name: "runtime", value: "node|bun", summary: "what the new proxy runs on; default: as before" },
      { name: "daemon", summary: "replace the daemon even if it is of this version" },
    ],
    examples: [
      { command: "plinth upgrade", says: "after installing a new version" },
      { command: "plinth upgrade --runtime bun", says: "less CPU per request" },
    ],
    load: () => import("./commands/upgrade.ts"),
  },
];
