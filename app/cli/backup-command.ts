import type { Command } from "./command.ts";

/** A whole home to a file, and back. */
export const backupCommands: readonly Command[] = [
  {
    name: "backup",
    summary: "save a whole home to one file, while it runs",
    description: [
      "Plinth's own state, its keys and settings, the files that releases run from, and each app's stores as of one moment. All that was acknowledged before it began is in it. A tar file; it holds the keys to every secret, and only its owner can read it.",
      "Not in it are installed packages that a project's copy shares (node_modules: they come from the lock file), files of services that run where their project lies, images, volumes, data of deleted apps, and what was logged. A home whose state is in an etcd cluster, and a joined host's, are not backed up this way.",
    ],
    arguments: [
      { name: "FILE|DIR", kind: "path", summary: "the file to write, or the directory to make one in" },
    ],
    flags: [
      {
        name: "without",
        value: "APP/STORE,...",
        kind: "text",
        summary: "leave these stores' data out, as when they cannot be reached",
      },
    ],
    examples: [
      { command: "plinth backup /mnt/backups", says: "into a new file there" },
      { command: "plinth backup verify /mnt/backups/plinth-20260102T030405Z.tar", says: "is it whole?" },
    ],
    load: () => import("./commands/backup.ts"),
    subcommands: [
      {
        name: "verify",
        summary: "read a backup and check every byte of it",
        arguments: [{ name: "FILE", kind: "path", summary: "a backup" }],
        flags: [],
        examples: [{ command: "plinth backup verify home.tar", says: "needs no Plinth to run" }],
        load: () => import("./commands/backup.ts"),
      },
    ],
  },
  {
    name: "restore",
    summary: "make a home of a backup",
    description: [
      "The home must not be there yet, or be empty. All of the backup is checked before anything is put in place. Restore only what you have made yourself: a backup holds programs to be run.",
    ],
    arguments: [{ name: "FILE", kind: "path", summary: "a backup" }],
    flags: [],
    examples: [
      {
        command: "plinth restore home.tar --home ~/.plinth",
        says: "then `plinth start` starts all that was there",
      },
    ],
    load: () => import("./commands/restore.ts"),
  },
];
