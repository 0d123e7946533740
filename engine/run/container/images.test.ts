import assert from "node:assert/strict";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { systemClock } from "@plinth/clock";
import { openFiles } from "@plinth/process/testing";
import { scratch, untilLogged } from "../driver-conformance.ts";
import type { Driver, TaskSpec, TerminalSize } from "../driver.ts";
import { type FakeEntry, fakeImage, writeFakeLayout } from "../image/fake-images.ts";
import { removeTree } from "../remove-tree.ts";
import { findTool } from "../tool-path.ts";
import { openImageStore } from "../image/store/open.ts";
import { createContainerDriver } from "./driver.ts";
import { fingerprintContainerDriver } from "./fingerprint.ts";
import { hostIdOf } from "./id-maps.ts";
import { initDirectoryOfTests } from "../driver-conformance.ts";
import type { TaskSandbox } from "./sandbox.ts";

/** Of its own: another run of this file may go on beside. */
const ID = `images.web.a${process.pid}`;
const BUSYBOX = "/usr/bin/busybox";
const { available, reason, rootless, attributes } = await fingerprintContainerDriver(initDirectoryOfTests());
const skip = available
  ? existsSync(BUSYBOX)
    ? false
    : "no /usr/bin/busybox (Debian's busybox-static)"
  : `no containers here: ${reason ?? ""}`;

const folders = ["bin", "data", "dev", "etc", "proc", "sys", "tmp"].map((name): FakeEntry => ({
  name: `${name}/`,
  type: "directory",
}));
const programs = [
  "cat",
  "chmod",
  "grep",
  "id",
  "ls",
  "mount",
  "rm",
  "sh",
  "sleep",
  "stat",
  "stty",
  "tail",
  "touch",
];

interface Scene extends AsyncDisposable {
  readonly driver: ReturnType<typeof createContainerDriver>;
  /** A task of the image that runs a script. */
  readonly task: (script: string, sandbox?: Partial<TaskSandbox>, changes?: Partial<TaskSpec>) => TaskSpec;
  readonly directory: string;
  readonly log: () => string;
  readonly until: (handle: Awaited<ReturnType<Driver["start"]>>, wanted: string) => Promise<string>;
}

async function scene(): Promise<Scene> {
  await using setup = new AsyncDisposableStack();
  const place = setup.use(scratch(ID));
  // Not all of it is ours to remove, without root.
  setup.defer(() => removeTree(place.directory, initDirectoryOfTests()));
  const base: FakeEntry[] = [
    ...folders,
    { name: "bin/busybox", content: readFileSync(BUSYBOX), mode: 0o755 },
    ...programs.map((name): FakeEntry => ({ name: `bin/${name}`, type: "symlink", target: "busybox" })),
    { name: "etc/passwd", content: "web:x:1000:1001::/data:/bin/sh\n" },
    { name: "etc/group", content: "web:x:1001:\nmore:x:7:web\n" },
    { name: "disk", type: "block", deviceMajor: 254, mode: 0o666 },
    { name: "etc/old", content: "old" },
    { name: "srv/own/", type: "directory", mode: 0o700, uid: 1000, gid: 1001 },
    { name: "srv/own/file", content: "", mode: 0o4711, uid: 1000, gid: 7 },
    { name: "bin/busybox-rooted", content: readFileSync(BUSYBOX), mode: 0o4755 },
  ];
  const upper: FakeEntry[] = [{ name: "etc/.wh.old" }, { name: "etc/new", content: "new" }];
  const layout = join(place.directory, "layout");
  mkdirSync(layout);
  const config = { Entrypoint: ["/bin/sh", "-c"], Env: ["FROM=image"], WorkingDir: "/data" };
  await writeFakeLayout(layout, { latest: fakeImage({ layers: [base, upper], config }) });
  const images = setup.use(await openImageStore(join(place.directory, "images"), { clock: systemClock }));
  const { digest } = await images.pull(`oci:${layout}`, { pin: false });
  const driver = createContainerDriver({
    clock: systemClock,
    images,
    initDirectory: join(place.directory, "init"),
  });
  const lifetime = setup.move();
  return {
    driver,
    directory: place.directory,
    log: place.log,
    until: (handle, wanted) => untilLogged(place, handle, wanted),
    task: (script, sandbox = {}, changes = {}) =>
      place.spec([script], {
        env: {},
        sandbox: {
          system: { image: digest },
          entrypoint: undefined,
          workdir: undefined,
          user: undefined,
          mounts: [],
          tmpfs: [],
          readOnlyRootfs: false,
          capabilities: { add: [], drop: [] },
          seccomp: "default",
          apparmor: undefined,
          runtime: "plinth",
          ...sandbox,
        },
        ...changes,
      }),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

test(
  "a container is of its image's layers, as the image's or the service's user, in no one's way",
  { skip },
  async (context) => {
    context.diagnostic(`overlay: ${attributes["overlay"]}`);
    await using place = await scene();
    const { driver, task } = place;
    const owners = "stat -c %u:%g:%a /srv/own /srv/own/file; /bin/busybox-rooted id -u";
    const script = `${owners}; cat /etc/new; ls /etc; id; echo; echo "$FROM $PLINTH_INSTANCE $HOME"; cat /proc/self/status | grep -E "Cap(Eff|Bnd)|NoNew|Seccomp:"; cat /disk; touch /x && echo written`;
    using root = await driver.start(task(`${script}; ls -l /data`));
    assert.equal((await root.wait()).code, 0, place.log());
    const said = place.log();
    const hasOwners = rootless === undefined || rootless.ids.maps !== undefined;
    assert.ok(
      said.startsWith(hasOwners ? "1000:1001:700\n1000:7:4711\n0\n" : "0:0:700\n0:0:4711\n0\n"),
      said,
    );
    assert.match(said, /\nnewgroup\nhostname\nhosts\nnew\npasswd\nresolv.conf\n/);
    assert.match(said, /uid=0 gid=0/);
    assert.ok(said.includes(`image ${ID} /root`));
    assert.match(said, /NoNewPrivs:\t1\nSeccomp:\t2/);
    // Without root, nobody could even make it.
    assert.match(said, rootless ? /disk.*No such file/ : /disk.*(Permission denied|not permitted)/);
    assert.match(said, /written/);
    if (!hasOwners) {
      await assert.rejects(driver.start(task(script, { user: "web" })), {
        code: "unsupported",
        message: /^Cannot start it as user "web": without root, an image can have root only; /,
        hint: /(uidmap|usermod --add-subuids)/,
      });
      return;
    }

    using other = await driver.start(
      task(script, { user: "web", readOnlyRootfs: true, mounts: [volumeOf(place.directory)] }),
    );
    await other.wait();
    const again = place.log().slice(said.length);
    assert.match(again, /^1000$/m, "a program of root's is no way to be root");
    assert.match(again, /uid=1000\(web\) gid=1001\(web\) groups=7\(more\)/);
    assert.ok(again.includes(`image ${ID} /data`));
    assert.match(again, /CapEff:\t0+\n/);
    assert.match(again, /touch: \/x: Read-only file system/);
    assert.doesNotMatch(again, /^x$/m, "what another start wrote is gone");
    const { uid, gid } = statSync(join(place.directory, "volume"));
    const outside = rootless?.ids.maps;
    const expected = outside ? [hostIdOf(1000, outside.uid), hostIdOf(1001, outside.gid)] : [1000, 1001];
    assert.deepEqual([uid, gid], expected, "a new volume belongs to who uses it");
  },
);

test("exec() gives a terminal of the container's own: sizes, keys and the exit code", { skip }, async () => {
  await using place = await scene();
  const { driver, task } = place;
  using handle = await driver.start(task("sleep 600"));
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  let said = "";
  const heard = (wanted: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!wanted.test(said)) return;
        stdout.off("data", look);
        resolve();
      };
      stdout.on("data", look);
      look();
    });
  stdout.on("data", (data: Buffer) => (said += data.toString()));
  let resize: ((size: TerminalSize) => void) | undefined;
  const ended = driver.exec(handle, ["/bin/sh"], {
    env: { PS1: "> ", TERM: "dumb" },
    directory: "/",
    stdin,
    stdout,
    terminal: { size: { rows: 40, columns: 100 }, onSize: (listener) => (resize = listener) },
  });
  // One job: a key that is pressed between two would be nobody's.
  stdin.write("sh -c 'stty size; echo rea''dy; exec sleep 600'\r");
  await heard(/40 100\r\nready/);
  stdin.write("\u0003");
  stdin.write("echo code $?\r");
  await heard(/code 130/);
  resize?.({ rows: 50, columns: 120 });
  stdin.write("until stty size | grep '50 120'; do sleep 0.05; done; test -t 1 && exit 7\r");
  assert.equal(await ended, 7);
  assert.match(said, /\r\n50 120\r\n/);
  assert.deepEqual(handle.members().length, 1, "nothing of the command is left");
  await handle.stop({ graceMs: 0 });
});

for (const runtime of ["plinth", "crun", "runc"]) {
  const isHere = runtime === "plinth" || (rootless === undefined && findTool(runtime) !== undefined);
  test(
    `bombs of processes and of memory are held by their own limits, by ${runtime}`,
    { skip: isHere ? skip : `no ${runtime} here, or none without root` },
    async (context) => {
      await using place = await scene();
      const [limitation] = place.driver.check(EVERY_LIMIT);
      if (limitation !== undefined) {
        context.skip(limitation.reason);
        return;
      }
      const { driver, task, until } = place;
      const limits = EVERY_LIMIT;
      const bomb = "echo up; bomb() { bomb | bomb & }; bomb 2>/dev/null; while :; do sleep 1; done";
      using forks = await driver.start(task(bomb, { runtime }, { limits }));
      await until(forks, "up");
      // A runtime of others has some room for its own.
      assert.ok(forks.members().length <= (runtime === "plinth" ? 20 : 52));
      await forks.stop({ graceMs: 0 });
      assert.deepEqual(forks.members(), []);
      using memory = await driver.start(task("exec tail /dev/zero", { runtime }, { limits }));
      const { cause, code } = await memory.wait();
      assert.deepEqual([cause, code], ["out-of-memory", 137]);
      assert.deepEqual(globSync(`/sys/fs/cgroup/{,*/}{,**/}plinth-${ID}-*`), []);
    },
  );
}

const MIB = 2 ** 20;
const EVERY_LIMIT = {
  memoryBytes: 32 * MIB,
  cpus: 0.5,
  processes: 20,
  diskBytes: undefined,
  bestEffort: false,
};

test(
  "what a container has written is counted, whoever owns it and with a name or without, and can be cleared",
  {
    skip,
  },
  async () => {
    await using place = await scene();
    const { driver, task, directory } = place;
    const script = `
    of() { busybox dd if=/dev/zero bs=1M count=8 2>/dev/null; }
    of > /named
    busybox mkdir -m 700 /closed; of > /closed/file; busybox chown -R 1000:1001 /closed 2>/dev/null
    exec 3> /nameless; rm /nameless; of >&3
    of > /data/volume
    echo up; sleep 600`;
    using handle = await driver.start(task(script, { mounts: [volumeOf(directory)] }));
    await place.until(handle, "up");
    const written = await driver.writtenBytes(handle);
    assert.ok(written >= 24 * MIB && written < 25 * MIB, `${written} bytes`);
    const exit = await handle.stop({ graceMs: 0 });
    const { id, stateDirectory } = task("");
    await driver.clear({ id, stateDirectory });
    assert.equal(await driver.writtenBytes(handle), 0);
    using again = await driver.recover({ id, stateDirectory });
    assert.deepEqual(again?.exit(), exit);
  },
);

const volumeOf = (directory: string): TaskSandbox["mounts"][number] => ({
  source: join(directory, "volume"),
  target: "/data",
  readOnly: false,
  isVolume: true,
});

test("a container that begins and ends again and again leaves nothing on the machine", { skip }, async () => {
  await using place = await scene();
  const { driver, task, directory } = place;
  const traces = (): unknown => ({
    mounts: readFileSync("/proc/self/mountinfo", "utf8").split("\n").length,
    cgroups: globSync(`/sys/fs/cgroup/{,*/}plinth-${ID}-*`),
    // Numbers differ from one to the next.
    descriptors: openFiles("self")
      .map((name) => name.replace(/[0-9]+/g, "N"))
      .sort(),
    children: readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").length,
    state: readdirSync(join(directory, "state")),
  });
  const round = async (): Promise<void> => {
    using handle = await driver.start(task("touch /data/file; echo up; sleep 600 & sleep 600"));
    await place.until(handle, "up");
    await driver.exec(handle, ["/bin/touch", "/data/other"], { env: {}, directory: "/" });
    await handle.stop({ graceMs: 0 });
    writeFileSync(join(directory, "log"), "");
  };
  await round();
  const before = traces();
  const rounds = process.env["PLINTH_SOAK"] === "1" ? 1000 : 5;
  for (let count = 0; count < rounds; count++) await round();
  // A socket or a thread that is let go of is closed some turns later; what stays would stay for ever.
  for (let turn = 0; turn < 200 && !isDeepStrictEqual(traces(), before); turn++) await systemClock.sleep(5);
  assert.deepEqual(traces(), before);
});

test(
  "what cannot be had is refused in words: an image that is not here, a user, AppArmor, a profile",
  { skip },
  async () => {
    await using place = await scene();
    const { driver, task } = place;
    const missing = `sha256:${"0".repeat(64)}`;
    const cases: readonly (readonly [Partial<TaskSandbox>, RegExp])[] = [
      [{ system: { image: missing } }, /image sha256:0+ is not here/],
      [{ user: "nobody-here" }, /nobody-here/],
      [{ apparmor: "no-such-profile" }, /AppArmor profile "no-such-profile"/],
      [{ seccomp: { profile: "/nowhere.json" } }, /Cannot read the seccomp profile \/nowhere.json/],
      [{ runtime: "/no/such/runtime" }, /runtime "\/no\/such\/runtime"/],
      [{ mounts: [{ source: "/nowhere", target: "/data", readOnly: true }] }, /nowhere/],
    ];
    for (const [sandbox, message] of cases) {
      await assert.rejects(async () => {
        using handle = await driver.start(task("true", sandbox));
        const { cause, reason: why } = await handle.wait();
        if (cause === "cannot-start") throw new Error(why);
      }, message);
    }
    assert.deepEqual(globSync(`/sys/fs/cgroup/{,*/}plinth-${ID}-*`), []);
  },
);
