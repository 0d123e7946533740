import { appFlag, type Command, type Flag } from "./command.ts";

const format: Flag = {
  name: "output",
  short: "o",
  value: "FORMAT",
  choices: ["table", "json", "yaml"],
  summary: "how to print; default: table",
};

/** What reads and writes resources as they are. */
export const resourceCommands: readonly Command[] = [
  {
    name: "get",
    summary: "list resources, or show one",
    arguments: [
      { name: "KIND", kind: "kind", summary: "apps, services, instances, releases or secrets" },
      { name: "NAME", kind: "resource", optional: true, summary: "one of them" },
    ],
    flags: [
      format,
      { name: "watch", short: "w", summary: "go on with every change" },
      { ...appFlag, summary: "only what belongs to this app" },
    ],
    examples: [
      { command: "plinth get releases", says: "what has been deployed" },
      { command: "plinth get app shop -o yaml", says: "everything about one app" },
    ],
    load: () => import("./commands/get.ts"),
  },
  {
    name: "describe",
    summary: "explain a resource and what belongs to it",
    arguments: [
      { name: "KIND", kind: "kind", summary: "app, service, instance, release or secret" },
      { name: "NAME", kind: "resource", summary: "its name" },
    ],
    flags: [],
    examples: [{ command: "plinth describe app shop", says: "its services, releases and their state" }],
    load: () => import("./commands/describe.ts"),
  },
  {
    name: "apply",
    summary: "create or change resources from a file",
    description: [
      "YAML (several documents are fine) or JSON. Only apps and secrets can be written; `plinth up` is the usual way.",
    ],
    arguments: [],
    flags: [
      { name: "file", short: "f", value: "FILE|-", kind: "path", summary: "the file; - is standard input" },
      { name: "dry-run", summary: "only check" },
    ],
    examples: [{ command: "plinth get app shop -o yaml | plinth apply -f -", says: "a round trip" }],
    load: () => import("./commands/apply.ts"),
  },
  {
    name: "delete",
    summary: "delete a resource",
    arguments: [
      { name: "KIND", kind: "kind", summary: "app, secret or host" },
      { name: "NAME", kind: "resource", summary: "its name" },
    ],
    flags: [],
    examples: [
      { command: "plinth delete app shop", says: "the same as `plinth down shop`, without waiting" },
      { command: "plinth delete host beta", says: "its instances are replaced elsewhere" },
    ],
    load: () => import("./commands/delete.ts"),
  },
];
