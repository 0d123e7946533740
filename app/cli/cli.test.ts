import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { FakeApi } from "@plinth/client/testing";
import { systemClock } from "@plinth/clock";
import { DEPLOY_ANNOTATION } from "@plinth/resource";
import { loadConfig } from "./config/load-config.ts";
import { runCli, startCli, startHome, temporaryDirectory, writeFiles } from "./testing.ts";

const config = `name: shop
services:
  web: { command: [node, server.js], replicas: 2, cwd: web }
  api: { command: [node, api.js] }
ingress: { shop.localhost: web, "*": api }
`;

type Phase = "Healthy" | "Failed";

/** Plays the controllers: services get ready, then the app reaches a phase. */
function deployTo(api: FakeApi, phase: Phase): void {
  api.onChange((kind, app) => {
    const { name, generation, annotations } = app.metadata;
    const observed = { observedGeneration: generation, observedDeploy: annotations?.[DEPLOY_ANNOTATION] };
    if (kind !== "App" || api.resource("App", name) === undefined) return;
    const { services } = app.spec as { services: Record<string, { replicas?: number }> };
    for (const [service, { replicas = 1 }] of Object.entries(services)) {
      api.write("Service", `${name}.${service}`, {
        labels: { "plinth.dev/app": name },
        spec: { app: name, service, replicas, calls: [] },
        status: { phase: "Ready", ready: replicas, updated: replicas },
      });
    }
    const failure = {
      service: "web",
      instance: "shop.web.abc",
      reason: "Crashed",
      message: "exited 3 times",
      exitCode: 127,
      probe: "connection refused",
      log: ["Error: \u001b[31mno such module"],
    };
    api.write("App", name, {
      status:
        phase === "Healthy"
          ? { ...observed, phase, activeRelease: 3 }
          : { ...observed, phase, activeRelease: 2, failedRelease: 3, failure },
    });
  });
}

function writeProject(directory: string): void {
  writeFiles(directory, { "plinth.config.yaml": config, "web/server.js": "1", "api.js": "1" });
}

test("up deploys with kept sources and ends with a table of URLs", async (context) => {
  const { home, api } = await startHome(context);
  const project = temporaryDirectory(context);
  writeProject(project);
  deployTo(api, "Healthy");
  const { code, stdout, stderr } = await runCli(["up", project, "--detach"], { home });
  assert.equal(stderr.includes("error"), false, stderr);
  assert.equal(code, 0);
  assert.match(stdout, /^web +http:\/\/shop\.localhost:18080\/$/m);
  assert.match(stdout, /^api +http:\/\/localhost:18080\/$/m);
  assert.match(stdout, /^dashboard +http:\/\/127\.0\.0\.1:7080\/login\?token=once$/m);
  assert.match(stderr, /web {2}2\/2 {2}ready/);
  const { services } = api.resource("App", "shop")!.spec as {
    services: Record<string, { source: { directory: string; digest: string } }>;
  };
  assert.ok(services["web"]?.source.directory.startsWith(join(home, "sources")));
  assert.equal(readFileSync(join(services["web"]!.source.directory, "server.js"), "utf8"), "1");
});

test("up --json writes events and ends with one result", async (context) => {
  const { home, api } = await startHome(context);
  const project = temporaryDirectory(context);
  writeProject(project);
  deployTo(api, "Healthy");
  const { stdout } = await runCli(["up", project, "-d", "--json"], { home });
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(events.at(-1), {
    type: "result",
    ok: true,
    app: "shop",
    release: 3,
    urls: [
      { host: "shop.localhost", service: "web", url: "http://shop.localhost:18080/" },
      { host: "*", service: "api", url: "http://localhost:18080/" },
    ],
    dashboard: "http://127.0.0.1:7080/login?token=once",
  });
  assert.ok(events.slice(0, -1).every(({ type }) => type === "service"));
});

test("up says why a release failed, what was seen last and what keeps serving, with exit code 5", async (context) => {
  const { home, api } = await startHome(context);
  const project = temporaryDirectory(context);
  writeProject(project);
  deployTo(api, "Failed");
  const { code, stdout, stderr } = await runCli(["up", project, "-d"], { home });
  assert.equal(code, 5);
  assert.equal(stdout, "");
  for (const part of [
    /release 3 of shop failed/,
    /web\n/,
    /Crashed: exited 3 times/,
    /127 \(command not found\)/,
    /connection refused/,
    /\| Error: no such module/,
    /Release 2 keeps serving/,
  ]) {
    assert.match(stderr, part);
  }
  assert.ok(!stderr.includes("\u001b"));
});

test("up gives up after --timeout with exit code 6, and on SIGINT with 130", async (context) => {
  const { home, api } = await startHome(context);
  const project = temporaryDirectory(context);
  writeProject(project);
  assert.equal((await runCli(["up", project, "-d", "--timeout", "50ms"], { home })).code, 6);
  const applied = new Promise<void>((resolve) => api.onChange(() => resolve()));
  const child = startCli(["up", project, "-d"], { home });
  await applied;
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "exit"), [130, null]);
});

test("an invalid config is exit code 3, and nothing is sent or kept", async (context) => {
  const { home, api } = await startHome(context);
  const project = temporaryDirectory(context);
  writeFiles(project, { "plinth.config.yaml": config.replace("replicas", "replcas") });
  const { code, stderr } = await runCli(["up", project], { home });
  assert.equal(code, 3);
  assert.match(stderr, /did you mean "replicas"\?/);
  assert.equal(api.requests.length, 0);
  const json = await runCli(["validate", project, "--json"], { home });
  const { error } = JSON.parse(json.stdout) as {
    error: { exitCode: number; problems: { suggestion?: string }[] };
  };
  assert.equal(error.exitCode, 3);
  assert.ok(error.problems.some(({ suggestion }) => suggestion === "replicas"));
  truncateSync(join(project, "plinth.config.yaml"), 100e6);
  assert.equal((await runCli(["validate", project], { home })).code, 3);
});

test("without a daemon every command says so with exit code 4", async (context) => {
  const home = temporaryDirectory(context);
  for (const line of [["ps"], ["status"], ["logs", "web"], ["get", "apps"], ["down"], ["secrets", "list"]]) {
    const { code, stderr } = await runCli(line, { home });
    assert.equal(code, 4, line.join(" "));
    assert.match(stderr, /plinth up/);
  }
});

test("a conflict is exit code 7, a wrong command line 2, an unknown resource 1", async (context) => {
  const { home, api } = await startHome(context);
  api.write("App", "shop", { spec: { services: {} } });
  const stale = `kind: App\nmetadata: { name: shop, resourceVersion: "1" }\nspec: { services: { a: { command: [x] } } }\n`;
  assert.equal((await runCli(["apply", "-f", "-"], { home, input: stale })).code, 7);
  assert.equal((await runCli(["--frobnicate"], { home })).code, 2);
  const missing = await runCli(["get", "app", "gone"], { home });
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /"gone" not found/);
});

test("ps and stat give the API's arrays with --json and aligned columns without", async (context) => {
  const { home, api } = await startHome(context);
  const row = {
    app: "shop",
    service: "web",
    instance: "shop.web.abc",
    driver: "process",
    state: "Backoff",
    ready: false,
    pid: null,
    restarts: 4,
    address: "127.0.0.1:20001",
    cpuSeconds: 1.5,
    memoryBytes: 2 ** 20,
    startedAt: null,
    release: 3,
    reason: "exited \u001b]0;evil\u0007with 1",
    exposed: "0.0.0.0:20001",
    notices: [],
  };
  const stat = {
    app: "shop",
    service: "web",
    meshed: "1/2",
    successRate: 0.953,
    rps: 12.5,
    latencyP50Ms: 2,
    latencyP95Ms: 8,
    latencyP99Ms: null,
    tcpConnections: 3,
    readBytesPerSecond: 1500,
    writeBytesPerSecond: 2_500_000,
  };
  const edge = {
    ...stat,
    caller: "ingress",
    calleeApp: "shop",
    callee: "web",
    protocols: ["HTTP/1.1", "gRPC"],
    secured: "mtls",
    clientId: null,
    serverId: "spiffe://home/app/shop/service/web",
    requestsTotal: 1,
    failuresTotal: 0,
    opaqueTotal: 0,
  };
  const route = { ...edge, route: "default", actualSuccessRate: 0.5, actualRps: 25 };
  api.intercept(({ path }) => {
    if (path === "/ps") return JSON.stringify([row]);
    return path === "/stat"
      ? { windowSeconds: 30, services: [stat], edges: [edge], routes: [route] }
      : undefined;
  });
  assert.deepEqual(JSON.parse((await runCli(["ps", "--json"], { home })).stdout), [row]);
  assert.deepEqual(JSON.parse((await runCli(["stat", "--json"], { home })).stdout), [stat]);
  const ps = await runCli(["ps"], { home });
  assert.match(ps.stdout, /shop\.web\.abc {2}Backoff .* exited with 1\n/);
  assert.match(ps.stderr, /listens on 0\.0\.0\.0:20001, beyond this machine/);
  const table = await runCli(["stat"], { home });
  assert.match(
    table.stdout,
    /^NAME +MESHED +SUCCESS +RPS +LATENCY_P50 +LATENCY_P95 +LATENCY_P99 +TCP_CONN\n/,
  );
  assert.match(table.stdout, /web +1\/2 +95\.30% +12\.5rps +2\.0ms +8\.0ms +- +3\n/);
  assert.match((await runCli(["stat", "--wide"], { home })).stdout, / 3 +1\.5KB\/s +2\.5MB\/s\n/);
  const edges = await runCli(["edges", "--wide"], { home });
  assert.match(edges.stdout, /^SRC +DST +PROTOCOL +SECURED +SUCCESS .* CLIENT_ID +SERVER_ID\n/);
  assert.match(
    edges.stdout,
    /ingress +web +HTTP\/1\.1, gRPC +√ .* - +spiffe:\/\/home\/app\/shop\/service\/web\n/,
  );
  const routes = await runCli(["routes", "--wide"], { home });
  assert.match(
    routes.stdout,
    /^SRC +ROUTE +SERVICE +EFFECTIVE_SUCCESS +EFFECTIVE_RPS +ACTUAL_SUCCESS +ACTUAL_RPS/,
  );
  assert.match(routes.stdout, /ingress +default +web +95\.30% +12\.5rps +50\.00% +25\.0rps/);
  assert.deepEqual(JSON.parse((await runCli(["edges", "--json"], { home })).stdout), [edge]);
  assert.deepEqual(JSON.parse((await runCli(["routes", "--json"], { home })).stdout), [route]);
});

test("plan shows what changes, nothing of a secret but that it did, and works without a daemon", async (context) => {
  const { home, api } = await startHome(context);
  const project = temporaryDirectory(context);
  writeProject(project);
  api.intercept(({ path }) =>
    path !== "/apps/shop/plan"
      ? undefined
      : {
          changes: [
            {
              service: "web",
              action: "replace",
              fields: [{ path: "env.A", before: "1", after: "2" }],
              notes: ["stop-first"],
            },
            { service: "api", action: "unchanged", fields: [], notes: [] },
          ],
          ingress: [],
          secrets: [{ name: "key", change: "changed" }],
          notes: [],
          unchanged: false,
        },
  );
  const { code, stdout } = await runCli(["plan", project], { home });
  assert.equal(code, 0);
  assert.match(
    stdout,
    /± web {2}instances are replaced\n {6}env\.A\n {6}- "1"\n {6}\+ "2"\n {4}! stop-first\n {2}api {2}unchanged/,
  );
  assert.match(stdout, /~ secret key {2}changed/);
  const alone = await runCli(["plan", project], { home: temporaryDirectory(context) });
  assert.equal(alone.code, 0);
  assert.match(alone.stdout, /\+ web {2}new[^]*\+ ingress shop\.localhost {2}web/);
});

test("logs prefixes several instances, and follows those that come later", async (context) => {
  const { home, api } = await startHome(context);
  const labels = { "plinth.dev/app": "shop" };
  const instance = (suffix: string): void => {
    api.write("Instance", `shop.web.${suffix}`, {
      labels,
      spec: { app: "shop", service: "web", release: 1 },
    });
  };
  api.write("App", "shop", { spec: { services: { web: {}, api: {} } } });
  instance("a");
  api.intercept(({ path, query }) =>
    path.endsWith("/log")
      ? (response) => {
          response.write(`from ${path.split("/")[2]}\n`);
          if (query.get("follow") !== "true") response.end("without end");
        }
      : undefined,
  );
  const one = await runCli(["logs", "web"], { home });
  assert.equal(one.stdout, "from shop.web.a\nwithout end\n");
  const child = startCli(["logs", "shop/web", "-f"], { home });
  let seen = "";
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      seen += chunk.toString("utf8");
      if (seen === "from shop.web.a\n") instance("b");
      if (seen.endsWith("shop.web.b | from shop.web.b\n")) resolve();
    });
  });
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [143, null]);
  const mistyped = await runCli(["logs", "wbe"], { home });
  assert.equal(mistyped.code, 2);
  assert.match(mistyped.stderr, /Did you mean "web"\?/);
});

test("secrets are read from standard input or a file, and never from the command line", async (context) => {
  const { home, api } = await startHome(context);
  api.intercept(({ method, path }) =>
    method === "PUT" && path.endsWith("/value")
      ? { metadata: { name: "key" }, spec: {}, status: { version: 2 } }
      : undefined,
  );
  const sent = (): string => api.requests.at(-1)!.body.toString("utf8");
  const set = await runCli(["secrets", "set", "key"], { home, input: "hunter2\n" });
  assert.equal(set.code, 0);
  assert.equal(sent(), "hunter2");
  assert.ok(!(set.stdout + set.stderr).includes("hunter2"));
  const file = join(temporaryDirectory(context), "value");
  writeFiles(join(file, ".."), { value: "two\nlines\n" });
  await runCli(["secrets", "set", "key", "--file", file], { home });
  assert.equal(sent(), "two\nlines\n");

  const before = api.requests.length;
  for (const line of [["key", "hunter2"], ["key=hunter2"], ["Key"], ["../key"]]) {
    const refused = await runCli(["secrets", "set", ...line], { home });
    assert.equal(refused.code, 2, line.join(" "));
    assert.ok(!refused.stderr.includes("hunter2"));
  }
  assert.equal((await runCli(["secrets", "set", "key"], { home, input: "" })).code, 3);
  const large = await runCli(["secrets", "set", "key"], { home, input: Buffer.alloc(2 ** 20 + 1) });
  assert.equal(large.code, 1);
  assert.equal(api.requests.length, before);
});

test("scale and rollback change the app and wait until it is healthy", async (context) => {
  const { home, api } = await startHome(context);
  api.write("App", "shop", { spec: { services: { web: { command: ["a"], replicas: 1 } } } });
  deployTo(api, "Healthy");
  const scaled = await runCli(["scale", "web=3"], { home });
  assert.equal(scaled.code, 0, scaled.stderr);
  const { services } = api.resource("App", "shop")!.spec as { services: Record<string, object> };
  assert.deepEqual(services["web"], { command: ["a"], replicas: 3 });
  for (const pair of ["web", "web=-1", "web=101", "wbe=1", "$(id)=1"]) {
    assert.equal((await runCli(["scale", pair], { home })).code, 2, pair);
  }
  api.intercept(({ path }) => (path === "/apps/shop/rollback" ? api.resource("App", "shop") : undefined));
  const rolled = await runCli(["rollback", "--to", "2"], { home });
  assert.equal(rolled.code, 0, rolled.stderr);
  const call = api.requests.find(({ path }) => path.endsWith("/rollback"));
  assert.deepEqual(call?.json(), { to: 2 });
});

test("down waits until the app is gone; --all until nothing answers", async (context) => {
  const { home, api } = await startHome(context);
  api.write("App", "shop", { spec: { services: {} } });
  const down = await runCli(["down"], { home });
  assert.equal(down.code, 0, down.stderr);
  assert.equal(api.resource("App", "shop"), undefined);
  api.intercept(({ path }) => {
    if (path !== "/shutdown") return undefined;
    void api[Symbol.asyncDispose]();
    return {};
  });
  const all = await runCli(["down", "--all"], { home });
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stdout, /Plinth is stopped/);
});

const execLine = (stream: string, text: string): string =>
  `${JSON.stringify({ stream, data: Buffer.from(text).toString("base64") })}\n`;

test("exec passes output through and ends with the command's exit code", async (context) => {
  const { home, api } = await startHome(context);
  api.intercept((request) => {
    if (request.path !== "/instances/shop.web.a/exec") return undefined;
    assert.deepEqual(request.json(), { command: ["sh", "-c", "exit 9"] });
    return (response) =>
      response.end(`${execLine("stdout", "out")}${execLine("stderr", "err")}{"exitCode":9}\n`);
  });
  const result = await runCli(["exec", "shop.web.a", "--", "sh", "-c", "exit 9"], { home });
  assert.deepEqual(result, { code: 9, stdout: "out", stderr: "err" });
});

test("get prints tables, JSON and YAML that apply takes back; describe names what this mode cannot do", async (context) => {
  const { home, api } = await startHome(context);
  api.write("App", "shop", {
    spec: { services: { web: { command: ["a"] } } },
    status: { phase: "Healthy", activeRelease: 3 },
  });
  assert.match(
    (await runCli(["get", "apps"], { home })).stdout,
    /^NAME +PHASE +RELEASE +AGE +MESSAGE\nshop +Healthy +3/,
  );
  const yaml = (await runCli(["get", "app", "shop", "-o", "yaml"], { home })).stdout;
  assert.match(yaml, /^apiVersion: plinth\.dev\/v1\nkind: App\n/);
  const applied = await runCli(["apply", "-f", "-"], { home, input: yaml });
  assert.equal(applied.code, 0, applied.stderr);
  const one = JSON.parse((await runCli(["get", "app", "shop", "--json"], { home })).stdout) as {
    kind: string;
  };
  assert.equal(one.kind, "App");
  const described = await runCli(["describe", "app", "shop"], { home });
  assert.match(described.stdout, /does not stop a\s+hostile process/);
  const kind = await runCli(["get", "sevices"], { home });
  assert.equal(kind.code, 2);
  assert.match(kind.stderr, /Did you mean "services"\?/);
  assert.equal((await runCli(["delete", "instance", "x"], { home })).code, 2);
});

test("doctor checks the machine, shows marks and hints, and fails only on what is in the way", async (context) => {
  const home = temporaryDirectory(context);
  const good = await runCli(["doctor", "--json"], { home });
  const { ok, checks } = JSON.parse(good.stdout) as {
    ok: boolean;
    checks: { name: string; level: string; hint?: string; page?: string }[];
  };
  assert.equal(good.code, ok ? 0 : 5);
  for (const name of [
    "kernel",
    "cgroups",
    "home",
    "disk",
    "loopback",
    "port 8080",
    "daemon",
    "networks",
    "isolation",
  ]) {
    assert.ok(
      checks.some((check) => check.name === name),
      name,
    );
  }
  assert.ok(checks.every(({ level, hint }) => level === "good" || hint !== undefined));
  const { page } = checks.find(({ name }) => name === "isolation")!;
  assert.equal(page, "docs/explanation/modes.md#what-holds");
  const open = join(home, "open");
  mkdirSync(open, { mode: 0o755 });
  const bad = await runCli(["doctor"], { home: open });
  assert.equal(bad.code, 5);
  assert.match(bad.stdout, /× home: .* is open to other users\n {4}chmod 700/);
  const [, told] = /More: (.+)#what-holds/.exec(bad.stdout)!;
  assert.match(readFileSync(told!, "utf8"), /^## What holds$/m);
});

test("init writes a config that validates, for what it finds, and never overwrites", async (context) => {
  const projects: Record<string, Record<string, string>> = {
    "Node App": { "package.json": `{ "scripts": { "start": "node server.js" } }`, "server.js": "" },
    npm: { "package.json": `{ "scripts": { "start": "vite && x" } }` },
    python: { "app.py": "" },
    html: { "public/index.html": "" },
    empty: {},
  };
  const root = temporaryDirectory(context);
  for (const [name, files] of Object.entries(projects)) {
    const directory = join(root, name);
    mkdirSync(directory);
    writeFiles(directory, files);
    const written = await runCli(["init", directory]);
    assert.equal(written.code, 0, written.stderr);
    await loadConfig(directory, { clock: systemClock, home: directory, print: () => {} });
  }
  assert.equal((await runCli(["init", join(root, "empty")])).code, 7);
  const composed = temporaryDirectory(context);
  writeFiles(composed, { "compose.yml": "services: { web: { image: nginx } }" });
  const refused = await runCli(["init", composed]);
  assert.equal(refused.code, 7);
  assert.match(refused.stderr, /compose\.yml is there[^]*plinth import compose compose\.yml/);
  assert.match(readFileSync(join(root, "Node App/plinth.config.yaml"), "utf8"), /^name: node-app$/m);
  assert.match(
    readFileSync(join(root, "Node App/plinth.config.yaml"), "utf8"),
    /command: \[node, server\.js\]/,
  );
});

test("completion scripts parse, and complete commands, flags and names from the API", async (context) => {
  const { home, api } = await startHome(context);
  api.write("Service", "shop.web", { spec: { app: "shop", service: "web" } });
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await runCli(["completion", shell]);
    const parsed = spawnSync(shell, [shell === "fish" ? "--no-execute" : "-n"], { input: stdout });
    // zsh and fish are not everywhere; bash is.
    if (parsed.error === undefined) assert.equal(parsed.status, 0, parsed.stderr.toString());
    else assert.notEqual(shell, "bash");
  }
  const complete = async (...line: string[]): Promise<string[]> =>
    (await runCli(["__complete", ...line], { home })).stdout
      .split("\n")
      .filter(Boolean)
      .map((row) => row.split("\t")[0]!);
  assert.deepEqual(await complete("rol"), ["rollback"]);
  assert.deepEqual(await complete("secrets", ""), ["set", "list", "delete"]);
  assert.deepEqual(await complete("up", "--ingress"), ["--ingress-port", "--ingress-address"]);
  assert.deepEqual(await complete("scale", "w"), ["web="]);
  assert.deepEqual(await complete("--home", home, "scale", "w"), ["web="]);
  assert.deepEqual(await complete("validate", ""), [":files"]);
  assert.deepEqual(await complete("get", "sec"), ["secrets"]);
  assert.deepEqual(await complete("get", "apps", "-o", "y"), ["yaml"]);
});

test("the launcher finds its Node through links, from any directory", async (context) => {
  const directory = temporaryDirectory(context);
  symlinkSync(fileURLToPath(new URL("plinth", import.meta.url)), join(directory, "real"));
  symlinkSync("real", join(directory, "plinth"));
  const { status, stdout } = spawnSync(join(directory, "plinth"), ["version"], {
    cwd: "/",
    encoding: "utf8",
  });
  assert.equal(status, 0);
  assert.match(stdout, /^plinth 0\.1\.0 \(Node v26/);
});

test("a reader that closes early ends even a command that follows, without an error", async (context) => {
  const { home, api } = await startHome(context);
  api.write("App", "shop", { spec: { services: { web: {} } } });
  const labels = { "plinth.dev/app": "shop" };
  api.write("Instance", "shop.web.a", { labels, spec: { app: "shop", service: "web", release: 1 } });
  api.intercept(({ path }) =>
    path.endsWith("/log")
      ? (response) => {
          const timer = setInterval(() => response.write("line\n".repeat(1000)), 1);
          response.on("close", () => clearInterval(timer));
        }
      : undefined,
  );
  const child = startCli(["logs", "web", "-f"], { home });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  await once(child.stdout, "data");
  child.stdout.destroy();
  assert.deepEqual(await once(child, "close"), [0, null]);
  assert.equal(stderr, "");
});
