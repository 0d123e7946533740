import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ServiceSpec } from "@plinth/resource";
import { validate } from "@plinth/resource/validate";
import fc from "fast-check";
import { temporaryDirectory, writeFiles } from "../testing.ts";
import { COMPOSE_NAMES, isCompose, overrideOf } from "./compose-files.ts";
import { translateCompose } from "./compose.ts";
import { noteMessage } from "./note-text.ts";
import { configText } from "./print-config.ts";
import { DEPLOY_KEYS, FILE_KEYS, NETWORK_KEYS, SERVICE_KEYS, VOLUME_KEYS } from "./service-keys.ts";
import type { Translated } from "./translated.ts";

const examples = fileURLToPath(new URL("examples", import.meta.url));

function translated(file: string, environment: Record<string, string> = {}): Translated {
  return translateCompose(file, {
    override: overrideOf(file),
    environment,
    builtImage: (_, service) => `oci:./images/${service}`,
  });
}

interface Brought extends Translated {
  readonly directory: string;
  /** As "kind LINE path: message". */
  readonly said: readonly string[];
}

/** Translates a Compose file with others beside it. */
function bring(
  context: TestContext,
  text: string,
  files: Record<string, string> = {},
  environment: Record<string, string> = {},
): Brought {
  const directory = temporaryDirectory(context);
  writeFiles(directory, { "compose.yaml": text, ...files });
  const result = translated(join(directory, "compose.yaml"), environment);
  const said = result.notes
    .filter(({ kind }) => kind !== "remark")
    .map((note) => `${note.kind} ${note.line} ${note.path.join(".")}: ${noteMessage(note)}`);
  return { ...result, directory, said };
}

/** One service "a" of these lines. */
function oneService(
  context: TestContext,
  lines: string,
  files: Record<string, string> = {},
): [ServiceSpec, Brought] {
  const indented = lines.replace(/^/gm, "    ");
  const brought = bring(context, `name: app\nservices:\n  a:\n    image: i\n${indented}\n`, files);
  return [brought.config.services["a"]!, brought];
}

for (const [name, file] of [
  ["shop", "compose.yaml"],
  ["site", "docker-compose.yml"],
  ["monitoring", "compose.yaml"],
] as const) {
  test(`translateCompose() brings over the example ${name}, with a comment for each note`, () => {
    const path = join(examples, name, file);
    const { config, notes, serviceOf } = translated(path, { DB_PASSWORD: "example" });
    const text = configText(config, { from: path, notes, before: new Map(), serviceOf });
    assert.equal(text, readFileSync(join(examples, `${name}.txt`), "utf8"));
  });
}

test("translateCompose() says how images are built", () => {
  const { builds } = translated(join(examples, "shop", "compose.yaml"), { DB_PASSWORD: "example" });
  const context = join(examples, "shop", "web");
  assert.deepEqual(builds, [
    { service: "web", context, args: { VERSION: "1.2" }, target: "prod", contexts: {} },
  ]);
});

/** A file with each key that a table does not bring over, one per line. */
function linesOf(
  table: Readonly<Record<string, { kind: string }>>,
  indent: string,
): { text: string; keys: string[] } {
  const keys = Object.keys(table).filter((key) => table[key]!.kind !== "brought");
  return { text: keys.map((key) => `${indent}${key}: { some: thing }\n`).join(""), keys };
}

test("translateCompose() names every key that it does not bring over, with its line", (context) => {
  const sections: readonly (readonly [string, Readonly<Record<string, { kind: string }>>, string])[] = [
    ["services:\n  a:\n    image: i\n", SERVICE_KEYS, "    "],
    ["services:\n  a:\n    image: i\n    deploy:\n", DEPLOY_KEYS, "      "],
    ["services: { a: { image: i } }\nnetworks:\n  n:\n", NETWORK_KEYS, "    "],
    ["services: { a: { image: i } }\nvolumes:\n  v:\n", VOLUME_KEYS, "    "],
    ["services: { a: { image: i } }\n", FILE_KEYS, ""],
  ];
  for (const [before, table, indent] of sections) {
    const { text, keys } = linesOf(table, indent);
    const first = before.split("\n").length;
    const { notes } = bring(context, before + text);
    const found = notes
      .filter(({ kind }) => kind !== "remark")
      .map(({ kind, line, path }) => [kind, line, path.at(-1)]);
    assert.deepEqual(
      found,
      keys.map((key, index) => [table[key]!.kind, first + index, key]),
    );
  }
});

test("translateCompose() says nothing of x- keys and of what asks for nothing", (context) => {
  const [, { said }] = oneService(
    context,
    "x-own: { any: thing }\nprivileged: false\ntty: false\ndevices: []\nipc: private\ninit: true\nports: ['80:80']\nsecurity_opt: [no-new-privileges]\nlabels: {}\nrestart: always",
  );
  assert.deepEqual(said, []);
});

test("translateCompose() names the nearest key where there is none of a name", (context) => {
  const [, { said }] = oneService(context, "enviroment: {}\ndeploy: { replica: 2 }");
  assert.deepEqual(said, [
    'refused 5 services.a.enviroment: there is no key "enviroment"; did you mean "environment"?',
    'refused 6 services.a.deploy.replica: there is no key "replica"; did you mean "replicas"?',
  ]);
});

test("translateCompose() says what was expected where a value has another type", (context) => {
  for (const lines of [
    "command: { a: b }",
    "ports: 80",
    "ports: ['a:b']",
    "ports: ['70000:1']",
    "ports: [{ published: 1 }]",
    "environment: 3",
    "environment: { A: [1] }",
    "environment: { ID: 123456789012345678901 }",
    "volumes: { data: /data }",
    "volumes: ['a:b:c:d']",
    "volumes: ['./x:relative']",
    "healthcheck: { test: [curl, localhost] }",
    "healthcheck: { test: x, interval: 30 }",
    "deploy: { replicas: many }",
    "deploy: { replicas: 1.5 }",
    "mem_limit: lots",
    "restart: sometimes",
    "read_only: perhaps",
    "depends_on: { a: { condition: service_happy } }",
    "stop_signal: SIGFOO",
    "depends_on: 3",
    'command: "open \'quote"',
  ]) {
    const [, { notes }] = oneService(context, lines);
    const refused = notes.filter(({ kind }) => kind === "refused");
    assert.ok(refused.length > 0, lines);
    for (const { line, column, expected, message } of refused) {
      assert.ok(expected !== undefined || message.includes("cannot be split"), lines);
      assert.ok(line === 5 && column! > 4, lines);
    }
  }
});

test("translateCompose() reads ports in every form", (context) => {
  const forms: readonly (readonly [string, object])[] = [
    ["['80']", { port: 80 }],
    ["[80]", { port: 80 }],
    ["['8080:80']", { port: 80, publish: ["0.0.0.0:8080"] }],
    ["['127.0.0.1:8080:80/tcp']", { port: 80, publish: ["127.0.0.1:8080"] }],
    ["['127.0.0.1::80']", { port: 80 }],
    ["['[::1]:8080:80']", { port: 80, publish: ["[::1]:8080"] }],
    [
      "['8080:80', '8443:443']",
      { port: 80, extraPorts: [443], publish: ["0.0.0.0:8080", "0.0.0.0:8443:443"] },
    ],
    ["['81-82:91-92']", { port: 91, extraPorts: [92], publish: ["0.0.0.0:81", "0.0.0.0:82:92"] }],
    ["['9000-9010:80']", { port: 80, publish: ["0.0.0.0:9000"] }],
    ["[{ target: 80, published: '8080', host_ip: '::1' }]", { port: 80, publish: ["[::1]:8080"] }],
    ["[{ target: 80 }]", { port: 80 }],
  ];
  for (const [text, expected] of forms) {
    const [{ port, extraPorts, publish }, { notes }] = oneService(context, `ports: ${text}`);
    const found = JSON.parse(JSON.stringify({ port, extraPorts, publish })) as object;
    assert.deepEqual(found, expected, text);
    assert.ok(!notes.some(({ kind }) => kind === "refused"), text);
  }
  const [udp, { said }] = oneService(
    context,
    "ports: ['53:53/udp', '53:53']\nexpose: [8080, 9000-9001, 514/udp]",
  );
  assert.deepEqual([udp.port, udp.extraPorts], [8080, [9000, 9001, 53]]);
  assert.deepEqual(
    said.map((line) => line.split(":")[0]),
    ["refused 5 services.a.ports.0", "ignored 6 services.a.expose.2"],
  );
});

test("translateCompose() asks a port where there is one, and the image's own check no more where it is off", (context) => {
  const health = (lines: string): unknown => oneService(context, lines)[0].health;
  assert.equal(health("ports: ['80']"), undefined);
  assert.equal(health("user: root"), false);
  assert.equal(health("healthcheck: { disable: true }"), false);
  assert.equal(health("healthcheck: { test: [NONE] }"), false);
  assert.deepEqual(health("healthcheck: { test: [NONE] }\nexpose: [80]"), { ready: { tcp: true } });
  assert.deepEqual(health("healthcheck: { test: [CMD, ok], interval: 500ms, retries: 2 }"), {
    startup: { exec: ["ok"], period: "500ms", timeout: "30s", failureThreshold: 60 },
    ready: { exec: ["ok"], period: "500ms", timeout: "30s", failureThreshold: 2 },
  });
});

test("translateCompose() leaves the port to the image where the file says none, and the check where it says neither", (context) => {
  const unsaid = (lines: string): string[] => {
    const [, { portless, unchecked }] = oneService(context, lines);
    return [...(portless.has("a") ? ["port"] : []), ...(unchecked.has("a") ? ["check"] : [])];
  };
  assert.deepEqual(unsaid("user: root"), ["port", "check"]);
  assert.deepEqual(unsaid("healthcheck: { test: pg_isready }"), ["port"]);
  assert.deepEqual(unsaid("healthcheck: { disable: true }"), ["port"]);
  assert.deepEqual(unsaid("expose: [5432]"), []);
});

test("translateCompose() refuses a literal that Plinth would replace", (context) => {
  const [, { said }] = oneService(
    context,
    "command: ['sh', '-c', 'serve $${PORT}']\nenvironment: { A: '$${HOST}', B: '$$PORT' }\nhealthcheck: { test: 'nc $${HOST} 1' }",
  );
  assert.deepEqual(
    said.map((line) => line.split(";")[0]),
    [
      "refused 5 services.a.command: Plinth puts the instance's own in the place of ${PORT}",
      "refused 6 services.a.environment.A: Plinth puts the instance's own in the place of ${HOST}",
      "refused 7 services.a.healthcheck.test: Plinth puts the instance's own in the place of ${HOST}",
    ],
  );
});

test("translateCompose() makes calls and egress of networks", (context) => {
  const { config, said } = bring(
    context,
    "name: app\nservices:\n  a: { image: i, networks: [x, y] }\n  b: { image: i, networks: { y: {} } }\n  c: { image: i, network_mode: none }\n  d: { image: i }\n  e: { image: i, network_mode: host, networks: [x] }\n  job: { image: i, networks: [y], restart: 'no' }\nnetworks: { x: {}, y: { internal: true } }\n",
  );
  const calls = Object.fromEntries(
    Object.entries(config.services).map(([name, each]) => [name, [each.calls, each.egress !== undefined]]),
  );
  assert.deepEqual(calls, {
    a: [["b"], false],
    b: [["a"], true],
    c: [undefined, true],
    d: [["e"], false],
    e: [["d"], false],
    job: [["a", "b"], true],
  });
  assert.deepEqual(
    said.map((line) => line.split(";")[0]),
    [
      "refused 7 services.e.network_mode: an instance has a network of its own, not another's or the machine's",
      "refused 7 services.e.networks: `networks` and `network_mode` exclude each other",
    ],
  );
});

test("translateCompose() merges an override as Compose does", (context) => {
  const { config, said } = bring(
    context,
    "name: app\nservices:\n  a:\n    image: i:1\n    command: [one, two]\n    environment: [A=1, B=2]\n    ports: ['80:80']\n    volumes: ['d:/data', './x:/x']\n    depends_on: [b]\n  b: { image: b }\nvolumes: { d: }\n",
    {
      "compose.override.yml":
        "services:\n  a:\n    image: i:2\n    command: [three]\n    environment: { B: 3, C: 4 }\n    ports: ['81:81', '80:80']\n    volumes: ['e:/data']\n    depends_on: { b: { condition: service_healthy } }\nvolumes: { e: }\n",
      "x/file": "",
    },
  );
  assert.deepEqual(said, []);
  const { a } = config.services;
  assert.deepEqual(
    [a?.image, a?.command, a?.env, a?.publish, a?.volumes, a?.after],
    [
      "i:2",
      ["three"],
      { A: "1", B: "3", C: "4" },
      ["0.0.0.0:81", "0.0.0.0:80:80"],
      { "./x": "/x", e: "/data" },
      { b: "ready" },
    ],
  );
});

test("translateCompose() tells what is wrong with extends, with places in the file that says it", (context) => {
  const { said, config } = bring(
    context,
    "services:\n  a: { extends: b }\n  b: { extends: a, image: i }\n  c: { extends: { file: gone.yaml, service: x }, image: i }\n  d: { extends: { file: other.yaml, service: y }, image: i }\n  e: { extends: { file: sub/other.yaml, service: x } }\n",
    {
      "other.yaml": "services: { x: { image: o } }\n",
      "sub/other.yaml":
        "services:\n  x:\n    image: o\n    privileged: true\n    volumes: ['./here:/here']\n",
      "sub/here/file": "",
    },
  );
  assert.deepEqual(
    said.map((line) => line.replace(/"\/.*\//, '"')),
    [
      "refused 2 services.a.extends: the service extends itself",
      "refused 3 services.b.extends: the service extends itself",
      'refused 4 services.c.extends: there is no file "gone.yaml"',
      'refused 5 services.d.extends: there is no service in other.yaml "y"; did you mean "x"?',
      "refused 4 services.x.privileged: a container is never let out of its sandbox; `cap_add` names what it needs",
    ],
  );
  assert.deepEqual(config.services["e"]?.volumes, { "./sub/here": "/here" });
});

test("translateCompose() makes Plinth's names of Compose's, and refuses two that become one", (context) => {
  const { config, said } = bring(
    context,
    "name: other\nservices:\n  Web_App: { image: i }\n  web.app: { image: i }\n",
    {},
    {
      COMPOSE_PROJECT_NAME: "My_Shop",
    },
  );
  assert.equal(config.name, "my-shop");
  assert.match(said[0] ?? "", /^refused 4 services\.web\.app: "Web_App", "web\.app" are both web-app/);
});

test("translateCompose() leaves out what belongs to a profile, unless it is asked for or needed", (context) => {
  const text =
    "services:\n  a: { image: i, depends_on: [b] }\n  b: { image: i, profiles: [p], depends_on: { c: { condition: service_started, required: false } } }\n  c: { image: i, profiles: [q] }\n";
  const names = (profiles?: string): string[] =>
    Object.keys(
      bring(context, text, {}, profiles === undefined ? {} : { COMPOSE_PROFILES: profiles }).config.services,
    );
  assert.deepEqual(names(), ["a", "b"]);
  assert.deepEqual(names("p"), ["a", "b"]);
  assert.deepEqual(names("x,q"), ["a", "b", "c"]);
  assert.deepEqual(names("*"), ["a", "b", "c"]);
  const { config, said } = bring(context, text);
  assert.equal(config.services["b"]?.after, undefined);
  assert.deepEqual(
    said.map((line) => line.split(";")[0]),
    [
      "ignored 3 services.b.profiles: it runs all the same, because others depend on it",
      "ignored 4 services.c.profiles: it is left out",
    ],
  );
});

test("translateCompose() takes variables of the shell over those of .env, and env_file under environment", (context) => {
  const { config, said } = bring(
    context,
    "name: ${NAME:-app}\nservices:\n  a:\n    image: i:${TAG}\n    env_file: [one.env, { path: two.env, required: false }, { path: raw.env, format: raw }, gone.env]\n    environment: { B: over, SHELL: , NOWHERE: }\n",
    { ".env": "TAG=of-file\nNAME=shop\n", "one.env": "A=$TAG\nB=under\n", "raw.env": "C='$TAG'\n" },
    { TAG: "of-shell", SHELL: "zsh" },
  );
  const { a } = config.services;
  assert.deepEqual([config.name, a?.image], ["shop", "i:of-shell"]);
  assert.deepEqual(a?.env, { A: "of-shell", B: "over", C: "'$TAG'", SHELL: "zsh" });
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^refused 5 services\.a\.env_file\.3: there is no file/);
});

test("translateCompose() refuses one volume at two places, and takes folders that are to be made", (context) => {
  const [{ volumes }, { said, folders, directory }] = oneService(
    context,
    "volumes:\n  - d:/one\n  - d:/two\n  - ./new:/new\n  - { type: bind, source: ./gone, target: /gone, bind: { create_host_path: false } }\n  - undeclared:/three",
  );
  assert.deepEqual(volumes, { d: "/one", "./new": "/new", "./gone": "/gone", undeclared: "/three" });
  assert.deepEqual(folders, [join(directory, "new")]);
  assert.deepEqual(
    said.map((line) => line.replace(/:.*/, "")),
    [
      "refused 6 services.a.volumes.0",
      "refused 7 services.a.volumes.1",
      "refused 7 services.a.volumes.1",
      "ignored 8 services.a.volumes.2",
      "refused 9 services.a.volumes.3",
      "refused 10 services.a.volumes.4",
    ],
  );
  assert.ok(said.some((line) => line.startsWith("refused 7") && line.includes("at two places")));
});

test("translateCompose() gives a config or says why not, whatever stands behind a key", (context) => {
  const directory = temporaryDirectory(context);
  const file = join(directory, "compose.yaml");
  const word = fc.constantFrom(
    "a",
    "b",
    "80",
    "8080:80",
    "./x:/y",
    "v:/v",
    "1s",
    "64m",
    "$A",
    "${A:-b}",
    "$$",
    "",
    "A=1",
    "~",
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      word,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      tie("list"),
      tie("map"),
    ),
    list: fc.array(tie("any"), { maxLength: 3 }),
    map: fc.dictionary(
      fc.constantFrom(
        "a",
        "b",
        "target",
        "source",
        "type",
        "test",
        "resources",
        "limits",
        "file",
        "context",
        "args",
        "n",
      ),
      tie("any"),
      { maxKeys: 3 },
    ),
  })).any;
  const service = fc.dictionary(fc.constantFrom(...Object.keys(SERVICE_KEYS)), value, { maxKeys: 6 });
  const root = fc.record(
    {
      services: fc.oneof(
        fc.dictionary(fc.constantFrom("a", "b", "C_c"), fc.oneof(service, value), { maxKeys: 3 }),
        value,
      ),
      networks: value,
      volumes: value,
      secrets: value,
      name: value,
    },
    { requiredKeys: [] },
  );
  const rounds = Number(process.env["PLINTH_ROUNDS"] ?? "25") * 20;
  fc.assert(
    fc.property(root, (composed) => {
      writeFileSync(file, JSON.stringify(composed));
      const { config, notes } = translated(file, { A: "a" });
      validate("Config", config);
      for (const note of notes) assert.ok(note.message.length > 0 && note.file === file);
      assert.ok(
        configText(config, { from: file, notes, before: new Map(), serviceOf: () => "a" }).length > 0,
      );
    }),
    { numRuns: rounds },
  );
});

test("translateCompose() shows no line of a file of variables, which may be a password", (context) => {
  const { notes, texts } = bring(context, "services: { a: { image: i, env_file: [pass.env] } }\n", {
    "pass.env": "A=1\nthe password\nB='hunter2\n",
    ".env": "this too\n",
  });
  assert.deepEqual(
    notes.filter(({ kind }) => kind === "refused").map(({ file, line }) => [basename(file), line]),
    [
      [".env", 1],
      ["pass.env", 2],
      ["pass.env", 3],
    ],
  );
  assert.doesNotMatch(JSON.stringify(notes), /password|hunter2|this too/);
  assert.deepEqual(
    [...texts.keys()].map((file) => basename(file)),
    ["compose.yaml"],
  );
});

test("isCompose() tells Compose files from Plinth's own, by name or by what is in them", () => {
  for (const name of [...COMPOSE_NAMES, "compose.prod.yaml", "docker-compose-ci.yml"])
    assert.ok(isCompose(name, {}));
  const services = (each: object): object => ({ name: "x", services: { a: each } });
  assert.ok(isCompose("stack.yaml", services({ image: "i", ports: [] })));
  assert.ok(isCompose("stack.yaml", { services: { a: { image: "i" } } }));
  assert.ok(!isCompose("stack.yaml", services({ image: "i" })));
  assert.ok(!isCompose("stack.yaml", { ...services({ image: "i", ports: [] }), ingress: {} }));
  assert.ok(!isCompose("plinth.config.yaml", services({ ports: [] })));
  assert.ok(!isCompose("compose.json", services({ ports: [] })));
  assert.ok(!isCompose("stack.yaml", "text"));
});
