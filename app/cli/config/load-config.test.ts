import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { Output } from "../terminal/output.ts";
import { temporaryDirectory, writeFiles } from "../testing.ts";
import { ConfigFault, type ConfigProblem } from "./config-fault.ts";
import { type LoadedConfig, loadConfig } from "./load-config.ts";

const { stderr } = new Output({
  stdout: process.stdout,
  stderr: { write: () => true, columns: 80 },
  environment: {},
  colour: false,
  quiet: false,
});

interface Loaded {
  readonly directory: string;
  readonly printed: string;
  readonly config: LoadedConfig | undefined;
  readonly error: unknown;
  readonly problems: readonly ConfigProblem[];
  /** As a user sees it. */
  readonly text: string;
}

/** Loads a config from its text. */
async function load(
  context: TestContext,
  name: string,
  text: string,
  more: { timeoutMs?: number; files?: Record<string, string> } = {},
): Promise<Loaded> {
  const directory = temporaryDirectory(context);
  writeFiles(directory, { [name]: text, ...more.files });
  let printed = "";
  const outcome = await loadConfig(directory, {
    clock: systemClock,
    home: join(directory, "home"),
    print: (part) => (printed += part),
    ...(more.timeoutMs === undefined ? {} : { evaluationTimeoutMs: more.timeoutMs }),
  }).then(
    (config) => ({ config, error: undefined }),
    (error: unknown) => ({ config: undefined, error }),
  );
  const problems = outcome.error instanceof ConfigFault ? outcome.error.problems : [];
  const lines = outcome.error instanceof ConfigFault ? outcome.error.lines(stderr).join("\n") : "";
  return { directory, printed, problems, text: lines, ...outcome };
}

const yaml = (services: string): string => `name: shop\nservices:\n${services}`;

test("loadConfig() reads the issue's own example", async (context) => {
  const { config, directory, text } = await load(
    context,
    "plinth.config.yaml",
    `name: files
services:
  listing:
    command: [python3, -m, http.server, "\${PORT}"]
    replicas: 2
    health: { ready: { http: / } }
    env: { KEY: { secret: api-key } }
  web:
    command: [npx, http-server, public, -p, "\${PORT}"]
    calls: [listing]
    cwd: site
ingress:
  files.localhost: web
`,
    { files: { "site/index.html": "" } },
  );
  assert.equal(text, "");
  assert.equal(config?.name, "files");
  assert.equal(config?.spec.directory, directory);
  assert.equal(config?.spec.services["listing"]?.cwd, directory);
  assert.equal(config?.spec.services["web"]?.cwd, join(directory, "site"));
  assert.deepEqual(config?.spec.ingress, { "files.localhost": "web" });
});

test("loadConfig() makes a service of a store, and its callers know where it is", async (context) => {
  const { config, text } = await load(
    context,
    "plinth.config.yaml",
    `name: shop
stores:
  state: { quota: 64MiB, retention: 90s }
  orders: { url: "etcd://10.0.0.1:2379,10.0.0.2:2379" }
  audit: { url: { secret: audit-url } }
services:
  web: { command: [web], calls: [state, orders, audit], env: { MODE: live } }
  other: { command: [other] }
`,
  );
  assert.equal(text, "");
  const { state, web, other, ...more } = config!.spec.services;
  assert.deepEqual(Object.keys(more), [], "a cluster of somebody else is no service");
  assert.ok(state);
  assert.equal(state.store, true);
  assert.deepEqual(state.command?.slice(0, 3), ["${PLINTH}", "store", "serve"]);
  for (const flag of ["--quota-backend-bytes=67108864", "--auto-compaction-retention=90s"])
    assert.ok(state.command?.includes(flag), flag);
  assert.deepEqual(web?.calls, ["state"]);
  assert.deepEqual(web?.env, {
    MODE: "live",
    PLINTH_STATE_PASSWORD: { secret: "store.shop.state" },
    PLINTH_ORDERS_URL: "etcd://10.0.0.1:2379,10.0.0.2:2379",
    PLINTH_AUDIT_URL: { secret: "audit-url" },
  });
  assert.equal(other?.env, undefined);
});

test("loadConfig() tells what is wrong with a store", async (context) => {
  const { problems } = await load(
    context,
    "plinth.config.yaml",
    `name: shop
stores:
  web: {}
  state: { url: "http://10.0.0.1:2379", quota: 1GiB }
services:
  web: { command: [web], calls: [stat], store: true }
ingress: { "*": state }
`,
  );
  assert.deepEqual(problems.map(({ path }) => path.join(".")).sort(), [
    "ingress.*",
    "services.web.calls.0",
    "stores.state.quota",
    "stores.state.url",
    "stores.web",
  ]);
});

test("loadConfig() accepts JSON with $schema, and TypeScript as value, promise or function", async (context) => {
  const value = `{ "$schema": "./s.json", "name": "shop", "services": { "web": { "command": ["a"] } } }`;
  const json = await load(context, "plinth.config.json", value);
  assert.equal(json.config?.name, "shop");
  const typed = `{ name: "shop", services: { web: { command: ["a"], cwd: undefined } } }`;
  for (const body of [
    `export default defineApp(${typed});`,
    `export default defineApp(Promise.resolve(${typed}));`,
    `export default defineApp(async ({ env }: { env: Record<string, string | undefined> }) => (${typed}));`,
  ]) {
    const script = await load(context, "plinth.config.ts", `import { defineApp } from "plinth";\n${body}\n`);
    assert.equal(script.text, "");
    assert.deepEqual(Object.keys(script.config?.spec.services ?? {}), ["web"]);
  }
});

test("loadConfig() names every misspelt key at once, with its line and the nearest valid name", async (context) => {
  const { problems, text } = await load(
    context,
    "plinth.config.yaml",
    yaml("  web:\n    comand: [a]\n    replicsa: 2\n  api: { command: [a], calls: [wbe] }\n"),
  );
  const at = (line: number): ConfigProblem[] => problems.filter((problem) => problem.line === line);
  assert.ok(at(4).some(({ suggestion }) => suggestion === "command"));
  assert.ok(at(5).some(({ suggestion }) => suggestion === "replicas"));
  assert.ok(at(6).some(({ suggestion }) => suggestion === "web"));
  assert.match(text, /plinth\.config\.yaml:5:5: .*replicsa/);
  assert.match(text, /> 5 \| {5}replicsa: 2\n {4}\| {5}\^{8}\n/);
});

test("loadConfig() points into TypeScript where the place is sure, and only there", async (context) => {
  const sure = await load(
    context,
    "plinth.config.ts",
    `export default {\n  name: "shop",\n  services: {\n    web: { command: ["a"], replics: 2 },\n  },\n};\n`,
  );
  assert.deepEqual(
    sure.problems.map(({ line, column, suggestion }) => ({ line, column, suggestion })),
    [{ line: 4, column: 28, suggestion: "replicas" }],
  );
  const spread = `const web = { command: ["a"], replics: 2 };\nconst api = { ...web, replics: 3 };\n`;
  const unsure = await load(
    context,
    "plinth.config.ts",
    `${spread}export default { name: "shop", services: { web } };\n`,
  );
  assert.equal(unsure.problems[0]?.suggestion, "replicas");
  // Two literals could be meant: only the key around both is sure.
  assert.match(unsure.text, /plinth\.config\.ts:3:32: services\.web\.replics[^]*\^{8}\n/);
});

test("loadConfig() shows the user's own line when a config throws, also from a file it imports", async (context) => {
  const thrown = await load(
    context,
    "plinth.config.ts",
    `const limit: number = 3;\nthrow new RangeError("too many");\n`,
  );
  assert.match(thrown.text, /plinth\.config\.ts:2:7: could not be evaluated: RangeError: too many/);
  assert.match(thrown.text, /> 2 \| throw new RangeError/);
  const imported = await load(context, "plinth.config.ts", `import "./settings.ts";\nexport default {};\n`, {
    files: { "settings.ts": "\n\nnull!.x;\n" },
  });
  assert.match(imported.text, /settings\.ts:3:\d+: could not be evaluated: TypeError/);
  const syntax = await load(
    context,
    "plinth.config.ts",
    `export default {\n  name: "a"\n  services: {},\n};\n`,
  );
  assert.match(syntax.text, /> 3 \| {3}services/);
});

test(
  "loadConfig() stops a config that never returns, and what it started",
  { timeout: 20_000 },
  async (context) => {
    const loop = await load(context, "plinth.config.js", "for (;;);\n", { timeoutMs: 500 });
    assert.match(loop.text, /was still not evaluated after 0\.5 s, and was stopped/);
    const child = await load(
      context,
      "plinth.config.js",
      `import { execFileSync } from "node:child_process";\nexecFileSync("sleep", ["1000"]);\n`,
      { timeoutMs: 500 },
    );
    assert.match(child.text, /was stopped/);
    const never = await load(
      context,
      "plinth.config.mjs",
      "await new Promise(() => {});\nexport default {};\n",
    );
    assert.match(never.text, /waits for a promise that never settles/);
  },
);

test(
  "loadConfig() does not wait for timers and servers a config leaves behind",
  { timeout: 8000 },
  async (context) => {
    const { config } = await load(
      context,
      "plinth.config.js",
      `setInterval(() => {}, 1000);\nexport default { name: "shop", services: { web: { command: ["a"] } } };\n`,
    );
    assert.equal(config?.name, "shop");
  },
);

test("loadConfig() says when a config exports nothing, ends its process, or is not data", async (context) => {
  assert.match(
    (await load(context, "plinth.config.ts", "export const a = 1;\n")).text,
    /exports nothing as its default/,
  );
  assert.match(
    (await load(context, "plinth.config.ts", "process.exit(0);\n")).text,
    /ended its process \(exit code 0\)/,
  );
  const code = `const a = {};\na.self = a;\nexport default { name: "x", services: { web: { command: ["a"], env: { F: () => 1, M: new Map(), S: a } } } };\n`;
  const { problems } = await load(context, "plinth.config.js", code);
  assert.deepEqual(
    problems.map(({ received }) => received),
    ["a function", "a Map", "a value that contains itself"],
  );
});

test("loadConfig() keeps a config's prints apart, harmless and within a limit", async (context) => {
  const garbage = await load(
    context,
    "plinth.config.js",
    `process.stdout.write("\\u001b[2J\\u0000{\\"kind\\":\\"value\\"}\\n");\nexport default { name: "shop", services: { web: { command: ["a"] } } };\n`,
  );
  assert.equal(garbage.config?.name, "shop");
  assert.equal(garbage.printed, '{"kind":"value"}\n');
  const flood = await load(
    context,
    "plinth.config.js",
    `import { writeSync } from "node:fs";\nfor (;;) writeSync(1, "x".repeat(1 << 20));\n`,
  );
  assert.match(flood.text, /printed or exported more than 16 MiB/);
  const huge = await load(
    context,
    "plinth.config.js",
    `export default { name: "x".repeat(100 << 20), services: {} };\n`,
  );
  assert.match(huge.text, /printed or exported more than 16 MiB/);
});

test("loadConfig() refuses two services with one name", async (context) => {
  const twice = await load(
    context,
    "plinth.config.yaml",
    yaml("  web: { command: [a] }\n  web: { command: [b] }\n"),
  );
  assert.match(twice.text, /plinth\.config\.yaml:4:3: "web" stands here a second time/);
  const json = `{ "name": "a", "services": { "web": { "command": ["a"] }, "web": { "command": ["b"] } } }`;
  assert.match((await load(context, "plinth.config.json", json)).text, /stands here a second time/);
});

test("loadConfig() refuses names with shell, path or control characters", async (context) => {
  const names = [";", "|", "&", "$(id)", "`id`", "a\nb", "-rf", "..", "a/b", "a b", "\u001b[31m", "é", "A"];
  for (const name of names) {
    const config = { name: "shop", services: { [name]: { command: ["a"] } } };
    const { problems, text } = await load(context, "plinth.config.json", JSON.stringify(config));
    assert.deepEqual(problems[0]?.path, ["services", name], `service ${JSON.stringify(name)}`);
    assert.ok(!text.includes("\u001b"));
    const app = await load(context, "plinth.config.json", JSON.stringify({ ...config, name }));
    assert.ok(
      app.problems.some(({ path }) => path[0] === "name"),
      `app ${JSON.stringify(name)}`,
    );
  }
  const own = await load(
    context,
    "plinth.config.json",
    `{"name":"a","services":{"__proto__":{"command":["a"]}}}`,
  );
  assert.deepEqual(own.problems[0]?.path, ["services", "__proto__"]);
});

test("loadConfig() refuses a 100 MB config by its size, without reading it", async (context) => {
  const directory = temporaryDirectory(context);
  writeFiles(directory, { "plinth.config.yaml": "name: a\n" });
  truncateSync(join(directory, "plinth.config.yaml"), 100e6);
  const before = process.memoryUsage().rss;
  await assert.rejects(
    loadConfig(directory, { clock: systemClock, home: directory, print: () => {} }),
    /at most 1 MiB is read/,
  );
  assert.ok(process.memoryUsage().rss - before < 50e6);
});

test("loadConfig() survives YAML bombs, deep nesting, unknown tags and binary files", async (context) => {
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (const [one, other] of ["ba", "cb", "dc", "ed", "fe"]) {
    bomb.push(`${one}: &${one} [${`*${other},`.repeat(9)}*${other}]`);
  }
  assert.match((await load(context, "plinth.config.yaml", bomb.join("\n"))).text, /aliases multiply/);
  assert.match(
    (await load(context, "plinth.config.yaml", "[".repeat(500_000))).text,
    /nested deeper than 64/,
  );
  assert.match((await load(context, "plinth.config.yaml", "- ".repeat(5000))).text, /nested deeper than 64/);
  assert.match((await load(context, "plinth.config.yaml", "name: !!js/function 'x'\n")).text, /unknown tag/);
  assert.match(
    (await load(context, "plinth.config.yaml", "name: a\n---\nname: b\n")).text,
    /second document/,
  );
  assert.match((await load(context, "plinth.config.yaml", "# nothing\n")).text, /the file is empty/);
  assert.match((await load(context, "plinth.config.json", `{ "name": "a",, }`)).text, /not valid JSON/);
  const binary = await load(context, "plinth.config.yaml", Buffer.from([0xff, 0xfe, 0]).toString("latin1"));
  assert.ok(binary.error instanceof Fault);
});

test("loadConfig() says what is wrong with where it looks", async (context) => {
  const directory = temporaryDirectory(context);
  const options = { clock: systemClock, home: directory, print: (): void => {} };
  await assert.rejects(loadConfig(directory, options), /there is no plinth\.config/);
  await assert.rejects(loadConfig(join(directory, "gone"), options), /no such file or directory/);
  await assert.rejects(loadConfig("/dev/zero", options), /not a regular file/);
  writeFiles(directory, { "plinth.config.ts": "", "plinth.config.json": "" });
  await assert.rejects(loadConfig(directory, options), /plinth\.config\.ts and plinth\.config\.json/);
});

test("loadConfig() checks that directories are there", async (context) => {
  const { text } = await load(context, "plinth.config.yaml", yaml("  web: { command: [a], cwd: sit }\n"));
  assert.match(text, /services\.web\.cwd: no such directory/);
  assert.match(text, /\^{3}\n/);
});

test("loadConfig() compiles how lines are read, and shows the compiler's report below the place", async (context) => {
  const config = "  web:\n    command: [a]\n    logs: { remap: '.a = upcasee(.message)' }\n";
  const { text, problems } = await load(context, "plinth.config.yaml", yaml(config));
  assert.deepEqual(
    problems.map(({ path }) => path),
    [["services", "web", "logs", "remap"]],
  );
  assert.match(
    text,
    /services\.web\.logs\.remap: the program does not compile\n.*\^{5}.*did you mean "upcase"\?/s,
  );
});

test("loadConfig() takes a Compose file where there is no config of Plinth's own", async (context) => {
  const compose =
    "services:\n  web:\n    image: nginx:1.27\n    ports: ['80']\n    tty: true\n    volumes: [./new:/new]\n";
  const { config, text, directory } = await load(context, "docker-compose.yml", compose, {
    files: { ".env": "COMPOSE_PROJECT_NAME=My_Shop\n" },
  });
  assert.equal(text, "");
  assert.equal(config?.name, "my-shop");
  assert.equal(config.spec.services["web"]?.port, 80);
  assert.deepEqual(config.spec.services["web"]?.volumes, { [join(directory, "new")]: "/new" });
  assert.deepEqual(config.folders, [join(directory, "new")]);
  assert.deepEqual(
    config.ignored.map(({ line, path }) => [line, path.join(".")]),
    [
      [4, "services.web.ports.0"],
      [5, "services.web.tty"],
      [6, "services.web.volumes.0"],
    ],
  );
  const named = await load(context, "compose.yml", compose, { files: { "compose.yaml": "services: 1" } });
  assert.match(named.text, /^.*compose\.yaml:1:/, "the specification's first name counts");
  const own = await load(context, "compose.yaml", compose, {
    files: { "plinth.config.yaml": yaml("  own: { command: [a] }") },
  });
  assert.deepEqual(Object.keys(own.config?.spec.services ?? {}), ["own"]);
});

test("loadConfig() shows all that a Compose file asks for and cannot have, in the file that says it", async (context) => {
  const { text, problems, directory } = await load(
    context,
    "compose.yaml",
    "x-base: &base\n  privileged: true\nservices:\n  web:\n    <<: *base\n    image: nginx\n    ports: ['80']\n    user: 'not a user'\n",
    { files: { "compose.override.yaml": "services:\n  web:\n    pid: host\n    prots: []\n" } },
  );
  assert.deepEqual(
    problems.map(({ file, line, path }) => [file?.slice(directory.length + 1), line, path.join(".")]),
    [
      ["compose.yaml", 2, "services.web.privileged"],
      ["compose.override.yaml", 3, "services.web.pid"],
      ["compose.override.yaml", 4, "services.web.prots"],
      ["compose.yaml", 8, "services.web.user"],
    ],
  );
  assert.match(text, /> 4 \| {5}prots: \[\]\n.*\^+\n.*did you mean "ports"\?/);
  assert.match(text, /> 8 \| {5}user: 'not a user'/);
});
