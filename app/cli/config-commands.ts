import type { Command, Flag } from "./command.ts";

const load: Command["load"] = () => import("./commands/import.ts");

const flags: readonly Flag[] = [
  {
    name: "output",
    short: "o",
    value: "FILE",
    kind: "path",
    summary: "write it there, where no file must be yet; default: standard output",
  },
  { name: "force", summary: "write over a file that is there" },
];

const initCommand: Command = {
  name: "init",
  summary: "write a first config for a directory",
  description: [
    "Looks at the directory (package.json, an index.html, a Python program …) and writes a small plinth.config.yaml that runs what is there. Asks nothing and never overwrites.",
  ],
  arguments: [{ name: "DIR", kind: "directory", optional: true, summary: "default: the current directory" }],
  flags: [],
  examples: [{ command: "plinth init && plinth up", says: "from nothing to a running app" }],
  load: () => import("./commands/init.ts"),
};

/** Configs made of other programs' files. */
const importCommand: Command = {
  name: "import",
  summary: "write a config that is made of another program's file",
  description: [
    "Prints a plinth.config.ts, with a comment for everything that was not brought over. Changes nothing and deploys nothing.",
    "`plinth up` runs a compose.yaml as it is; a config of its own says more.",
  ],
  arguments: [],
  flags: [],
  examples: [{ command: "plinth import compose", says: "see what would become of a compose.yaml" }],
  subcommands: [
    {
      name: "compose",
      summary: "of a compose.yaml",
      description: [
        "Variables are replaced by their values, from the environment over the file .env beside it. A compose.override.yaml beside it is merged on top.",
        "What is `ignored` changes nothing that counts; what is `refused` would be another app, or less protected, and `plinth up` of the file itself refuses it.",
      ],
      arguments: [
        {
          name: "FILE",
          kind: "path",
          optional: true,
          summary: "default: compose.yaml, compose.yml, docker-compose.yaml or docker-compose.yml here",
        },
      ],
      flags,
      examples: [
        { command: "plinth import compose", says: "see what would become of it" },
        {
          command: "plinth import compose --output plinth.config.ts",
          says: "go on with a config of its own",
        },
        {
          command: "plinth import compose --json | jq .notes",
          says: "what is not brought over, for programs",
        },
      ],
      load,
    },
    {
      name: "procfile",
      summary: "of a Procfile",
      description: [
        "A service per line, run by a shell in the file's directory, with the variables of the file .env beside it. `web` answers for http://APP.localhost, on the port that $PORT says; `release` runs once before the others.",
      ],
      arguments: [{ name: "FILE", kind: "path", optional: true, summary: "default: Procfile here" }],
      flags,
      examples: [
        {
          command: "plinth import procfile -o plinth.config.ts && plinth up",
          says: "from a Procfile to a running app",
        },
      ],
      load,
    },
  ],
};

/** What writes a config. */
export const configCommands: readonly Command[] = [initCommand, importCommand];
