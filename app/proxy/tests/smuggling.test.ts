import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { type CorpusEntry, requestCorpus, responseCorpus } from "@plinth/http1/testing";
import { freePort, installedRuntimes, outboundTo, startProxy } from "../testing.ts";

/** A case is over when nothing has come for so long. Not a sleep for an event: most cases have none. */
const QUIET_MS = 60;
/** On a busy machine an answer may take longer than that. */
const SILENT_MS = 500;
const RIVALS = ["nginx", "haproxy"] as const;

const missing = RIVALS.filter(
  (program) => spawnSync("/bin/sh", ["-c", 'PATH="$PATH:/usr/sbin" command -v "$0"', program]).status !== 0,
);

/** Where we take what one of them refuses, and why nothing can hide there. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "OPTIONS *":
    "nginx does not know it; RFC 9112 §3.2.4 has it, and it names no resource to be mistaken for another",
  "Upgrade to h2c in a list":
    "HAProxy asks for the key of RFC 6455 here as well; we pass the request on without its Upgrade",
  "Upgrade to WebSocket without its key":
    "HAProxy asks for the key of RFC 6455; we pass it on, and without a 101 from the instance nothing changes",
};

/** What came of one case: the requests the origin saw, in order, and what the client was told. */
interface Outcome {
  /** "METHOD target body", the target without scheme and host. */
  readonly seen: readonly string[];
  readonly statuses: readonly number[];
  /** The origin could not read what it got. */
  readonly broken: boolean;
}

/** Writes down what it is asked, as llhttp reads it, and says yes to everything. */
class Origin implements AsyncDisposable {
  seen: string[] = [];
  broken = false;
  readonly #server = createServer(
    { requireHostHeader: false, keepAliveTimeout: 60_000 },
    (question, answer) => {
      void this.#note(question).then(() => answer.end("from the origin"));
    },
  );

  static async start(): Promise<Origin> {
    const origin = new Origin();
    const server = origin.#server;
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      // A request that turned out bad half-way is cut off, which is not to be taken for a whole one.
      if (error.code !== "ECONNRESET" && error.code !== "HPE_INVALID_EOF_STATE") origin.broken = true;
      socket.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return origin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #note(question: IncomingMessage): Promise<void> {
    const index = this.seen.push("") - 1;
    const { seen } = this;
    const target = question.url!.replace(/^https?:\/\/[^/?]*/i, "");
    const path = target.startsWith("/") || target === "*" ? target : `/${target}`;
    const body = await text(question).catch(() => "cut short");
    seen[index] = `${question.method} ${path} ${body}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Sends a case and waits until nothing moves any more; who has said nothing by then may only be slow. */
async function outcomeOf(entry: CorpusEntry, port: number, origin: Origin): Promise<Outcome> {
  const outcome = await tried(entry, port, origin, QUIET_MS);
  return outcome.isSilent ? tried(entry, port, origin, SILENT_MS) : outcome;
}

async function tried(
  { bytes }: CorpusEntry,
  port: number,
  origin: Origin,
  quietMs: number,
): Promise<Outcome & { readonly isSilent: boolean }> {
  origin.seen = [];
  origin.broken = false;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  let isSilent = false;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      isSilent = received === "";
      resolve();
    }, quietMs);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      timer.refresh();
    });
    socket.on("end", () => resolve());
    socket.write(bytes);
    void closed.then(resolve);
    socket.on("close", () => clearTimeout(timer));
  });
  socket.destroy();
  await closed;
  const statuses = [...received.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status));
  return {
    seen: origin.seen.filter((request) => !request.endsWith("cut short") && request !== ""),
    statuses: statuses.filter((status) => status >= 200),
    broken: origin.broken,
    isSilent,
  };
}

/** It did not take all that was sent for good requests: it said so, or has passed on fewer than it was sent. */
function refused({ statuses, seen }: Outcome): boolean {
  return statuses.length === 0 || statuses.some((status) => status >= 400) || seen.length < statuses.length;
}

const nginxConfig = (directory: string, port: number, origin: number): string => `
daemon off;
master_process off;
pid ${directory}/pid;
error_log ${directory}/error.log crit;
events { worker_connections 512; }
http {
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ")}
  access_log off;
  large_client_header_buffers 8 64k;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${origin}; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}`;

const haproxyConfig = (port: number, origin: number): string => `
global
  nbthread 1
  tune.bufsize 131072
  tune.http.maxhdr 256
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout http-request 5s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server origin 127.0.0.1:${origin}
`;

/** Gives one answer after another, as bytes, to whoever asks. */
class Answerer implements AsyncDisposable {
  bytes: Buffer = Buffer.alloc(0);
  readonly #server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end(this.bytes));
  });

  static async start(): Promise<Answerer> {
    const answerer = new Answerer();
    answerer.#server.listen(0, "127.0.0.1");
    await once(answerer.#server, "listening");
    return answerer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}

/** What a client makes of an answer: status and body, or undefined when it is told that there is no good one. */
function answerTo(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const question = get({ port, host: "127.0.0.1", agent: false, timeout: 1_000 }, (answer) => {
      answer.on("error", () => resolve(undefined));
      text(answer).then(
        (body) => resolve(answer.statusCode! > 500 ? undefined : `${answer.statusCode} ${body}`),
        () => resolve(undefined),
      );
    });
    question.on("timeout", () => question.destroy());
    question.on("error", () => resolve(undefined));
    question.on("upgrade", (_answer, socket) => {
      socket.destroy();
      resolve("101 ");
    });
  });
}

async function answersOf(port: number, answerer: Answerer): Promise<Map<string, string | undefined>> {
  const answers = new Map<string, string | undefined>();
  for (const { name, bytes } of responseCorpus()) {
    answerer.bytes = bytes;
    answers.set(name, await answerTo(port));
  }
  return answers;
}

/** A rival before an origin, on a free port. */
class Rival implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(port: number, child: ChildProcess, directory: string) {
    this.port = port;
    this.#child = child;
    this.#directory = directory;
  }

  static async start(program: (typeof RIVALS)[number], originPort: number): Promise<Rival> {
    const directory = mkdtempSync(join(tmpdir(), `plinth-${program}-`));
    chmodSync(directory, 0o755);
    const port = await freePort();
    const file = join(directory, "config");
    const parameters =
      program === "nginx"
        ? ["-c", file, "-p", directory, "-e", join(directory, "error.log")]
        : ["-db", "-q", "-f", file];
    writeFileSync(
      file,
      program === "nginx" ? nginxConfig(directory, port, originPort) : haproxyConfig(port, originPort),
    );
    const child = spawn(`/usr/sbin/${program}`, parameters, { stdio: ["ignore", "ignore", "inherit"] });
    const rival = new Rival(port, child, directory);
    while (!(await accepts(port))) {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    }
    return rival;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
    rmSync(this.#directory, { recursive: true });
  }
}

function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  return new Promise((resolve) => {
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

async function outcomesOf(port: number, origin: Origin): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (const entry of requestCorpus()) outcomes.set(entry.name, await outcomeOf(entry, port, origin));
  return outcomes;
}

test(
  "of a corpus of malformed and ambiguous requests the proxy takes none that nginx or HAProxy refuses, and its instances see what theirs see",
  { skip: missing.length > 0 && `${missing.join(" and ")} not installed` },
  async () => {
    const theirs = new Map(
      await Promise.all(
        RIVALS.map(async (name) => {
          await using origin = await Origin.start();
          await using rival = await Rival.start(name, origin.port);
          return [name, await outcomesOf(rival.port, origin)] as const;
        }),
      ),
    );
    for (const runtime of installedRuntimes()) {
      await using origin = await Origin.start();
      const port = await freePort();
      await using _proxy = await startProxy(runtime, outboundTo(port, [origin.port]));
      const problems: string[] = [];
      for (const [name, ours] of await outcomesOf(port, origin)) {
        if (ours.broken) problems.push(`${name}: the origin could not read what it got`);
        if (refused(ours)) continue;
        for (const rival of RIVALS) {
          const its = theirs.get(rival)!.get(name)!;
          if (refused(its)) {
            if (!Object.hasOwn(EXCEPTIONS, name))
              problems.push(`${name}: ${rival} refuses it (${its.statuses.join(" ")}), we do not`);
          } else if (its.seen.join("\n") !== ours.seen.join("\n")) {
            problems.push(
              `${name}: behind ${rival} ${JSON.stringify(its.seen)}, behind us ${JSON.stringify(ours.seen)}`,
            );
          }
        }
      }
      assert.deepEqual(problems, [], `on ${runtime}`);
    }
  },
);

/** Answers that we pass on and one of them does not, and why nothing can hide there. */
const ANSWER_EXCEPTIONS: Readonly<Record<string, string>> = {
  "100, then 200": "nginx takes the interim answer for the answer; RFC 9110 §15.2 has a proxy pass it on",
  "103, then 200": "as above",
};

test(
  "of a corpus of malformed and ambiguous answers the proxy passes on none that nginx or HAProxy refuses, and none otherwise than they",
  { skip: missing.length > 0 && `${missing.join(" and ")} not installed` },
  async () => {
    const theirs = new Map(
      await Promise.all(
        RIVALS.map(async (name) => {
          await using answerer = await Answerer.start();
          await using rival = await Rival.start(name, answerer.port);
          return [name, await answersOf(rival.port, answerer)] as const;
        }),
      ),
    );
    for (const runtime of installedRuntimes()) {
      await using answerer = await Answerer.start();
      const port = await freePort();
      await using _proxy = await startProxy(runtime, outboundTo(port, [answerer.port]));
      const problems: string[] = [];
      for (const [name, ours] of await answersOf(port, answerer)) {
        if (ours === undefined || Object.hasOwn(ANSWER_EXCEPTIONS, name)) continue;
        for (const rival of RIVALS) {
          const its = theirs.get(rival)!.get(name);
          if (its === undefined) problems.push(`${name}: ${rival} refuses it, we do not`);
          else if (its !== ours)
            problems.push(`${name}: ${rival} ${its.slice(0, 200)}, we ${ours.slice(0, 200)}`);
        }
      }
      assert.deepEqual(problems, [], `on ${runtime}`);
    }
  },
);
