import type { Argument, Command, Flag } from "./command.ts";

/** Which store, and how it is reached: of every command of `plinth kv`. */
export const accessFlags: readonly Flag[] = [
  {
    name: "store",
    value: "APP/STORE",
    kind: "text",
    summary: "a store of this home's; without APP as other commands find it; default: the only one",
  },
  {
    name: "url",
    value: "URL",
    kind: "text",
    summary:
      "any etcd: etcd://[USER:PASSWORD@]HOST[:PORT][,HOST…], etcds:// for TLS; default: $PLINTH_STORE_URL",
  },
  { name: "cacert", value: "FILE", kind: "path", summary: "certificates to check the servers' with, in PEM" },
  { name: "cert", value: "FILE", kind: "path", summary: "this client's own certificate, in PEM" },
  { name: "key", value: "FILE", kind: "path", summary: "its private key, in PEM" },
  {
    name: "timeout",
    value: "DURATION",
    kind: "duration",
    summary: "longest wait for an answer; default: 5s",
  },
];

const key: Argument = { name: "KEY", kind: "text", summary: "the key; empty with --prefix: every key" };
const rangeEnd: Argument = {
  name: "RANGE_END",
  kind: "text",
  optional: true,
  summary: "all from KEY up to but without this",
};
const file = (summary: string): Argument => ({ name: "FILE", kind: "path", summary });
const lease: Argument = { name: "LEASE", kind: "text", summary: "the lease's id, in hexadecimal" };
const prefix: Flag = { name: "prefix", summary: "all keys that begin with KEY" };
const fromKey: Flag = { name: "from-key", summary: "all keys from KEY on" };
const previous = (summary: string): Flag => ({ name: "prev-kv", summary });

const commands: readonly Command[] = [
  {
    name: "get",
    summary: "print keys with their values",
    description: [
      "A line for the key and one for the value, as etcdctl prints them; bytes as they are, but in a terminal. With --json, what is not UTF-8 is null, and base64 beside it.",
    ],
    arguments: [key, rangeEnd],
    flags: [
      prefix,
      fromKey,
      { name: "rev", value: "REVISION", kind: "revision", summary: "as of this revision; default: now" },
      { name: "limit", value: "NUMBER", kind: "count", summary: "at most so many; default: all" },
      { name: "order", value: "ASCEND|DESCEND", kind: "text", summary: "default: ASCEND" },
      {
        name: "sort-by",
        value: "TARGET",
        kind: "text",
        summary: "CREATE, KEY, MODIFY, VALUE or VERSION; default: KEY",
      },
      { name: "keys-only", summary: "without values" },
      { name: "count-only", summary: "only how many there are" },
      { name: "print-value-only", summary: "without keys" },
      {
        name: "consistency",
        value: "l|s",
        choices: ["l", "s"],
        summary: "s: what the member asked has, which may be old; default: l, the newest",
      },
      ...accessFlags,
    ],
    examples: [
      { command: "plinth kv get greeting", says: "one key" },
      { command: "plinth kv get user/ --prefix --keys-only", says: "what there is" },
      { command: "plinth kv get '' --prefix --json --rev 42", says: "everything as of revision 42" },
    ],
    load: () => import("./kv/get.ts"),
  },
  {
    name: "put",
    summary: "set a key",
    description: [
      "Without VALUE, or with -, it is read from standard input as it is, a closing newline included. A value that begins with - goes behind --.",
    ],
    arguments: [
      { name: "KEY", kind: "text", summary: "the key" },
      { name: "VALUE", kind: "text", optional: true, summary: "default: standard input" },
    ],
    flags: [
      { name: "lease", value: "LEASE", kind: "text", summary: "the key goes when this lease ends" },
      previous("print what was there before"),
      { name: "ignore-value", summary: "keep the value that is there" },
      { name: "ignore-lease", summary: "keep the lease that is there" },
      ...accessFlags,
    ],
    examples: [
      { command: "plinth kv put greeting hello", says: "a value that may be seen" },
      { command: "plinth kv put certificate --store shop/state < cert.pem", says: "a file's content" },
    ],
    load: () => import("./kv/put.ts"),
  },
  {
    name: "del",
    summary: "delete keys",
    description: ["Prints how many there were."],
    arguments: [key, rangeEnd],
    flags: [prefix, fromKey, previous("print what is deleted"), ...accessFlags],
    examples: [{ command: "plinth kv del session/ --prefix", says: "all that begin so" }],
    load: () => import("./kv/del.ts"),
  },
  {
    name: "watch",
    summary: "print changes as they come, until interrupted",
    description: [
      "PUT or DELETE, then the key's line and the value's. Goes on over lost connections, each change once and in order. Where the store has forgotten some, it says so and prints all that is there now.",
    ],
    arguments: [key, rangeEnd],
    flags: [
      prefix,
      fromKey,
      { name: "rev", value: "REVISION", kind: "revision", summary: "begin with this one; default: the next" },
      previous("print what was there before, first"),
      ...accessFlags,
    ],
    examples: [{ command: "plinth kv watch user/ --prefix --json | jq -c .", says: "for a script" }],
    load: () => import("./kv/watch.ts"),
  },
  {
    name: "txn",
    summary: "do several things in one step, read from standard input",
    description: [
      'In etcdctl\'s words: compares such as mod("key") > "0" (or create, version, value, lease; =, !=, <, >), an empty line, what to do if all hold (put, get, del as on a command line), an empty line, what to do if not.',
    ],
    arguments: [],
    flags: accessFlags,
    examples: [
      {
        command: `printf 'version("owner") = "0"\\n\\nput owner me\\n\\nget owner\\n' | plinth kv txn`,
        says: "take it, or see whose it is",
      },
    ],
    load: () => import("./kv/txn.ts"),
  },
  {
    name: "lease",
    summary: "grant leases, whose end deletes keys",
    arguments: [],
    flags: [],
    examples: [{ command: "plinth kv lease grant 60", says: "prints its id" }],
    subcommands: [
      {
        name: "grant",
        summary: "grant a lease",
        arguments: [{ name: "TTL", kind: "count", summary: "seconds it lives, unless it is kept alive" }],
        flags: accessFlags,
        examples: [{ command: "plinth kv lease grant 60 --json | jq -r .lease", says: "for a script" }],
        load: () => import("./kv/lease.ts"),
      },
      {
        name: "revoke",
        summary: "end a lease, and delete its keys",
        arguments: [lease],
        flags: accessFlags,
        examples: [{ command: "plinth kv lease revoke 390da1feb50e9415", says: "at once" }],
        load: () => import("./kv/lease.ts"),
      },
      {
        name: "timetolive",
        summary: "show how long a lease has",
        arguments: [lease],
        flags: [{ name: "keys", summary: "with the keys that go with it" }, ...accessFlags],
        examples: [
          { command: "plinth kv lease timetolive 390da1feb50e9415 --keys", says: "and what hangs on it" },
        ],
        load: () => import("./kv/lease.ts"),
      },
      {
        name: "keep-alive",
        summary: "keep a lease alive until interrupted",
        arguments: [lease],
        flags: [{ name: "once", summary: "begin its time anew, and end" }, ...accessFlags],
        examples: [{ command: "plinth kv lease keep-alive 390da1feb50e9415", says: "until Ctrl-C" }],
        load: () => import("./kv/lease.ts"),
      },
      {
        name: "list",
        summary: "list leases",
        arguments: [],
        flags: accessFlags,
        examples: [{ command: "plinth kv lease list --json", says: "for a script" }],
        load: () => import("./kv/lease.ts"),
      },
    ],
  },
  {
    name: "snapshot",
    summary: "save a whole store to a file, and back",
    arguments: [],
    flags: [],
    examples: [{ command: "plinth kv snapshot save state.snapshot", says: "as of one moment" }],
    subcommands: [
      {
        name: "save",
        summary: "save the store as of one moment",
        description: [
          "FILE is written beside itself and is whole once it is there; only its owner can read it.",
        ],
        arguments: [file("the file to write")],
        flags: accessFlags,
        examples: [
          { command: "plinth kv snapshot save state.snapshot --store shop/state", says: "while it runs" },
        ],
        load: () => import("./kv/snapshot.ts"),
      },
      {
        name: "status",
        summary: "check a saved store of Plinth's, and show what it holds",
        arguments: [file("a saved snapshot")],
        flags: [],
        examples: [
          { command: "plinth kv snapshot status state.snapshot", says: "reads and checks all of it" },
        ],
        load: () => import("./kv/snapshot.ts"),
      },
      {
        name: "restore",
        summary: "make a store from a saved one of Plinth's",
        arguments: [file("a saved snapshot")],
        flags: [
          { name: "data-dir", value: "DIR", kind: "directory", summary: "to be made; must not be there yet" },
        ],
        examples: [
          {
            command:
              "plinth kv snapshot restore state.snapshot --data-dir ./data && plinth store serve --data-dir ./data",
            says: "and serve it",
          },
        ],
        load: () => import("./kv/snapshot.ts"),
      },
    ],
  },
  {
    name: "compact",
    summary: "forget history before a revision",
    arguments: [{ name: "REVISION", kind: "revision", summary: "the first that stays" }],
    flags: [{ name: "physical", summary: "wait until its space is free" }, ...accessFlags],
    examples: [{ command: "plinth kv compact 1000", says: "watches from before it end" }],
    load: () => import("./kv/compact.ts"),
  },
  {
    name: "status",
    summary: "show a store's version, revision and size",
    arguments: [],
    flags: accessFlags,
    examples: [{ command: "plinth kv status --url etcd://127.0.0.1:2379", says: "of any etcd" }],
    load: () => import("./kv/status.ts"),
  },
];

/** Reads and writes stores; flags and what is printed have etcdctl's forms. */
export const kvCommand: Command = {
  name: "kv",
  summary: "read and write keys of a store",
  description: [
    "Of an app's store in this home, or of any etcd by URL. Flags and what is printed have etcdctl's forms.",
  ],
  arguments: [],
  flags: [],
  examples: [
    { command: "plinth kv put greeting hello && plinth kv get greeting", says: "in the only store" },
  ],
  subcommands: commands,
};
