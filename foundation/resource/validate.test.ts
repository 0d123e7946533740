import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Compile } from "typebox/schema";
import { definitions } from "./definitions.ts";
import { explain } from "./explain.ts";
import { pathText } from "./problem.ts";
import { schemas } from "./schema.ts";
import { editDistance, nearestName } from "./suggest.ts";
import { validate } from "./validate.ts";

const lines = (definition: "Config" | "Probe" | "AppSpec" | "Metadata", value: unknown): string[] =>
  validate(definition, value).map(
    ({ path, message, suggestion }) => `${pathText(path)}: ${message}${suggestion ? ` → ${suggestion}` : ""}`,
  );

const rightConfig = {
  $schema: "x",
  name: "files",
  services: {
    listing: {
      command: ["python3", "-m", "http.server", "${PORT}"],
      replicas: 2,
      health: { ready: { http: "/" } },
      env: { KEY: { secret: "api-key" }, MODE: "fast" },
    },
    web: { command: ["npx", "http-server"], calls: ["listing"], deploy: { hold: "1.5s" } },
  },
  ingress: { "files.localhost": "web", "*": "web" },
};

test("validate() accepts the config of the README", () => {
  assert.deepEqual(validate("Config", rightConfig), []);
});

test("validate() takes nothing but questions and names for what runs by itself", () => {
  const services = {
    db: { address: "127.0.0.1:5432", health: { ready: { tcp: true } }, aliases: ["pg"], policy: {} },
    cache: { address: ["[::1]:6379", "cache.example.org:6379"], port: 6379 },
    bad: {
      address: "here",
      command: ["x"],
      replicas: 2,
      health: { live: { tcp: true }, ready: { exec: ["x"] } },
    },
  };
  assert.deepEqual(lines("Config", { name: "app", services }), [
    'services.bad.address: "here" is not valid here',
    "services.bad.health.live: it cannot be restarted: it runs by itself",
    "services.bad.health.ready: no command can be run in it: it runs by itself",
    'services.bad.command: "command" says how a service runs, and this one runs by itself',
    'services.bad.replicas: "replicas" says how a service runs, and this one runs by itself',
  ]);
});

test("validate() knows what must hold among services: an order, ports and names that are nobody else's", () => {
  const services = {
    web: {
      command: ["x"],
      port: 80,
      extraPorts: [81],
      publish: ["0.0.0.0:8080", "9000:81", "9001:82", "70000"],
      after: { db: "ready" },
    },
    db: {
      command: ["x"],
      health: false,
      publish: ["127.0.0.1:8080", "[::1]:9002"],
      after: { web: "started", gone: "ready" },
      aliases: ["web", "db.local"],
    },
    other: { command: ["x"], aliases: ["db.local", "Upper"], publish: ["here:80"], after: { other: "done" } },
  };
  assert.deepEqual(lines("Config", { name: "app", services }), [
    'services.other.aliases[1]: "Upper" is not valid here',
    'services.other.publish[0]: "here:80" is not valid here',
    'services.other.after.other: "done" is not a valid choice',
    'services.web.after.db: none of them can start first: "web" after "db" after "web"',
    'services.web.publish[2]: service "web" has no port 82',
    'services.web.publish[3]: "70000" has no such port',
    'services.db.publish[0]: port 8080 is published by service "web" already',
    'services.db.aliases[0]: service "web" is called "web" already',
    'services.other.aliases[0]: service "db" is called "db.local" already',
    'services.db.after.gone: there is no service "gone"',
  ]);
});

test("validate() reports all problems at once, each with its place and the nearest name", () => {
  const config = {
    name: "-X",
    servces: {},
    services: {
      web: {
        command: "node server.js",
        replicas: -1,
        prot: 80,
        restart: "allways",
        env: { "1A": "x", B: { secrt: "x" }, C: 5 },
        health: { ready: { http: "x", perod: "5" }, live: { tcp: true, exec: ["true"] }, startup: {} },
        calls: ["wbe", "catalgo", "web", "catalog", "catalog"],
      },
      catalog: { command: [], port: 80, replicas: 2 },
      cart: { command: ["x"], port: 80 },
      "Bad;name": { command: ["x"] },
    },
    ingress: { "*": "wen", "a b": "cart" },
  };
  assert.deepEqual(lines("Config", config), [
    'name: "-X" is not valid here',
    'servces: unknown key "servces" → services',
    'services.web.command: "node server.js" is not a list',
    "services.web.replicas: -1 is out of range",
    'services.web.prot: unknown key "prot" → port',
    'services.web.restart: "allways" is not a valid choice → always',
    'services.web.env["1A"]: "1A" is not a valid name',
    'services.web.env.B.secrt: unknown key "secrt" → secret',
    'services.web.env.B.secret: "secret" is missing',
    "services.web.env.C: 5 does not fit here",
    'services.web.health.ready.http: "x" is not valid here',
    'services.web.health.ready.perod: unknown key "perod" → period',
    'services.web.calls[4]: "catalog" stands there twice',
    "services.catalog.command: the list is too short",
    'services["Bad;name"]: "Bad;name" is not a valid name',
    'ingress["a b"]: "a b" is not a valid name',
    "services.web.health.startup: the probe asks nothing",
    "services.web.health.live: the probe asks 2 questions",
    'services.web.calls[0]: there is no service "wbe" → web',
    'services.web.calls[1]: there is no service "catalgo" → catalog',
    'services.web.calls[2]: service "web" calls itself',
    'ingress["*"]: there is no service "wen" → web',
  ]);
});

test("validate() takes prototype names as the names they are", () => {
  const config: unknown = JSON.parse(
    '{"name":"a","services":{"constructor":{"command":["x"],"calls":["toString","__proto__"]},"__proto__":{"command":["x"]}},"ingress":{"*":"hasownproperty"},"__proto__":{"name":"b"}}',
  );
  assert.deepEqual(lines("Config", config), [
    'services.constructor.calls[0]: "toString" is not valid here',
    'services.constructor.calls[1]: "__proto__" is not valid here',
    'services.__proto__: "__proto__" is not a valid name',
    '__proto__: unknown key "__proto__"',
    'services.constructor.calls[0]: there is no service "toString"',
    'ingress["*"]: there is no service "hasownproperty"',
  ]);
  assert.equal(({} as Record<string, unknown>)["name"], undefined);
});

test("validate() answers hostile input shortly: deep, huge, many", () => {
  let deep: Record<string, unknown> = {};
  for (let depth = 0; depth < 100_000; depth++) deep = { a: deep };
  assert.ok(validate("Config", { name: "a", services: deep }).length > 0);
  const huge = "x".repeat(100 * 2 ** 20);
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`key${index}`, 1]));
  for (const value of [huge, { name: huge, services: { [huge]: { command: [huge] } } }, many]) {
    const problems = validate("Config", value);
    assert.ok(problems.length > 0 && problems.length <= 100);
    for (const { message, expected, received, path } of problems) {
      assert.ok((message + expected + received + pathText(path)).length < 2000);
    }
  }
});

test("explain() finds something exactly when the compiled check refuses", () => {
  const leaf = fc.oneof(
    fc.constantFrom(
      "a",
      "web",
      "/",
      "5s",
      "10MiB",
      "",
      "always",
      "A B",
      "\u0000",
      "files.localhost",
      "x".repeat(41),
    ),
    fc.constantFrom(0, 1, 2, -1, 1.5, 80, 70000, true, null),
  );
  const words =
    "name services ingress web a command cwd replicas port health env calls resources deploy restart ready live http " +
    "tcp exec period memory cpu grace secret A __proto__ constructor labels phase failure spec";
  const key = fc.constantFrom(...words.split(" "));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 6, withCrossShrink: true }, leaf, tie("list"), tie("object")),
    list: fc.array(tie("value"), { maxLength: 3 }),
    object: fc
      .array(fc.tuple(key, tie("value")), { maxLength: 6 })
      .map((entries) => Object.fromEntries(entries)),
  }));
  /** A right config with one place in it replaced: near enough to being right to reach the deep rules. */
  const nearlyRight = fc.tuple(fc.nat(), value).map(([place, replacement]) => {
    const config: unknown = structuredClone(rightConfig);
    const places: [Record<string, unknown>, string][] = [];
    const collect = (part: unknown): void => {
      if (typeof part !== "object" || part === null) return;
      for (const [name, child] of Object.entries(part)) {
        places.push([part as Record<string, unknown>, name]);
        collect(child);
      }
    };
    collect(config);
    const [owner, name] = places[place % places.length]!;
    owner[name] = replacement;
    return config;
  });
  const names = Object.keys(definitions) as (keyof typeof definitions)[];
  const compiled = new Map(
    names.map((name) => [name, Compile({ $defs: definitions, $ref: `#/$defs/${name}` })]),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...names, "Config" as const),
      fc.oneof(value, nearlyRight),
      (name, candidate) => {
        assert.equal(explain(schemas[name], candidate).length === 0, compiled.get(name)!.Check(candidate));
      },
    ),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(nearlyRight, (config) => {
      assert.equal(explain(schemas.Config, config).length === 0, compiled.get("Config")!.Check(config));
    }),
    { numRuns: Number(process.env["PLINTH_ROUNDS"] ?? 10) * 100 },
  );
});

test("nearestName() suggests what is near and nothing else", () => {
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("prot", "port"), 1);
  assert.equal(nearestName("comand", ["command", "calls"]), "command");
  assert.equal(nearestName("zzz", ["command", "calls"]), undefined);
  assert.equal(nearestName("x".repeat(1e6), ["command"]), undefined);
});

test("validate() tells a wrong egress target by its place, and takes hosts, wildcards, addresses and blocks", () => {
  const service = (egress: unknown): unknown => ({
    name: "shop",
    services: { web: { command: ["x"], egress } },
  });
  const good = {
    allow: ["example.org", "*.example.org", "192.0.2.7", "192.0.2.0/24", "*"],
    deny: ["a_b.example"],
  };
  assert.equal(validate("Config", service(good)).length, 0);
  for (const [entry, message] of [
    ["300.1.1.1", /no IPv4 address/],
    ["192.0.2.0/40", /no IPv4 address/],
    ["catalog.shop.internal", /name of the mesh/],
    ["http://example.org", /./],
    ["EXAMPLE.org", /./],
  ] as const) {
    const problems = validate("Config", service({ deny: [entry] }));
    assert.equal(problems[0]?.path.join("."), "services.web.egress.deny.0", entry);
    assert.match(problems[0]?.message ?? "", message);
  }
});
