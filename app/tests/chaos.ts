import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { seededRandom } from "@plinth/clock";
import { statFields } from "@plinth/process";
import { startLoad } from "./load.ts";
import { createPlinth, type Plinth } from "./plinth.ts";
import type { PsRow } from "@plinth/resource";
import { listening, processesOf } from "./processes.ts";
import { createProject, type Project } from "./project.ts";

/** What one service should be: what it says, and how many say it. */
interface Wanted {
  readonly says: string;
  readonly replicas: number;
}
type World = Readonly<Record<"front" | "back" | "still", Wanted>>;
type Name = keyof World;

/** Services that steps change; `still` is never touched and must never notice anything. */
const CHANGED = ["front", "back"] as const;
const REPLICAS_MAX = 3;
const EXIT_UNHEALTHY = 5;
/** A daemon or proxy is hit at any moment of a deploy, which takes about a second. */
const PAUSE_MAX_MS = 900;

/** An app under steady load, steps that change or hurt it, and what has to be so after each of them. */
export interface Chaos extends AsyncDisposable {
  readonly home: string;
  shuffled<T>(items: readonly T[]): T[];
  pause(): Promise<void>;
  deploy(): Promise<void>;
  rollback(): Promise<void>;
  scale(): Promise<void>;
  shipBroken(): Promise<void>;
  killInstance(): Promise<void>;
  killDaemon(signal?: NodeJS.Signals): Promise<void>;
  upgradeProxy(): Promise<void>;
  /** Takes a step and checks that all is as it should be then. */
  check(name: string, step: () => Promise<void>): Promise<void>;
  /** `withDaemon`: the daemon is killed first, so that nobody is there to start another proxy at once. */
  killProxy(withDaemon: boolean): Promise<void>;
  /** Takes all down; what is left. */
  down(): Promise<{ processes: readonly string[]; listening: readonly string[] }>;
}

export async function createChaos(seed: number): Promise<Chaos> {
  const random = seededRandom(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  await using setup = new AsyncDisposableStack();
  const project = setup.use(createProject());
  const plinth = setup.use(createPlinth());

  let wanted: World = {
    front: { says: "front 0", replicas: 2 },
    back: { says: "back 0", replicas: 2 },
    still: { says: "still", replicas: 1 },
  };
  let words = 0;
  write(project, wanted);
  await plinth.up(project.directory);
  const port = await plinth.ingressPort();
  const load = setup.use(startLoad({ port }));
  let rows = await settled(plinth, wanted);
  /** Worlds by the number of the release they became. */
  const releases = new Map([[await activeRelease(plinth), wanted]]);
  /** Restarts that each instance must count by now. */
  const killed = new Map<string, number>();

  const become = async (next: World, change: () => Promise<void>): Promise<void> => {
    wanted = next;
    write(project, wanted);
    await change();
    releases.set(await activeRelease(plinth), wanted);
  };

  const allAsWanted = async (): Promise<void> => {
    const before = rows;
    rows = await settled(plinth, wanted);
    for (const { instance, pid, restarts } of rows) {
      const known = before.find((row) => row.instance === instance);
      assert.equal(restarts, killed.get(instance) ?? 0, `restarts of ${instance}`);
      const isSame = known === undefined || known.restarts !== restarts || known.pid === pid;
      assert.ok(isSame, `${instance} has another process though nobody killed it`);
    }
    const gone = before.filter(({ instance }) => rows.every((row) => row.instance !== instance));
    assert.deepEqual(
      gone.filter(({ service }) => service === "still"),
      [],
    );
    assert.deepEqual(load.failures, {});
    await plinth.until("every process is accounted for", async () => {
      const strangers = await unaccounted(plinth);
      if (strangers.length > 0) throw new Error(strangers.join("\n"));
      return true;
    });
  };

  const lifetime = setup.move();
  const chaos: Chaos = {
    home: plinth.home,
    shuffled(items) {
      const rest = [...items];
      return items.map(() => rest.splice(below(rest.length), 1)[0]!);
    },
    pause: () => new Promise((resolve) => setTimeout(resolve, below(PAUSE_MAX_MS))),
    deploy: () => {
      const name = pick(CHANGED);
      const next = { ...wanted, [name]: { ...wanted[name], says: `${name} ${++words}` } };
      return become(next, () => plinth.up(project.directory));
    },
    rollback: () => {
      const [number, next] = pick([...releases]);
      return become(next, () => succeed(plinth, "rollback", "site", "--to", String(number)));
    },
    scale: () => {
      const name = pick(CHANGED);
      const replicas = 1 + ((wanted[name].replicas + below(REPLICAS_MAX - 1)) % REPLICAS_MAX);
      const next = { ...wanted, [name]: { ...wanted[name], replicas } };
      return become(next, () => succeed(plinth, "scale", `${name}=${replicas}`));
    },
    async shipBroken() {
      const name = pick(CHANGED);
      const before = await activeRelease(plinth);
      project.write(`${name}/server.mjs`, `console.error("broken ${++words}"); process.exit(3);`);
      const { code, stderr } = await plinth.run(["up", project.directory, "--detach"]);
      assert.equal(code, EXIT_UNHEALTHY, stderr);
      assert.match(stderr, new RegExp(`broken ${words}`));
      const { status } = await plinth.json<AppReport>("get", "app", "site");
      assert.equal(status.phase, "Failed");
      assert.equal(status.activeRelease, before);
      // So that what follows starts from what runs, as after a repair.
      write(project, wanted);
      await plinth.up(project.directory);
    },
    async killInstance() {
      const { instance, pid, restarts } = pick(rows.filter(({ service }) => service !== "still"));
      process.kill(pid!, "SIGKILL");
      killed.set(instance, restarts + 1);
      await plinth.until(`${instance} runs again`, async () => {
        const row = (await plinth.ps()).find((one) => one.instance === instance);
        return row?.ready === true && row.pid !== pid;
      });
    },
    async killDaemon(signal = "SIGKILL") {
      const pid = await plinth.until("a daemon is there", () => plinth.pidOf("daemon"));
      process.kill(pid, signal);
      await plinth.until("another daemon answers", async () => (await plinth.pidOf("daemon")) !== pid);
    },
    async upgradeProxy() {
      const runtime = pick(["node", "bun"]);
      const before = await plinth.pidOf("proxy");
      const { pid } = await plinth.json<{ pid: number }>("upgrade", "--runtime", runtime);
      assert.notEqual(pid, before);
    },
    async check(name, step) {
      try {
        await step();
        await load.more(50);
        await allAsWanted();
      } catch (error) {
        throw new Error(`seed ${seed}, after "${name}"`, { cause: error });
      }
    },
    async killProxy(withDaemon) {
      await load.more(50);
      const before = rows;
      const pids = [await plinth.pidOf("proxy")];
      if (withDaemon) pids.unshift(await plinth.pidOf("daemon"));
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await plinth.until("requests are answered again", async () => (await plinth.get("/")).status === 200);
      rows = await settled(plinth, wanted);
      assert.deepEqual(rows.map(lifeOf), before.map(lifeOf));
      await load.more(50); // those cut off are counted by now: each client has had its turn
      const inTheGap = { ...load.failures };
      await load.more(200);
      assert.deepEqual(load.failures, inTheGap);
      for (const failure of Object.keys(inTheGap)) assert.match(failure, /ECONNREFUSED|ECONNRESET|aborted/);
    },
    async down() {
      await load.stop();
      const used = new Set(rows.map(({ address }) => address));
      for (const { address, port: own } of (await plinth.status()).listening) used.add(`${address}:${own}`);
      await succeed(plinth, "down", "--all");
      await plinth.until("all processes have ended", async () => processesOf(plinth.home).length === 0);
      const heard = listening();
      return {
        processes: processesOf(plinth.home).map(({ command }) => command),
        listening: [...used].filter((address) => heard.has(address)),
      };
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
  return chaos;
}

/** What tells whether an instance lives on. */
function lifeOf({ instance, pid, restarts }: PsRow): Pick<PsRow, "instance" | "pid" | "restarts"> {
  return { instance, pid, restarts };
}

interface AppReport {
  readonly status: { readonly phase: string; readonly activeRelease: number };
}

async function activeRelease(plinth: Plinth): Promise<number> {
  return plinth.until("the API answers", async () => {
    const { status } = await plinth.json<AppReport>("get", "app", "site");
    return status.activeRelease;
  });
}

async function succeed(plinth: Plinth, ...parameters: string[]): Promise<void> {
  const { code, stdout, stderr } = await plinth.run(parameters);
  assert.equal(code, 0, `plinth ${parameters.join(" ")} ended with ${code}\n${stdout}${stderr}`);
}

/** Processes of the home that neither `ps` nor `status` knows, nor keep who is known there. */
async function unaccounted(plinth: Plinth): Promise<string[]> {
  const [rows, { processes }] = await Promise.all([plinth.ps(), plinth.status()]);
  const shims = rows.flatMap(({ pid }) => (pid === null ? [] : [Number(statFields(pid)?.[1])]));
  const known = new Set([...[...rows, ...processes].map(({ pid }) => pid), ...shims]);
  return processesOf(plinth.home)
    .filter(({ pid }) => !known.has(pid))
    .map(({ pid, command }) => `${pid}: ${command}`);
}

/** Resolves once the instances are those wanted: as told, and as they say themselves when asked directly. */
async function settled(plinth: Plinth, wanted: World): Promise<PsRow[]> {
  return plinth.until(`instances are ${JSON.stringify(wanted)}`, async () => {
    const rows = await plinth.ps();
    for (const name of Object.keys(wanted) as Name[]) {
      const { says, replicas } = wanted[name];
      const own = rows.filter(({ service }) => service === name);
      if (own.length !== replicas) throw new Error(`${own.length} instances of ${name}`);
      for (const { address, pid, ready, instance } of own) {
        if (!ready) throw new Error(`${instance} is not ready`);
        const told = JSON.parse(await ask(address)) as { says: string; pid: number };
        if (told.says !== says || told.pid !== pid)
          throw new Error(`${instance} is ${JSON.stringify(told)}, not ${pid} saying ${says}`);
      }
    }
    return rows.toSorted((a, b) => a.instance.localeCompare(b.instance));
  });
}

async function ask(address: string): Promise<string> {
  const outgoing = request(`http://${address}/self`, { agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [import("node:http").IncomingMessage];
  return text(response);
}

/** A project as a user has it: `front` answers with what `back` says through the mesh. */
function write(project: Project, world: World): void {
  for (const [name, { says }] of Object.entries(world)) project.write(`${name}/server.mjs`, server(says));
  const service = (name: Name): object => ({
    command: ["node", "server.mjs"],
    cwd: name,
    replicas: world[name].replicas,
    health: { ready: { http: "/self", period: "500ms" } },
  });
  project.configure({
    name: "site",
    services: {
      front: { ...service("front"), calls: ["back"] },
      back: service("back"),
      still: service("still"),
    },
    ingress: { "*": "front", "still.localhost": "still" },
  });
}

/** It does nothing about SIGTERM: a request that is under way when it is stopped is lost, so there must be none. */
function server(says: string): string {
  return `import { Agent, createServer, request } from "node:http";
const self = JSON.stringify({ says: ${JSON.stringify(says)}, pid: process.pid });
const agent = new Agent({ keepAlive: true });
const server = createServer((incoming, response) => {
  const back = process.env.PLINTH_BACK_URL;
  if (incoming.url === "/self") return response.end(self);
  if (back === undefined) return setTimeout(() => response.end(self), 30);
  const fail = (error) => { response.statusCode = 500; response.setHeader("plinth-error", "back: " + error.message); response.end(); };
  request(back, { agent }, (answer) => {
    response.statusCode = answer.statusCode;
    answer.on("error", fail).pipe(response);
  }).on("error", fail).end();
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), process.env.HOST);
`;
}
