import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { PsRow, Release } from "@plinth/resource";
import { detectNetwork } from "@plinth/run";
import {
  createPlinth,
  createProject,
  isGone,
  type Load,
  type Plinth,
  type Project,
  startLoad,
} from "./index.ts";
import { createMachines, type Machine } from "./machines.ts";
import { containerTraces, NO_CONTAINER_TRACES } from "./traces.ts";
import { ASKING, lacksBusybox, writeBusyboxImage } from "./busybox-image.ts";

const ability = await detectNetwork();
const isRoot = process.getuid?.() === 0;
const skip = isRoot ? (lacksBusybox() ?? false) : "containers are made by root";
const mesh = ability.available ? "transparent" : "cooperative";

function configure(project: Project, outside: string, more: object = {}): void {
  project.write("asking.mjs", ASKING);
  project.configure({
    name: "crate",
    services: {
      web: {
        image: "oci:./image",
        volumes: { kept: "/kept" },
        ...(mesh === "transparent" && { replicas: 2 }),
      },
      front: {
        command: ["node", "asking.mjs"],
        isolate: true,
        calls: ["web"],
        env: { OUTSIDE: outside },
        resources: { memory: "256MiB", processes: 64 },
      },
      plain: { command: ["node", "asking.mjs"], calls: ["web"] },
      ...more,
    },
    ingress: { "*": "front", "plain.localhost": "plain" },
  });
}

const digestOf = async (plinth: Plinth, release: number): Promise<string | undefined> => {
  const { stdout } = await plinth.run(["get", "release", `crate.${release}`, "-o", "json"]);
  return (JSON.parse(stdout) as Release).spec.services["web"]?.imageDigest;
};

test(
  "an image, an isolated command and a process are one app: deployed under load, rolled back to the same bytes, seen into, and gone without a trace",
  { skip },
  async () => {
    using project = createProject();
    await writeBusyboxImage(join(project.directory, "image"), "one");
    configure(project, project.directory);
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--mesh", mesh);

    const [text, uid, , caps, privileges, seccomp] = (await plinth.get("/who")).body.split("\n");
    assert.deepEqual([text, uid], ["one", "1000"]);
    assert.match(`${caps} ${privileges} ${seccomp}`, /CapEff:\t0+ NoNewPrivs:\t1 Seccomp:\t2/);
    const self = JSON.parse((await plinth.get("/self")).body) as Record<string, unknown>;
    assert.equal(self["filtered"], true);
    assert.equal(self["written"], "EROFS");
    assert.equal(self["home"], false, "the project is seen by its kept copy only");
    assert.notEqual(self["shadow"], readFileSync("/etc/shadow", "utf8").length);
    const ps = (await plinth.run(["ps"])).stdout;
    const first = await plinth.ps();
    assert.equal(first.find(({ service }) => service === "web")?.driver, "container");
    assert.match(ps, /crate\.web\.\w+ +Ready/);

    await using load = startLoad({ port: await plinth.ingressPort() });
    await load.more(100);
    await writeBusyboxImage(join(project.directory, "image"), "two");
    const plan = (await plinth.run(["plan", project.directory])).stdout;
    assert.match(plan, /oci:\.\/image → sha256:[0-9a-f]{12}/);
    await plinth.up(project.directory, "--mesh", mesh);
    await load.more(100);
    assert.match((await plinth.get("/", "plain.localhost")).body, /^two\n/);
    // What the first release was made of is kept, whatever became of the layout it came from.
    rmSync(join(project.directory, "image"), { recursive: true });
    assert.notEqual(await digestOf(plinth, 1), await digestOf(plinth, 2));
    assert.equal((await plinth.run(["rollback", "crate"])).code, 0);
    await plinth.until("the first release answers", async () => (await plinth.get("/")).body === "one\n");
    await load.more(100);

    const before = await plinth.ps();
    process.kill(await plinth.pidOf("daemon"), "SIGKILL");
    await load.more(100);
    await plinth.until("another daemon answers", async () => (await plinth.run(["ps"])).code === 0);
    const after = await plinth.ps();
    assert.deepEqual(
      new Set(after.map(({ pid }) => pid)),
      new Set(before.map(({ pid }) => pid)),
      "nobody is restarted for a daemon's sake",
    );
    assert.deepEqual((await load.stop()).failures, {});

    await lookInside(plinth, after.find(({ service }) => service === "web")!.instance, project);
    const refused = await plinth.run(["volumes", "rm", "crate/kept"]);
    assert.match(refused.stderr, /Cannot remove volume "crate\/kept": web of crate may write to it/);
    const pids = after.map(({ pid }) => pid!);
    assert.equal((await plinth.run(["down", "crate"])).code, 0);
    const seen = [...before, ...first].map(({ instance }) => instance);
    assert.deepEqual(containerTraces(plinth.home, seen), NO_CONTAINER_TRACES);
    assert.deepEqual(
      pids.filter((pid) => !isGone(pid)),
      [],
    );
    assert.equal(readFileSync(join(plinth.home, "volumes", "crate", "kept", "note"), "utf8"), "kept");
    const [kept] = await plinth.json<readonly { name: string; services: string[]; bytes: number }[]>(
      "volumes",
      "ls",
    );
    assert.deepEqual([kept?.name, kept?.services, kept!.bytes > 0], ["crate/kept", [], true]);
    assert.equal((await plinth.run(["volumes", "rm", "crate/kept"])).code, 0);
    assert.deepEqual(readdirSync(join(plinth.home, "volumes", "crate")), []);
  },
);

/** By a daemon that did not start it. */
async function lookInside(plinth: Plinth, instance: string, project: Project): Promise<void> {
  const sh = (script: string, input?: string) =>
    plinth.run(["exec", ...(input === undefined ? [] : ["-i"]), instance, "--", "sh", "-c", script], input);
  const typed = await sh("cat; echo $PLINTH_INSTANCE; id -u; exit 5", "typed ");
  assert.deepEqual([typed.stdout, typed.code], [`typed ${instance}\n1000\n`, 5]);
  assert.match((await sh("cat /dev-disk")).stderr, /Permission denied|not permitted/);

  project.write("seed/deep/file", "seeded");
  mkdirSync(join(project.directory, "got"));
  const local = (name: string): string => join(project.directory, name);
  assert.equal((await plinth.run(["cp", local("seed"), `${instance}:/kept/`])).code, 0);
  assert.equal((await sh("cat /kept/seed/deep/file")).stdout, "seeded");
  project.write("note", "kept");
  assert.equal((await plinth.run(["cp", local("note"), `${instance}:/kept/note`])).code, 0);
  assert.equal((await plinth.run(["cp", `${instance}:/kept/seed`, local("got")])).code, 0);
  assert.equal(readFileSync(local("got/seed/deep/file"), "utf8"), "seeded");
  // A link out of the image leads to what the container has there.
  assert.equal((await plinth.run(["cp", `${instance}:/data/out/passwd`, local("passwd")])).code, 0);
  assert.match(readFileSync(local("passwd"), "utf8"), /^root:.*\nweb:x:1000/);
}

const IDLE = {
  image: "oci:./image",
  command: ["exec sleep 1000000"],
  health: { ready: { exec: ["/bin/true"] } },
};
/** Some 100 MB a second. */
const LOUD = "while :; do dd if=/dev/zero bs=1M count=10 2>/dev/null; usleep 100000; done";
const isLong = process.env["PLINTH_SOAK"] === "1";
/** Of the whole home, image and all; its tenth is what is kept free. */
const HOME_BYTES = 2 ** 30;

/** A file system of its own, which nothing else fills or frees. */
function createSmallDisk(bytes: number): Disposable & { readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), "plinth-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=700`, "tmpfs", directory]);
  assert.equal(mounted.status, 0, String(mounted.stderr));
  return {
    directory,
    [Symbol.dispose]: () => {
      spawnSync("umount", ["-l", directory]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function assertOthersUnhurt(plinth: Plinth, load: Load): Promise<void> {
  const others = (await plinth.ps()).filter(({ service }) => ["web", "front", "plain"].includes(service));
  assert.deepEqual(
    new Set(others.map(({ state, restarts }) => `${state} ${restarts}`)),
    new Set(["Ready 0"]),
  );
  assert.deepEqual((await load.stop()).failures, {});
}

test(
  "bombs in containers, of processes, memory and log lines, hurt nobody else",
  { skip: isLong ? skip : "takes a minute: PLINTH_SOAK=1" },
  async () => {
    using project = createProject();
    await writeBusyboxImage(join(project.directory, "image"), "one");
    const held = { memory: "64MiB", processes: 50, cpu: 0.5 };
    configure(project, "", {
      forks: { ...IDLE, resources: held },
      memory: { ...IDLE, resources: held },
      loud: { ...IDLE, command: [LOUD], resources: held },
    });
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--mesh", mesh);
    const instances = await plinth.ps();
    const nameOf = (name: string): string => instances.find(({ service }) => service === name)!.instance;
    await using load = startLoad({ port: await plinth.ingressPort() });
    await load.more(500);
    const bombs = [
      ["forks", "bomb() { bomb | bomb & }; bomb; sleep 20"],
      ["memory", "tail /dev/zero"],
    ].map(([name, script]) => plinth.run(["exec", nameOf(name!), "--", "sh", "-c", script!]));
    await load.more(2000);
    const bytes = (path: string): number =>
      globSync(`${path}/*`).reduce((sum, file) => sum + statSync(file).blocks * 512, 0);
    await plinth.until(
      "the log is trimmed",
      async () => bytes(join(plinth.home, "logs", nameOf("loud"))) > 0,
    );
    await load.more(2000);
    assert.ok(bytes(join(plinth.home, "logs", nameOf("loud"))) < 2 ** 30, "its log is capped");
    await assertOthersUnhurt(plinth, load);
    assert.equal((await plinth.run(["down", "crate"])).code, 0);
    await Promise.all(bombs);
    const seen = instances.map(({ instance }) => instance);
    assert.deepEqual(containerTraces(plinth.home, seen), NO_CONTAINER_TRACES);
  },
);

/** Some 400 MB a second, as a fast disk takes them, for as long as there is room. */
const FLOOD =
  "exec 3>/tmp/flood; while :; do dd if=/dev/zero bs=1M count=4 2>/dev/null >&3; usleep 10000; done";
/** The same to a file that has no name any more. */
const NAMELESS = FLOOD.replace(";", "; rm /tmp/flood;");

test(
  "disk bombs in containers end when they have written what they may, or nearly all there is, and hurt nobody else",
  { skip },
  async () => {
    using project = createProject();
    await writeBusyboxImage(join(project.directory, "image"), "one");
    using disk = createSmallDisk(HOME_BYTES);
    configure(project, "", {
      limited: { ...IDLE, user: "root", resources: { disk: "64MiB" } },
      greedy: { ...IDLE, user: "root" },
      nameless: { ...IDLE, user: "root" },
    });
    await using plinth = createPlinth({}, join(disk.directory, "home"));
    await plinth.up(project.directory, "--mesh", mesh);
    await using load = startLoad({ port: await plinth.ingressPort() });
    await load.more(100);
    const one = async (name: string): Promise<PsRow> =>
      (await plinth.ps()).find(({ service }) => service === name)!;
    for (const [name, script, reason] of [
      ["limited", FLOOD, /^Evicted: it wrote [0-9.]+ MiB, and "resources.disk" is 64 MiB$/],
      ["greedy", FLOOD, /^Evicted: the disk had [0-9.]+ MiB left, .*and it had written most: [0-9.]+ MiB$/],
      ...(isLong ? [["nameless", NAMELESS, /^Evicted: the disk had /] as const] : []),
    ] as const) {
      const { instance } = await one(name);
      const bomb = plinth.run(["exec", instance, "--", "sh", "-c", script]);
      await plinth.until(`${name} is evicted`, async () => reason.test((await one(name)).reason ?? ""));
      await bomb;
      await plinth.until(`${name} runs again`, async () => (await one(name)).state === "Ready");
      assert.equal((await one(name)).restarts, 1);
      const { bavail, bsize } = statfsSync(disk.directory);
      assert.ok(bavail * bsize > HOME_BYTES / 2, "what it wrote is gone");
    }
    await load.more(100);
    await assertOthersUnhurt(plinth, load);
    const down = await plinth.run(["down", "crate"]);
    assert.equal(down.code, 0, down.stderr);
  },
);

test(
  "an image that only the first host has runs on a joined one, too",
  {
    skip: isLong
      ? skip === false && !ability.available
        ? "no hosts of namespaces here"
        : skip
      : "PLINTH_SOAK=1",
  },
  async () => {
    using project = createProject();
    await writeBusyboxImage(join(project.directory, "image"), "one");
    await using made = await createMachines("alpha", "beta");
    const [first, second] = made.machines as [Machine, Machine];
    await using alpha = createPlinth({}, undefined, first);
    await using beta = createPlinth({}, undefined, second);
    const deploy = (replicas: number): Promise<void> => {
      const web = { image: "oci:./image", replicas };
      project.configure({ name: "crate", services: { web }, ingress: { "*": "web" } });
      return alpha.up(project.directory, "--mesh", mesh, "--ingress-address", first.address);
    };
    await deploy(1);
    const token = await alpha.run(["join-token"]);
    const joined = await beta.run(["join", "--mesh", mesh], token.stdout);
    assert.equal(joined.code, 0, joined.stderr);
    rmSync(join(beta.home, "images"), { recursive: true, force: true });
    await deploy(2);
    const there = (await alpha.ps()).find(({ host }) => host === "beta");
    assert.equal(there?.state, "Ready", JSON.stringify(await alpha.ps()));
    const asked = await alpha.run(["exec", there.instance, "--", "cat", "/www/text"]);
    assert.equal(asked.stdout, "one\n", asked.stderr);
    assert.match((await alpha.run(["exec", "-i", there.instance, "--", "cat"], "x")).stderr, /it is on beta/);
  },
);
