import { backupCommands } from "./backup-command.ts";
import { appFlag, type Argument, type Command, type Flag, optionalApp, timeout } from "./command.ts";
import { configCommands } from "./config-commands.ts";
import { imageCommand } from "./image-command.ts";
import { machineCommands } from "./machine-commands.ts";
import { resourceCommands } from "./resource-commands.ts";
import { volumesCommand } from "./volumes-command.ts";
import { keepingCommands } from "./keeping-commands.ts";
import { kvCommand } from "./kv-command.ts";
import { vrlCommand } from "./vrl-command.ts";
import { seeingCommands } from "./seeing-commands.ts";
import { storeCommand } from "./store-command.ts";

/** Flags that every command understands, before or after its name. */
export const globalFlags: readonly Flag[] = [
  {
    name: "home",
    value: "DIR",
    kind: "directory",
    summary: "the Plinth to talk to; default: $PLINTH_HOME, else ~/.plinth",
  },
  { name: "json", summary: "results as JSON on standard output" },
  { name: "no-color", summary: "no colours; the same as setting NO_COLOR" },
  { name: "quiet", short: "q", summary: "no messages on standard error but warnings and errors" },
  { name: "help", short: "h", summary: "show help" },
  { name: "version", summary: "show the version" },
];

const project: Argument = {
  name: "DIR|FILE",
  kind: "path",
  optional: true,
  summary: "the config file, or the directory it is in; default: the current directory",
};

/** Every command; parsing, help, completion and docs/cli.md are derived from here. */
export const commands: readonly Command[] = [
  ...configCommands,
  {
    name: "up",
    summary: "deploy an app and keep Plinth running",
    description: [
      "Starts Plinth in this home when it is not running, makes a new release of the app and replaces instances one after the other, without a failed request. A release that does not get ready is halted: the old one goes on serving.",
      "Where there is no plinth.config but a compose.yaml, that is what is deployed; `plinth import` shows what becomes of it.",
      "Without --detach it stays in the foreground and watches over Plinth: Ctrl-C stops all gracefully, a second Ctrl-C at once. Where Plinth is already running, it returns as soon as the app is healthy.",
    ],
    arguments: [project],
    flags: [
      { name: "detach", short: "d", summary: "return once all is healthy; Plinth goes on in the background" },
      { name: "ingress-port", value: "PORT", kind: "port", summary: "where apps are served; default: 8080" },
      {
        name: "ingress-address",
        value: "ADDRESS",
        kind: "text",
        summary: "on which address; default: 127.0.0.1, this machine only",
      },
      { name: "api-port", value: "PORT", kind: "port", summary: "the API's and dashboard's; default: 7080" },
      {
        name: "proxy-runtime",
        value: "node|bun",
        summary: "what the proxy runs on, when this starts Plinth; default: node",
      },
      {
        name: "mesh",
        value: "transparent|cooperative",
        summary: "how instances meet, decided at a home's first start; default: transparent where possible",
      },
      {
        name: "store",
        value: "URL",
        kind: "text",
        summary:
          "keep the state in an etcd cluster, such as etcd://10.0.0.1,10.0.0.2 (etcds:// for TLS; certificates and password in HOME/keys/etcd/), from a home's first start on; default: in the home",
      },
      {
        name: "otlp",
        value: "URL|off",
        kind: "text",
        summary: "where spans of traces go, such as http://127.0.0.1:4318; kept until off; default: off",
      },
      {
        name: "trace-ratio",
        value: "SHARE",
        kind: "text",
        summary: "how many requests without a decision are traced, 0 to 1; default: 0.01",
      },
      {
        name: "access-log",
        value: "combined|json|off",
        choices: ["combined", "json", "off"],
        summary: "a line per request in HOME/access/APP.log, queries included; kept until off; default: off",
      },
      timeout("for all to be healthy, such as 90s; default: 5m"),
    ],
    examples: [
      { command: "plinth up", says: "deploy what is here and watch over it" },
      { command: "plinth up shop --detach --timeout 2m", says: "deploy ./shop from a script" },
      { command: "plinth up --json | tail -1", says: "events as JSON lines; the last one is the result" },
    ],
    load: () => import("./commands/up.ts"),
  },
  {
    name: "down",
    summary: "stop and remove an app, or all of Plinth",
    description: [
      "Secrets and kept logs stay. Instances get their grace time; Ctrl-C stops waiting, not the stopping.",
    ],
    arguments: [optionalApp],
    flags: [
      {
        name: "all",
        summary: "stop everything in this home: instances, proxy and daemon; apps come back with the next up",
      },
      timeout("for all to be stopped, such as 30s; default: 2m"),
    ],
    examples: [
      { command: "plinth down shop", says: "remove the app shop" },
      { command: "plinth down --all", says: "stop Plinth itself" },
    ],
    load: () => import("./commands/down.ts"),
  },
  {
    name: "plan",
    summary: "show what `up` would change",
    description: ["Values of secrets are never shown, only whether they changed. Exit code 0 either way."],
    arguments: [project],
    flags: [],
    examples: [{ command: "plinth plan shop", says: "what deploying ./shop would do" }],
    load: () => import("./commands/plan.ts"),
  },
  {
    name: "validate",
    summary: "check a config without touching anything",
    arguments: [project],
    flags: [
      { name: "schema", summary: "print the config's JSON Schema for editors instead" },
      { name: "markdown", summary: "print the schema in words instead, as in docs/reference/config.md" },
    ],
    examples: [
      { command: "plinth validate shop/plinth.config.yaml", says: "all problems at once, with their lines" },
      { command: "plinth validate --schema > plinth.schema.json", says: "for an editor's $schema" },
    ],
    load: () => import("./commands/validate.ts"),
  },
  {
    name: "ps",
    summary: "list instances",
    arguments: [{ ...optionalApp, summary: "default: all apps" }],
    flags: [],
    examples: [{ command: "plinth ps --json | jq '.[].pid'", says: "process ids for a script" }],
    load: () => import("./commands/ps.ts"),
  },
  {
    name: "status",
    summary: "show Plinth's own processes and where they listen",
    arguments: [],
    flags: [],
    examples: [{ command: "plinth status", says: "is it running, and how much does it use?" }],
    load: () => import("./commands/status.ts"),
  },
  {
    name: "logs",
    summary: "show what instances wrote",
    description: [
      "Lines of several instances are prefixed with their names. With -f, instances that come later are shown too.",
      "Lines are shown as they were written. With --json, each is an object with `instance` and `line`; of a service with `logs: { remap }` also `fields`, what the program made of it, or `error`, why it made nothing. Lines that it drops are left out.",
    ],
    arguments: [
      { name: "[APP/]SERVICE|INSTANCE", kind: "workload", summary: "a service, or one of its instances" },
    ],
    flags: [
      { name: "follow", short: "f", summary: "go on with what is written from now on" },
      {
        name: "tail",
        value: "LINES",
        kind: "count",
        summary: "begin with the last lines; default: 100 with -f, else all",
      },
      appFlag,
    ],
    examples: [
      { command: "plinth logs web -f", says: "follow every instance of web" },
      { command: "plinth logs shop/web --tail 20", says: "the last 20 lines of each" },
      {
        command: "plinth logs web -f --json | jq -c 'select(.fields.status >= 500)'",
        says: "follow the failures of a service whose `logs.remap` reads its lines",
      },
    ],
    load: () => import("./commands/logs.ts"),
  },
  ...seeingCommands,
  {
    name: "url",
    summary: "where a service is reached; an address of its own for a caller from outside",
    description: [
      "Without --as: the addresses under which the service is published, or served by host name.",
      "With --as: an address of this machine that leads to this service alone, for a program that Plinth does not run. What comes there is balanced, held and retried like any call, and shown as that caller's in `plinth edges`, `tap` and the metrics. It stays the same until it is revoked or the app is deleted. The address says who calls and keeps nobody else from dialling it.",
    ],
    arguments: [
      {
        name: "APP/SERVICE",
        kind: "text",
        summary: "the service; the app may be left out where there is only one",
      },
    ],
    flags: [
      { name: "as", value: "NAME", kind: "text", summary: "who calls; no service of the app" },
      { name: "revoke", summary: "takes the address of --as away" },
    ],
    examples: [
      {
        command: "psql postgres://reader@$(plinth url shop/db --as report)/shop",
        says: "a report's own way to the database",
      },
      { command: "plinth url shop/db --as report --revoke", says: "and its end" },
    ],
    load: () => import("./commands/url.ts"),
  },
  {
    name: "rollback",
    summary: "return to an earlier release",
    description: ["Instances of the release that are still right are kept; nothing is rebuilt."],
    arguments: [optionalApp],
    flags: [
      {
        name: "to",
        value: "RELEASE",
        kind: "release",
        summary: "its number; default: the one before the active",
      },
      timeout("for all to be healthy, such as 90s; default: 5m"),
    ],
    examples: [{ command: "plinth rollback shop --to 3", says: "back to release 3" }],
    load: () => import("./commands/rollback.ts"),
  },
  {
    name: "scale",
    summary: "change how many instances of a service run",
    description: ["Holds until the next `plinth up`, which sets what the config says."],
    arguments: [
      { name: "SERVICE=N", kind: "scaling", many: true, summary: "such as web=3; several at once" },
    ],
    flags: [appFlag, timeout("for all to be healthy, such as 90s; default: 5m")],
    examples: [{ command: "plinth scale web=3 worker=0", says: "three of web, none of worker" }],
    load: () => import("./commands/scale.ts"),
  },
  {
    name: "secrets",
    summary: "set, list and delete secrets",
    description: [
      "Values come from standard input or a file, are kept encrypted, and are never shown again.",
    ],
    arguments: [],
    flags: [],
    examples: [
      { command: 'printf %s "$KEY" | plinth secrets set api-key', says: "from a variable" },
      { command: "plinth secrets list", says: "names and when they were set" },
    ],
    subcommands: [
      {
        name: "set",
        summary: "store a value under a name",
        description: [
          "Reads standard input to its end, without a final newline; on a terminal, one line that is not shown. A file is taken byte for byte.",
        ],
        arguments: [
          {
            name: "NAME",
            kind: "secret",
            summary: "lower-case letters, digits and hyphens; store.APP.STORE is a store's password",
          },
        ],
        flags: [{ name: "file", value: "FILE", kind: "path", summary: "read the value from a file" }],
        examples: [
          { command: "plinth secrets set api-key < key.txt", says: "from standard input" },
          { command: "plinth secrets set tls --file key.pem", says: "from a file, byte for byte" },
        ],
        load: () => import("./commands/secrets.ts"),
      },
      {
        name: "list",
        summary: "list names, never values",
        arguments: [],
        flags: [],
        examples: [{ command: "plinth secrets list", says: "names and when they were set" }],
        load: () => import("./commands/secrets.ts"),
      },
      {
        name: "delete",
        summary: "remove a secret",
        arguments: [{ name: "NAME", kind: "secret", summary: "the secret" }],
        flags: [],
        examples: [{ command: "plinth secrets delete api-key", says: "forget it for good" }],
        load: () => import("./commands/secrets.ts"),
      },
    ],
  },
  kvCommand,
  imageCommand,
  volumesCommand,
  storeCommand,
  vrlCommand,
  ...backupCommands,
  {
    name: "exec",
    summary: "run a command where an instance runs",
    description: [
      "With the instance's working directory and environment. Ends with the command's exit code.",
      "With -i the command reads what this one is given; with -t, too, it has a terminal of its own, whose size follows yours, and Ctrl-C is the command's. Both need the command on the host of the instance.",
    ],
    arguments: [
      { name: "INSTANCE", kind: "instance", summary: "its name, as `plinth ps` shows it" },
      {
        name: "COMMAND",
        kind: "command",
        many: true,
        summary: "after --, an argument vector without a shell",
      },
    ],
    flags: [
      { name: "interactive", short: "i", summary: "pass standard input on" },
      { name: "tty", short: "t", summary: "give it a terminal; for containers" },
    ],
    examples: [
      { command: "plinth exec shop.web.k3x9 -- ls -l", says: "look around" },
      { command: "plinth exec -it shop.cache.k3x9 -- sh", says: "a shell in a container" },
    ],
    load: () => import("./commands/exec.ts"),
  },
  {
    name: "cp",
    summary: "copy files into an instance, or out of it",
    description: [
      "A file or folder, with what is in it; nothing needs to be installed in the image. Into a folder that is there, it is put inside; else it gets the name given. What is copied in belongs to root. Links of the instance never lead out of it.",
    ],
    arguments: [
      { name: "FROM", kind: "text", summary: "a path, or INSTANCE:/path" },
      { name: "TO", kind: "text", summary: "INSTANCE:/path, or a path" },
    ],
    flags: [],
    examples: [
      { command: "plinth cp shop.cache.k3x9:/data/dump.rdb .", says: "a file out of a container" },
      { command: "plinth cp ./seed shop.cache.k3x9:/data/", says: "a folder into one" },
    ],
    load: () => import("./commands/cp.ts"),
  },
  ...resourceCommands,
  ...machineCommands,
  ...keepingCommands,
  {
    name: "doctor",
    summary: "check what this machine can do, and what is amiss",
    arguments: [],
    flags: [],
    examples: [{ command: "plinth doctor", says: "√ good, ‼ weaker than it could be, × in the way" }],
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "open",
    summary: "open the dashboard in a browser",
    description: ["Prints an address that signs in once, within a minute, and tries to open it."],
    arguments: [],
    flags: [{ name: "no-browser", summary: "only print the address" }],
    examples: [{ command: "plinth open --no-browser", says: "to paste it elsewhere" }],
    load: () => import("./commands/open.ts"),
  },
  {
    name: "completion",
    summary: "print a shell's completion script",
    arguments: [
      { name: "SHELL", kind: "text", choices: ["bash", "zsh", "fish"], summary: "bash, zsh or fish" },
    ],
    flags: [],
    examples: [
      { command: 'eval "$(plinth completion bash)"', says: "in ~/.bashrc" },
      { command: "plinth completion fish > ~/.config/fish/completions/plinth.fish", says: "for fish" },
    ],
    load: () => import("./commands/completion.ts"),
  },
  {
    name: "version",
    summary: "show the version",
    arguments: [],
    flags: [],
    examples: [{ command: "plinth version --json", says: "with the runtime's" }],
    load: () => import("./commands/version.ts"),
  },
  {
    name: "help",
    summary: "show help for a command",
    arguments: [
      { name: "COMMAND", kind: "command", optional: true, many: true, summary: "default: all of them" },
    ],
    flags: [{ name: "markdown", summary: "the whole reference, as in docs/cli.md" }],
    examples: [{ command: "plinth help secrets set", says: "the same as `plinth secrets set --help`" }],
    load: () => import("./commands/help.ts"),
  },
  {
    name: "__complete",
    hidden: true,
    summary: "candidates for the last of the words; called by the completion scripts",
    arguments: [{ name: "WORD", kind: "command", optional: true, many: true, summary: "the line so far" }],
    flags: [],
    examples: [],
    load: () => import("./commands/complete.ts"),
  },
];

/** The order and headings of `plinth --help` and docs/cli.md. */
export const commandGroups: readonly (readonly [title: string, names: readonly string[]])[] = [
  ["Run an app", ["init", "up", "down", "scale", "rollback", "url"]],
  [
    "See what it does",
    ["ps", "logs", "stat", "edges", "routes", "tap", "top", "diagnostics", "status", "open"],
  ],
  ["Before deploying", ["validate", "plan", "import", "secrets"]],
  ["Resources", ["get", "describe", "apply", "delete", "exec", "cp"]],
  ["Data", ["kv", "store", "vrl", "image", "volumes", "backup", "restore"]],
  ["Several machines", ["join-token", "join", "identity"]],
  ["Plinth itself", ["install", "uninstall", "start", "upgrade", "doctor", "completion", "version", "help"]],
];

/** The command that words name, and how many of the words that took. */
export function findCommand(words: readonly string[]): { command: Command; length: number } | undefined {
  let level: readonly Command[] = commands;
  let found: Command | undefined;
  let length = 0;
  for (const word of words) {
    const next = level.find((candidate) => candidate.name === word);
    if (next === undefined) break;
    found = next;
    length++;
    level = next.subcommands ?? [];
  }
  return found === undefined ? undefined : { command: found, length };
}
