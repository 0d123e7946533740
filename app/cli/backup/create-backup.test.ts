import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, realpathSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import type { FakeApi } from "@plinth/client/testing";
import { createRegistry } from "@plinth/registry";
import { openStore } from "@plinth/store";
import { canMount, type CliResult, inNamespace, MOUNT, runCli, startCli, startHome } from "../testing.ts";
import { walkKept } from "./kept-files.ts";

const KEPT = "a".repeat(64);

interface Sample {
  readonly home: string;
  readonly api: FakeApi;
  /** What the daemon's state would be. */
  readonly state: Buffer;
  readonly file: string;
}

/** A home with an app of a kept service, one in place and a store, behind an API in memory. */
async function sampleHome(context: TestContext): Promise<Sample> {
  const { home: given, api } = await startHome(context);
  const home = realpathSync(given);
  const services = {
    web: { command: ["x"], source: { directory: `${home}/sources/${KEPT}`, digest: "sha256:1" } },
    old: { command: ["y"], cwd: "/srv" },
    state: { command: ["z"], store: true as const },
  };
  const source = join(home, "sources", KEPT);
  mkdirSync(join(source, "empty"), { recursive: true });
  writeFileSync(join(source, "server.js"), "program");
  writeFileSync(join(home, "settings.json"), JSON.stringify({ id: "one", block: 1, portChunks: [] }));
  mkdirSync(join(home, "keys"));
  writeFileSync(join(home, "keys", "secrets.key"), Buffer.alloc(32, 1));
  api.write("App", "shop", { spec: { services } });
  await using store = await openStore(join(home, "own-state"));
  await createRegistry({ store }).create("App", { metadata: { name: "shop" }, spec: { services } });
  const state = Buffer.concat(await Array.fromAsync(store.snapshot()));
  const answer = (response: ServerResponse): void => void response.end(state);
  api.intercept(({ path }) => (path === "/state" ? answer : undefined));
  return { home, api, state, file: join(home, "backup.tar") };
}

const backup = ({ home, file }: Sample, ...more: string[]): Promise<CliResult> =>
  runCli(["backup", file, ...more], { home });

function nothingLeft({ home }: Sample): void {
  assert.deepEqual(
    readdirSync(home).filter((name) => name.startsWith("backup")),
    [],
  );
}

test("plinth backup says what is not in it, and what it makes is restored", async (context) => {
  const sample = await sampleHome(context);
  const made = await backup(sample, "--without", "shop/state");
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /Files of shop\/old are not in it/);
  assert.match(made.stderr, /keys to every secret/);
  const to = join(sample.home, "restored");
  const restored = await runCli(["restore", sample.file, "--home", to]);
  assert.equal(restored.code, 0, restored.stderr);
  assert.match(restored.stderr, /without shop\/state: these begin empty/);
  await using store = await openStore(join(to, "state"));
  const app = createRegistry({ store }).get("App", "shop");
  assert.equal(app?.spec.services["web"]?.source?.directory, `${to}/sources/${KEPT}`);
  assert.deepEqual(readdirSync(join(to, "sources", KEPT)), ["empty", "server.js"]);
});

test("plinth backup refuses what it could not restore, and says why", async (context) => {
  const sample = await sampleHome(context);
  const { api } = sample;
  const unknown = await backup(sample, "--without", "shop/stat");
  assert.deepEqual([unknown.code, /"shop\/stat".*no such store/.test(unknown.stderr)], [2, true]);
  assert.match(unknown.stderr, /shop\/state/);

  api.intercept(({ path }) =>
    path === "/apps/shop/stores/state/access" ? refusal(503, "ServiceUnavailable") : undefined,
  );
  const unreachable = await backup(sample);
  assert.equal(unreachable.code, 4, unreachable.stderr);
  assert.match(unreachable.stderr, /--without shop\/state/);

  const status = (await runCli(["status", "--json"], { home: sample.home })).stdout;
  const told = JSON.parse(status) as object;
  for (const [change, why] of [
    [{ store: { revision: 1, readOnly: null, etcd: "etcd://a,b,c" } }, /its state is in etcd:\/\/a,b,c/],
    [{ host: { name: "beta", of: "alpha", others: [] } }, /this host has joined alpha/],
  ] as const) {
    api.intercept(({ path }) => (path === "/status" ? { ...told, ...change } : undefined));
    const refused = await backup(sample, "--without", "shop/state");
    assert.deepEqual([refused.code, why.test(refused.stderr)], [1, true], refused.stderr);
  }
  nothingLeft(sample);
});

function refusal(code: number, reason: string): (response: ServerResponse) => void {
  const message = 'Cannot reach store "state" of app "shop": it is not ready (starting)';
  return (response) => {
    response.writeHead(code, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ apiVersion: "v1", kind: "Status", status: "Failure", code, reason, message }),
    );
  };
}

test("plinth backup keeps nothing of a state that changed, was cut off or was altered on its way", async (context) => {
  const sample = await sampleHome(context);
  const { api, state } = sample;
  const answers: readonly (readonly [
    why: RegExp,
    code: number,
    answer: (response: ServerResponse) => void,
  ])[] = [
    [
      /apps were changed while/,
      7,
      (response) => {
        // Changed, and changed back.
        const spec = api.resource("App", "shop")!.spec;
        api.write("App", "shop", { spec: { services: {} } });
        api.write("App", "shop", { spec });
        response.end(state);
      },
    ],
    [/not a whole one/, 1, (response) => void response.end(state.subarray(0, -1))],
    [/SHA-256 does not match/, 1, (response) => void response.end(flipped(state))],
    [
      /./,
      4,
      (response) => {
        response.write(state.subarray(0, 600), () => response.destroy());
      },
    ],
  ];
  for (const [why, code, answer] of answers) {
    api.intercept(({ path }) => (path === "/state" ? answer : undefined));
    const failed = await backup(sample, "--without", "shop/state");
    assert.equal(failed.code, code, failed.stderr);
    assert.match(failed.stderr, why);
    nothingLeft(sample);
  }
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[100]! ^= 1;
  return copy;
}

test("plinth backup that is interrupted leaves nothing", async (context) => {
  const sample = await sampleHome(context);
  const asked = Promise.withResolvers<void>();
  sample.api.intercept(({ path }) =>
    path === "/state"
      ? (response) => void response.write(sample.state.subarray(0, 600), () => asked.resolve())
      : undefined,
  );
  const child = startCli(["backup", sample.file, "--without", "shop/state"], { home: sample.home });
  await asked.promise;
  child.kill("SIGINT");
  const [code] = (await once(child, "close")) as [number | null];
  assert.equal(code, 130);
  nothingLeft(sample);
});

test(
  "plinth backup to a full disk says so and leaves nothing",
  { skip: canMount() ? false : "user namespaces may not mount here" },
  async (context) => {
    const sample = await sampleHome(context);
    const small = join(sample.home, "small");
    mkdirSync(small);
    writeFileSync(join(sample.home, "sources", KEPT, "large"), Buffer.alloc(200_000));
    const main = new URL("../main.ts", import.meta.url).pathname;
    const script = `${MOUNT}; "$3" "$4" backup "$1/home.tar" --without shop/state || code=$?; ls "$1"; exit $code`;
    const [program, ...words] = inNamespace(script, small, "64k", process.execPath, main);
    // Not awaited in one call: the API in this process has to answer meanwhile.
    const child = spawn(program!, words, { env: { ...process.env, PLINTH_HOME: sample.home } });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    assert.deepEqual([code, stdout], [1, ""], stderr);
    assert.match(stderr, /Cannot write the backup .*the disk is full/);
    assert.match(stderr, /Make room on the disk/);
  },
);

test("walkKept() passes over what goes while it is read, and reads what grows as far as it went", async (context) => {
  const { home } = await startHome(context);
  const kept = join(home, KEPT);
  mkdirSync(join(kept, "d"), { recursive: true });
  for (const name of ["a", "b", "c", "e"]) writeFileSync(join(kept, name), name);
  symlinkSync("a", join(kept, "l"));
  const seen: string[] = [];
  for await (const { path, type, content } of walkKept(home, KEPT)) {
    if (path.endsWith("/a")) {
      unlinkSync(join(kept, "b"));
      unlinkSync(join(kept, "c"));
      symlinkSync("/etc/hostname", join(kept, "c"));
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) {
      chunks.push(chunk);
      if (path.endsWith("/e")) writeFileSync(join(kept, "e"), "grows", { flag: "a" });
    }
    seen.push(`${type} ${path.slice(KEPT.length)} ${Buffer.concat(chunks).toString()}`);
  }
  assert.deepEqual(seen, ["directory  ", "file /a a", "link /c ", "directory /d ", "file /e e", "link /l "]);
});
