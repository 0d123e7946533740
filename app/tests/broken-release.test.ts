import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createPlinth, createProject, type Plinth, type Project, serverSaying, startLoad } from "./index.ts";

const EXIT_UNHEALTHY = 5;

function site(project: Project, command: readonly string[]): void {
  project.configure({
    name: "site",
    services: {
      web: {
        command,
        replicas: 2,
        health: { startup: { http: "/", period: "100ms", timeout: "500ms", failureThreshold: 20 } },
      },
    },
    ingress: { "*": "web" },
  });
}

interface Halted {
  readonly status: {
    readonly phase: string;
    readonly activeRelease: number;
    readonly failedRelease: number;
    readonly failure: {
      readonly reason: string;
      readonly message: string;
      readonly exitCode?: number;
      readonly probe?: string;
      readonly log?: string[];
    };
  };
}

async function shipsBroken(project: Project, plinth: Plinth): Promise<{ halted: Halted; told: string }> {
  await using load = startLoad({ port: await plinth.ingressPort() });
  await load.more(50);
  const { code, stderr, stdout } = await plinth.run(["up", project.directory, "--detach"]);
  assert.equal(code, EXIT_UNHEALTHY, stdout + stderr);
  await load.more(50);
  const report = await load.stop();
  assert.deepEqual(report.failures, {});
  assert.match((await plinth.get("/")).body, /"good"/);
  const halted = await plinth.json<Halted>("get", "app", "site");
  assert.equal(halted.status.phase, "Failed");
  assert.equal(halted.status.activeRelease, 1);
  return { halted, told: stderr + stdout };
}

test("a release that crashes at start is halted: the old one serves, exit code and last words are told", async () => {
  using project = createProject();
  project.write("server.mjs", serverSaying("good"));
  site(project, ["node", "server.mjs"]);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  project.write("server.mjs", `console.error("no database, no shop"); process.exit(3);`);
  const { halted, told } = await shipsBroken(project, plinth);
  assert.equal(halted.status.failure.reason, "Crashed");
  assert.equal(halted.status.failure.exitCode, 3);
  assert.ok(halted.status.failure.log?.some((line) => line.includes("no database, no shop")));
  assert.match(told, /no database, no shop/);
  assert.doesNotMatch(told, /has to listen/, "it says itself what is wrong");

  project.write("server.mjs", serverSaying("mended"));
  await plinth.up(project.directory);
  assert.match((await plinth.get("/")).body, /"mended"/);
});

test("a release that never gets ready is halted: the last probe's answer is told", async () => {
  using project = createProject();
  project.write("server.mjs", serverSaying("good"));
  site(project, ["node", "server.mjs"]);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  project.write(
    "server.mjs",
    serverSaying("sick").replace("const body", "response.statusCode = 503; const body"),
  );
  const { halted, told } = await shipsBroken(project, plinth);
  assert.equal(halted.status.failure.reason, "NotReady");
  assert.match(halted.status.failure.probe ?? "", /503/);
  assert.match(told, /503/);
});

test("a release whose program is missing is halted: the program is named", async () => {
  using project = createProject();
  project.write("server.mjs", serverSaying("good"));
  site(project, ["node", "server.mjs"]);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  site(project, ["no-such-program", "--port", "${PORT}"]);
  const { halted, told } = await shipsBroken(project, plinth);
  assert.equal(halted.status.failure.reason, "CannotStart");
  assert.match(told, /no-such-program/);
});

test("a first release that crashes is told as failed, and a mended one takes its place", async () => {
  using project = createProject();
  project.write("server.mjs", "process.exit(9)");
  site(project, ["node", "server.mjs"]);
  await using plinth = createPlinth();
  const { code, stderr } = await plinth.run(["up", project.directory, "--detach"]);
  assert.equal(code, EXIT_UNHEALTHY);
  assert.match(stderr, /exit code 9|code 9|ended with 9/);
  project.write("server.mjs", serverSaying("mended"));
  await plinth.up(project.directory);
  assert.match((await plinth.get("/")).body, /"mended"/);
});

test("asking again for what failed, without a change, is another try with new processes", async () => {
  using project = createProject();
  using elsewhere = createProject();
  const flag = join(elsewhere.directory, "flag");
  project.write(
    "server.mjs",
    `import { existsSync } from "node:fs"; if (!existsSync(${JSON.stringify(flag)})) process.exit(4);\n${serverSaying("there")}`,
  );
  site(project, ["node", "server.mjs"]);
  await using plinth = createPlinth();
  for (let attempt = 0; attempt < 2; attempt++) {
    assert.equal((await plinth.run(["up", project.directory, "--detach"])).code, EXIT_UNHEALTHY);
  }
  elsewhere.write("flag", "");
  await plinth.up(project.directory);
  assert.match((await plinth.get("/")).body, /"there"/);
});

test("a host name that another app has is refused, and both go on as they were", async () => {
  using project = createProject();
  project.write("server.mjs", serverSaying("good"));
  site(project, ["node", "server.mjs"]);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  using other = createProject();
  other.write("server.mjs", serverSaying("other"));
  other.configure({
    name: "other",
    services: { web: { command: ["node", "server.mjs"] } },
    ingress: { "*": "web" },
  });
  const { code, stderr } = await plinth.run(["up", other.directory, "--detach"]);
  assert.equal(code, EXIT_UNHEALTHY);
  assert.match(stderr, /belongs to app "site"/);
  assert.match((await plinth.get("/")).body, /"good"/);
});
