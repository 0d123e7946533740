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
        "Needs no Plinth in this home. Every write is on disk before it is answered. gRPC, /health and /metrics share the port. Whoever reaches it may do anything until users count: see --initial-root-password-file, or `etcdctl auth enable`. PLINTH_STORE_PASSWORD in the environment lets users count, too, and gives root this password at each start.",
      ],
      arguments: [],
      flags: [
        { name: "data-dir", value: "DIR", kind: "directory", summary: "where data is kept; must be given" },
        {
          name: "listen-client-urls",
          value: "URLS",
          kind: "text",
          summary: "where to listen, divided by commas, http:// or https://; default: http://127.0.0.1:2379",
        },
        {
          name: "advertise-client-urls",
          value: "URLS",
          kind: "text",
          summary: "what clients that ask are told; default: where it listens",
        },
        {
          name: "listen-metrics-urls",
          value: "URLS",
          kind: "text",
          summary: "where /metrics and /health are served besides",
        },
        { name: "cert-file", value: "FILE", kind: "path", summary: "certificates for https://, in PEM" },
        { name: "key-file", value: "FILE", kind: "path", summary: "the key that belongs to them" },
        {
          name: "trusted-ca-file",
          value: "FILE",
          kind: "path",
          summary: "clients must have a certificate of these authorities",
        },
        {
          name: "client-cert-auth",
          summary: "the name in a client's certificate is its user; needs --trusted-ca-file",
        },
        {
          name: "client-crl-file",
          value: "FILE",
          kind: "path",
          summary: "clients' certificates that do not count any more",
        },
        {
          name: "initial-root-password-file",
          value: "FILE",
          kind: "path",
          summary: "users count from the start, and root has this password unless it has one; mode 0600",
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
        {
          command:
            "plinth store serve --data-dir ./data --listen-client-urls https://0.0.0.0:2379 --cert-file server.crt --key-file server.key --initial-root-password-file root.password",
          says: "for other machines: with TLS, and nobody gets in without a login",
        },
      ],
      load: () => import("./commands/store-serve.ts"),
    },
  ],
};
