import { type Command, timeout } from "./command.ts";

/** What makes one Plinth of several machines. */
export const machineCommands: readonly Command[] = [
  {
    name: "identity",
    summary: "show the authority behind workloads' certificates",
    arguments: [],
    flags: [],
    examples: [{ command: "plinth identity show", says: "which root signs" }],
    subcommands: [
      {
        name: "show",
        summary: "the trust domain and its root certificates",
        arguments: [],
        flags: [],
        examples: [{ command: "plinth identity show", says: "which root signs, and until when" }],
        load: () => import("./commands/identity.ts"),
      },
      {
        name: "rotate",
        summary: "put a new root certificate in the place of the old one",
        description: [
          "Every host knows the new root before it signs, and no connection is dropped. The old one is retired a day later, when no certificate of its is left.",
        ],
        arguments: [],
        flags: [
          {
            name: "now",
            summary:
              "renew every certificate and retire the old root at once, as when its key is known to others",
          },
        ],
        examples: [
          {
            command: "plinth identity rotate --now",
            says: "the old root's key is worth nothing from now on",
          },
        ],
        load: () => import("./commands/identity.ts"),
      },
      {
        name: "expire",
        summary: "take every certificate for expired and replace it, to see that nothing depends on one",
        description: [
          "Of workloads and of hosts; links between hosts are made anew with them. The root stays, and no connection is dropped.",
        ],
        arguments: [],
        flags: [],
        examples: [{ command: "plinth identity expire", says: "how many were replaced on each host" }],
        load: () => import("./commands/identity-expire.ts"),
      },
    ],
  },
  {
    name: "join-token",
    summary: "let another machine join as a host",
    description: [
      "Prints a token that one machine can use once, and opens the door for it: from then on this machine listens for hosts at the address, with TLS 1.3 and certificates on both sides.",
    ],
    arguments: [],
    flags: [
      {
        name: "address",
        value: "ADDRESS",
        kind: "text",
        summary: "this machine's address as others reach it; default: its main one",
      },
      {
        name: "host",
        value: "NAME",
        kind: "text",
        summary: "the only host that may use it; needed where one of that name joins again",
      },
      { name: "for", value: "DURATION", kind: "duration", summary: "how long it can be used; default: 30m" },
    ],
    examples: [
      { command: "plinth join-token", says: "then `plinth join` on the other machine" },
      { command: "plinth join-token | ssh other plinth join", says: "both in one line" },
    ],
    load: () => import("./commands/join-token.ts"),
  },
  {
    name: "join",
    summary: "make this machine a host of another Plinth",
    description: [
      "Takes the token of `plinth join-token` from standard input, asks for it in a terminal, or reads it from a file; never from the command line, where other users see it. A home that has joined needs no token: Plinth is started again in it.",
    ],
    arguments: [],
    flags: [
      { name: "token-file", value: "FILE", kind: "path", summary: "read the token from a file" },
      { name: "name", value: "NAME", kind: "text", summary: "of this host; default: the machine's name" },
      {
        name: "address",
        value: "ADDRESS",
        kind: "text",
        summary: "this machine's address as other hosts reach it; default: the one it calls from",
      },
      { name: "again", summary: "join anew with a new token, as when the credential has ended" },
      { name: "api-port", value: "PORT", kind: "port", summary: "the API's and dashboard's; default: 7080" },
      {
        name: "proxy-runtime",
        value: "node|bun",
        summary: "what the proxy runs on; default: node",
      },
      {
        name: "mesh",
        value: "transparent|cooperative",
        summary:
          "how instances meet here, decided at a home's first start; default: transparent where possible",
      },
      timeout("to be taken up, such as 90s; default: 1m"),
    ],
    examples: [{ command: "plinth join --name beta", says: "asks for the token" }],
    load: () => import("./commands/join.ts"),
  },
];
