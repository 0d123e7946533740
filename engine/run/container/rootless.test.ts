import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openInit } from "../init/init-file.ts";
import { receiveSteps, reportStep } from "../init/report.ts";
import { runSteps } from "../init/run-steps.ts";
import { Block, call, Pointer } from "../init/step.ts";
import { findTool } from "../tool-path.ts";
import { seccompSteps } from "./command.ts";
import { AT_FDCWD, CLONE_NEWUSER } from "./kernel.ts";
import { writeSteps } from "./namespaces.ts";
import { seccompProgram } from "./seccomp-program.ts";

const NOBODY = 65_534;
const run = promisify(execFile);

/** What an ordinary user does: a container in a user namespace in which it is root, and a command that joins it. */
const script = `
  import { processIdentity } from ${JSON.stringify(import.meta.resolve("@plinth/process"))};
  const { TestBox, NAMESPACES } = await import(${JSON.stringify(new URL("test-box.ts", import.meta.url).href)});
  const { execIn } = await import(${JSON.stringify(new URL("exec.ts", import.meta.url).href)});
  using box = await TestBox.open();
  const config = box.config("id -u; cat /proc/self/setgroups; touch /dev/shm-like; echo done; exec sleep 60", {
    linux: {
      namespaces: [...NAMESPACES, "user"].map((type) => ({ type })),
      uidMappings: [{ containerID: 0, hostID: process.geteuid(), size: 1 }],
      gidMappings: [{ containerID: 0, hostID: process.getegid(), size: 1 }],
    },
  });
  const { createContainer } = await import(${JSON.stringify(new URL("create.ts", import.meta.url).href)});
  using container = await createContainer(box.options(config, { stdio: ["ignore", 1, 2] }));
  await container.start();
  const main = processIdentity(container.pid);
  const joined = await execIn({ id: "box", main }, {
    init: box.init,
    process: { ...config.process, args: ["/bin/sh", "-c", "id -u; until [ $(cat /proc/1/comm) = sleep ]; do :; done; echo joined"] },
    stdio: ["ignore", 1, 2],
  });
  await joined.wait();
  process.kill(container.pid, "SIGKILL");
  console.log(await container.wait());
`;

test("an ordinary user makes containers in a user namespace", async (context) => {
  const command = [process.execPath, "--input-type=module", "-e", script];
  const isRoot = process.geteuid?.() === 0;
  if (isRoot && !(await nobodyCanRead(context))) return;
  const prefix = isRoot ? asNobody : [];
  const [file = "", ...args] = [...prefix, ...command];
  const { stdout, stderr } = await run(file, args, { env: { PATH: "/usr/bin:/bin" } });
  assert.equal(stderr, "");
  assert.match(stdout, /^0\ndeny\n/);
  assert.match(stdout, /^done$/m);
  assert.match(stdout, /^joined$/m);
  assert.match(stdout, /\{ code: 137, signal: 9 \}\n$/);
});

const asNobody = ["setpriv", "--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups", "--"] as const;

/** Runs the rest as a command of root's, in mounts of its own in which nobody has ids, among lines of others. */
const WITH_IDS = `set -e
printf 'root:1:65536\\nnobody:0:9\\nnobody:200000:65536\\nnobody:200001:65536\\n1000:300000:65536\\nnobody:x\\n' > "$TMPDIR/ids"
mount --bind "$TMPDIR/ids" /etc/subuid
mount --bind "$TMPDIR/ids" /etc/subgid
`;
for (const [what, setting] of [
  ["with no id but their own", ""],
  ["with subordinate ids", WITH_IDS],
] as const)
  test(
    `the container driver passes its tests as an ordinary user ${what}`,
    { timeout: 120_000 },
    async (context) => {
      if (process.geteuid?.() !== 0) {
        context.skip("these tests run as an ordinary user already");
        return;
      }
      if (!(await nobodyCanRead(context))) return;
      if (setting !== "" && findTool("newuidmap") === undefined) {
        context.skip("no newuidmap here (Debian's uidmap)");
        return;
      }
      const directory = mkdtempSync(join(tmpdir(), "plinth-rootless-"));
      chmodSync(directory, 0o1777);
      const files = (
        setting === "" ? ["driver.test.ts", "images.test.ts", "rootless-escape.test.ts"] : ["images.test.ts"]
      ).map((name) => fileURLToPath(new URL(name, import.meta.url)));
      const tests = [...asNobody, process.execPath, "--test", "--test-reporter=tap", ...files];
      try {
        const { stdout } = await run(
          "unshare",
          ["--mount", "--", "/bin/sh", "-c", `${setting} exec "$@"`, "sh", ...tests],
          { env: { PATH: "/usr/sbin:/usr/bin:/bin", HOME: directory, TMPDIR: directory } },
        ).catch((error: { stdout: string; stderr: string }) => assert.fail(error.stdout + error.stderr));
        assert.match(stdout, /^# fail 0$/m);
        assert.doesNotMatch(stdout, /# SKIP no containers here/);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );

test("without root, and where no overlay can be mounted, containers begin with copies", async (context) => {
  if (process.geteuid?.() !== 0) {
    context.skip("only root may forbid what kernels of others have not");
    return;
  }
  if (!(await nobodyCanRead(context))) return;
  const directory = mkdtempSync(join(tmpdir(), "plinth-rootless-"));
  chmodSync(directory, 0o1777);
  const report = join(directory, "report");
  const file = fileURLToPath(new URL("images.test.ts", import.meta.url));
  const reporting = ["--test-reporter=tap", `--test-reporter-destination=${report}`];
  const words = [process.execPath, "--test", ...reporting, file];
  const env = ["PATH=/usr/bin:/bin", `HOME=${directory}`, `TMPDIR=${directory}`];
  const filter = seccompProgram({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["fsopen"], action: "SCMP_ACT_ERRNO" }],
  });
  try {
    using init = await openInit(directory);
    const over = runSteps(
      [
        ...seccompSteps(filter!),
        call("have no further groups", "setgroups", [0, 0]),
        call("become nobody's group", "setresgid", [NOBODY, NOBODY, NOBODY]),
        call("become nobody", "setresuid", [NOBODY, NOBODY, NOBODY]),
        call("run the tests", "execve", [process.execPath, block(words), block(env)]),
      ],
      { init },
    );
    await over.catch((error: unknown) => assert.fail(`${String(error)}\n${readFileSync(report, "utf8")}`));
    const said = readFileSync(report, "utf8");
    assert.match(said, /^ *# overlay: no$/m);
    assert.match(said, /^# fail 0$/m);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("what forbids containers without root is said, with the command that mends it", async (context) => {
  if (process.geteuid?.() !== 0) {
    context.skip("only root may forbid what kernels of others forbid");
    return;
  }
  if (!(await nobodyCanRead(context))) return;
  const directory = mkdtempSync(join(tmpdir(), "plinth-rootless-"));
  chmodSync(directory, 0o1777);
  const told = join(directory, "told");
  const asking = `
    import { writeFileSync } from "node:fs";
    const { fingerprintContainerDriver } = await import(${JSON.stringify(import.meta.resolve("./fingerprint.ts"))});
    const { available, reason, hint } = await fingerprintContainerDriver(${JSON.stringify(directory)});
    writeFileSync(${JSON.stringify(told)}, JSON.stringify({ available, reason, hint }));`;
  const words = [process.execPath, "--input-type=module", "-e", asking];
  try {
    using init = await openInit(directory);
    await runSteps(
      [
        call("make a user namespace with a setting of its own", "unshare", [CLONE_NEWUSER]),
        ...reportStep("waiting"),
        ...receiveSteps("wait until its ids are mapped"),
        ...writeSteps(AT_FDCWD, "/proc/sys/user/max_user_namespaces", "0", "allow no more of them"),
        call("become nobody's group", "setresgid", [NOBODY, NOBODY, NOBODY]),
        call("become nobody", "setresuid", [NOBODY, NOBODY, NOBODY]),
        call("ask", "execve", [process.execPath, block(words), block(["PATH=/usr/bin:/bin"])]),
      ],
      {
        init,
        onWaiting: async (pid) => {
          for (const map of ["uid_map", "gid_map"]) await writeFile(`/proc/${pid}/${map}`, "0 0 65535");
        },
      },
    );
    const { available, reason, hint } = JSON.parse(readFileSync(told, "utf8")) as Record<string, unknown>;
    assert.equal(available, false);
    assert.match(
      String(reason),
      /^no container can be made without root: make the child, with namespaces .*ENOSPC/,
    );
    assert.match(
      String(hint),
      /^sysctl -w user.max_user_namespaces=15000 lets ordinary users have user namespaces/,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

const block = (texts: readonly string[]): Block => new Block([...texts.map((text) => new Pointer(text)), 0]);

async function nobodyCanRead(context: TestContext): Promise<boolean> {
  const [file, ...args] = asNobody;
  try {
    await run(file, [...args, "unshare", "--user", "cat", fileURLToPath(import.meta.url)]);
    return true;
  } catch {
    context.skip("setpriv is missing, or user 65534 may make no user namespaces or not read this checkout");
    return false;
  }
}
