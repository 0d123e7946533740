import type { Command } from "./command.ts";

const load: Command["load"] = () => import("./commands/volumes.ts");

/** What services keep in a home. */
export const volumesCommand: Command = {
  name: "volumes",
  summary: "what services keep in this home: list and remove",
  description: [
    "A volume is made when a service that names it first runs, and stays when its app is deleted. Folders of the machine that a service names by their path are not listed.",
  ],
  arguments: [],
  flags: [],
  examples: [{ command: "plinth volumes ls", says: "how large each is, and who uses it" }],
  subcommands: [
    {
      name: "ls",
      summary: "list volumes",
      arguments: [],
      flags: [],
      examples: [{ command: "plinth volumes ls --json", says: "for programs" }],
      load,
    },
    {
      name: "rm",
      summary: "remove volumes and all that is in them",
      description: ["Refused while the app names it: what is removed cannot be brought back."],
      arguments: [
        { name: "VOLUME", kind: "text", many: true, summary: "APP/NAME, as `plinth volumes ls` shows it" },
      ],
      flags: [],
      examples: [
        { command: "plinth down shop && plinth volumes rm shop/data", says: "an app and what it kept" },
      ],
      load,
    },
  ],
};
