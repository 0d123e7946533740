import type { Command, Flag } from "./command.ts";

const ignored = (name: string, value: string): Flag => ({
  name,
  value,
  kind: "text",
  summary: "accepted as etcd's and ignored",
});

/** The store by itself, for etcd's clients. Flags have etcd's names. */
export const storeCommand: Command = {
  name: "store",
  summary: "run the key-value store by itself",
  description: ["It speaks etcd's v3 API, so etcd's clients and tools can use it."],
  arguments: [],
  flags: [],
  examples: [{ command: "plinth store serve --data-dir ./data", says: "on etcd's own port" }],
  subcommands: [
    {
      name: "serve",
      summary: "serve a store to etcd's clients until interrupted",
      description: [
        "Needs no Plinth in this home. Every write is on disk before it is answered. There is no TLS and no login yet: listen where only friends are.",
      ],
      arguments: [],
      flags: [
        { name: "data-dir", value: "DIR", kind: "directory", summary: "where data is kept; must be given" },
        {
          name: "listen-client-urls",
          value: "URLS",
          kind: "text",
          summary: "where to listen, divided by commas; default: http://127.0.0.1:2379",
        },
        {
          name: "advertise-client-urls",
          value: "URLS",
          kind: "text",
          summary: "what clients that ask are told; default: where it listens",
        },
        { name: "name", value: "NAME", kind: "text", summary: "the member's name; default: default" },
        {
          name: "quota-backend-bytes",
          value: "BYTES",
          kind: "count",
          summary: "data beyond which writes are refused; default: 2147483648",
        },
        {
          name: "max-request-bytes",
          value: "BYTES",
          kind: "count",
          summary: "keys and values of one request; default: 1572864",
        },
        {
          name: "max-txn-ops",
          value: "COUNT",
          kind: "count",
          summary: "operations of one transaction; default: 128",
        },
        {
          name: "auto-compaction-mode",
          value: "periodic|revision",
          choices: ["periodic", "revision"],
          summary: "what --auto-compaction-retention counts; default: periodic",
        },
        {
          name: "auto-compaction-retention",
          value: "KEEP",
          kind: "text",
          summary: "history kept: hours, a duration such as 30m, or revisions; default: 0, all of it",
        },
        ignored("snapshot-count", "COUNT"),
      ],
      examples: [
        { command: "plinth store serve --data-dir ./data", says: "on http://127.0.0.1:2379" },
        {
          command: "plinth store serve --data-dir ./data --auto-compaction-retention 1",
          says: "with an hour of history",
        },
      ],
      load: () => import("./commands/store-serve.ts"),
    },
  ],
};
