import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ASKING, lacksBusybox, writeBusyboxImage } from "./busybox-image.ts";
import { createPlinth, createProject, isGone, type Plinth, startLoad } from "./index.ts";

const SHOP = new URL("../../examples/shop", import.meta.url).pathname;
const NOBODY = 65_534;
const asNobody = ["setpriv", "--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups", "--"] as const;

function skipReason(): string | false {
  if (process.geteuid?.() !== 0) return "only root may run others as an ordinary user";
  const [program, ...words] = [...asNobody, "unshare", "--user", "--", process.execPath, "-e", ""];
  const { status } = spawnSync(program, [...words, import.meta.filename]);
  if (status !== 0) return "setpriv is missing, or user 65534 may make no user namespaces";
  return lacksBusybox() ?? false;
}

const skip = skipReason();

/** A Plinth of nobody's; with `hasIds` it has subordinate ids, in mounts of its own. */
function createRootless(hasIds: boolean): Plinth {
  const home = mkdtempSync(join(tmpdir(), "plinth-home-"));
  chownSync(home, NOBODY, NOBODY);
  const ids = join(home, "ids");
  if (hasIds) writeFileSync(ids, "nobody:200000:65536\n");
  const script = 'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec "$@"';
  const mounts = hasIds ? ["unshare", "--mount", "--", "/bin/sh", "-c", script, ids] : [];
  const machine = { name: "here", address: "127.0.0.1", inside: [...mounts, ...asNobody], cable: () => {} };
  return createPlinth({ HOME: home }, home, machine);
}

for (const hasIds of [false, true]) {
  const isReady = !hasIds || existsSync("/usr/bin/newuidmap");
  test(
    `an ordinary user ${hasIds ? "with subordinate ids" : "with no id but their own"} runs images and isolated commands, which outlive the daemon and leave nothing`,
    { skip: isReady ? skip : "no newuidmap here (Debian's uidmap)" },
    async () => {
      using project = createProject();
      chmodSync(project.directory, 0o755);
      await writeBusyboxImage(join(project.directory, "image"), "one");
      project.write("asking.mjs", ASKING);
      const configure = (user: object): void =>
        project.configure({
          name: "crate",
          services: {
            web: { image: "oci:./image", ...user, volumes: { kept: "/kept" } },
            front: {
              command: ["node", "asking.mjs"],
              isolate: true,
              calls: ["web"],
              env: { OUTSIDE: project.directory },
            },
          },
          ingress: { "*": "front" },
        });
      await using plinth = createRootless(hasIds);
      if (!hasIds) {
        configure({});
        const refused = await plinth.run(["up", project.directory, "--detach"]);
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, /as user "web": without root, an image can have root only/);
      }
      configure(hasIds ? {} : { user: "root" });
      const uid = hasIds ? "1000" : "0";
      await plinth.up(project.directory);

      const [text, ...who] = (await plinth.get("/who")).body.split("\n");
      assert.deepEqual([text, who[0], who[3], who[4]], ["one", uid, "NoNewPrivs:\t1", "Seccomp:\t2"]);
      const self = JSON.parse((await plinth.get("/self")).body) as Record<string, unknown>;
      assert.deepEqual([self["filtered"], self["written"], self["home"]], [true, "EROFS", false]);
      const before = await plinth.ps();
      assert.deepEqual(new Set(before.map(({ driver }) => driver)), new Set(["container"]));
      assert.match((await plinth.status()).notices.join("\n"), /Containers are made without root/);
      const doctor = (await plinth.run(["doctor"])).stdout;
      assert.match(doctor, hasIds ? /√ ids: users of images are your subordinate ids/ : /‼ ids: .*root/);

      process.kill(await plinth.pidOf("daemon"), "SIGKILL");
      await plinth.until("another daemon answers", async () => (await plinth.run(["ps"])).code === 0);
      const pidsOf = (rows: typeof before): Set<unknown> => new Set(rows.map(({ pid }) => pid));
      assert.deepEqual(pidsOf(await plinth.ps()), pidsOf(before), "nobody is restarted for a daemon's sake");
      for (const { instance, service } of before)
        await lookInside(plinth, instance, service === "web" ? uid : `${NOBODY}`);

      assert.equal((await plinth.run(["down", "crate"])).code, 0);
      assert.deepEqual(readdirSync(join(plinth.home, "instances")), []);
      assert.deepEqual(
        globSync(`/sys/fs/cgroup/{,*/}plinth-{${before.map(({ instance }) => instance).join()}}-*`),
        [],
      );
      assert.deepEqual(
        before.filter(({ pid }) => !isGone(pid!)),
        [],
      );
    },
  );
}

test(
  "an ordinary user runs the example shop, its container and its store; both and the cart are killed, and nothing is lost",
  {
    skip,
  },
  async () => {
    execFileSync(process.execPath, [`${SHOP}/recommend/node-image.ts`]);
    await using plinth = createRootless(false);
    await plinth.up(SHOP);
    await using load = startLoad({ port: await plinth.ingressPort(), path: "/cart" });
    await load.more(50);
    const instanceOf = async (service: string) => (await plinth.ps()).find((row) => row.service === service)!;
    assert.equal((await instanceOf("recommend")).driver, "container");
    for (const service of ["cart", "carts", "recommend"]) {
      const { pid, restarts } = await instanceOf(service);
      process.kill(pid!, "SIGKILL");
      const isAgain = async (): Promise<boolean> => (await instanceOf(service)).restarts > restarts;
      await plinth.until(`${service} is started again`, isAgain);
    }
    await plinth.until("all are ready", async () => (await plinth.ps()).every(({ ready }) => ready));
    await load.more(50);
    assert.match((await plinth.get("/products/mug")).body, /Goes well with it/);
    assert.deepEqual((await load.stop()).failures, {});
  },
);

/** By a daemon that did not start it. */
async function lookInside(plinth: Plinth, instance: string, uid: string): Promise<void> {
  const sh = (script: string, input?: string) =>
    plinth.run(["exec", ...(input === undefined ? [] : ["-i"]), instance, "--", "sh", "-c", script], input);
  const typed = await sh("cat; echo $PLINTH_INSTANCE; id -u; exit 5", "typed ");
  assert.deepEqual([typed.stdout, typed.code], [`typed ${instance}\n${uid}\n`, 5], typed.stderr);
  // Neither by the machine's own files nor by processes beside it.
  const tried = await sh(
    "cat /etc/shadow /proc/1/root/etc/shadow; kill -9 1; echo x > /sys/kernel/uevent_seqnum; mount -t tmpfs none /tmp; true",
  );
  assert.equal(tried.stdout, "");
  const local = join(plinth.home, "note");
  writeFileSync(local, "seeded");
  chownSync(local, NOBODY, NOBODY);
  assert.equal((await plinth.run(["cp", local, `${instance}:/tmp/note`])).code, 0);
  assert.equal((await sh("cat /tmp/note")).stdout, "seeded");
  const copied = await plinth.run(["cp", `${instance}:/tmp/note`, `${local}-back`]);
  assert.equal(copied.code, 0, copied.stderr);
}
