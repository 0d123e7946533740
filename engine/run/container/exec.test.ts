import assert from "node:assert/strict";
import { closeSync, constants, existsSync, openSync, readlinkSync, writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { ReadStream } from "node:tty";
import { isRunning, type ProcessIdentity, processIdentity } from "@plinth/process";
import type { Process } from "../oci/config.ts";
import type { Container, ExecOptions } from "./container.ts";
import { execIn } from "./exec.ts";
import { StepFault } from "./step-fault.ts";
import { NAMESPACES, skipUnlessRoot, TestBox } from "./test-box.ts";

let box: TestBox;
let container: Container | undefined;
let main: ProcessIdentity;

before(async () => {
  box = await TestBox.open();
  if (process.geteuid?.() !== 0) return;
  container = await box.create("exec sleep 60", { hostname: "inside" });
  await container.start();
  main = processIdentity(container.pid)!;
});
after(async () => {
  if (container !== undefined) {
    process.kill(container.pid, "SIGKILL");
    await container.wait();
    container[Symbol.dispose]();
  }
  box[Symbol.dispose]();
});

const commandOf = (script: string, changes: Partial<Process> = {}): Process => ({
  cwd: "/",
  args: ["/bin/sh", "-c", script],
  env: ["PATH=/usr/bin:/bin"],
  noNewPrivileges: true,
  user: { uid: 0, gid: 0 },
  ...changes,
});

async function run(
  command: Process,
  more: Partial<ExecOptions> = {},
): Promise<{ code: number; output: string }> {
  const executed = await execIn(
    { id: "box", main },
    { init: box.init, process: command, stdio: ["ignore", "pipe", "pipe"], ...more },
  );
  const [{ code }, output] = await Promise.all([executed.wait(), text(executed.stdout!)]);
  return { code, output };
}

test("execIn() runs a command where the main process is, as whom it is told", async (context) => {
  if (skipUnlessRoot(context)) return;
  const { code, output } = await run(
    commandOf(
      `for name in pid net ipc uts mnt; do readlink /proc/self/ns/$name; done; hostname; pwd; id -u; id -G
      grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status | tr -s "\\t" " "; ls -A /proc/self/fd | tr "\\n" " "; exit 5`,
      {
        user: { uid: 1000, gid: 1000, additionalGids: [5] },
        cwd: "/usr",
        capabilities: { bounding: ["CAP_CHOWN"] },
      },
    ),
  );
  assert.equal(code, 5);
  const theirs = ["pid", "net", "ipc", "uts", "mnt"].map((name) =>
    readlinkSync(`/proc/${main.pid}/ns/${name}`),
  );
  assert.deepEqual(
    output.split("\n").slice(0, 12),
    [
      ...theirs,
      "inside",
      "/usr",
      "1000",
      "1000 5",
      "CapBnd: 0000000000000001",
      "CapEff: 0000000000000000",
      "NoNewPrivs: 1",
    ].toSorted((a, b) => order(a) - order(b)),
  );
  // The last one is the directory that `ls` itself reads.
  assert.match(output, /\n0 1 2 3 $/);
});

/** As /proc/self/status has them. */
const order = (line: string): number =>
  ["CapEff", "CapBnd", "NoNewPrivs"].findIndex((name) => line.startsWith(name));

test("execIn() tells what cannot be run, and when there is no container any more", async (context) => {
  if (skipUnlessRoot(context)) return;
  await assert.rejects(run(commandOf("", { args: ["nothing"] })), (error) => {
    assert(error instanceof StepFault);
    assert.equal(
      error.message,
      'Cannot run a command in "box": find the command nothing in /usr/bin:/bin: ENOENT (no such file or directory)',
    );
    return error.isCommand;
  });
  await assert.rejects(run(commandOf("", { cwd: "/nowhere" })), /go to the directory \/nowhere: ENOENT/);
  const other = { ...main, startTicks: main.startTicks + 1 };
  await assert.rejects(
    execIn({ id: "box", main: other }, { init: box.init, process: commandOf("") }),
    /it is not running/,
  );
});

test("no directory of the host can be reached through a descriptor", async (context) => {
  if (skipUnlessRoot(context)) return;
  for (let descriptor = 3; descriptor < 12; descriptor++)
    await assert.rejects(
      run(commandOf("pwd", { cwd: `/proc/self/fd/${descriptor}` })),
      /ENOENT|ENOTDIR|EACCES|EXDEV/,
    );
});

test("a command that is given up on ends", async (context) => {
  if (skipUnlessRoot(context)) return;
  const stopping = new AbortController();
  const executed = await execIn(
    { id: "box", main },
    { init: box.init, process: commandOf("exec sleep 60"), signal: stopping.signal },
  );
  const command = processIdentity(executed.pid)!;
  assert.equal(isRunning(command), true);
  stopping.abort();
  assert.deepEqual(await executed.wait(), { code: 137, signal: 9 });
});

test("a command can have descriptors of ours", async (context) => {
  if (skipUnlessRoot(context)) return;
  const file = openSync("/proc/sys/kernel/ostype", "r");
  const { output } = await run(commandOf("cat <&3; ls -A /proc/self/fd | tr '\\n' ' '"), {
    descriptors: [file],
  });
  closeSync(file);
  assert.equal(output, "Linux\n0 1 2 3 4 ");
});

test("a terminal that we opened in the container is the command's, with the size asked for", async (context) => {
  if (skipUnlessRoot(context)) return;
  const flags = constants.O_RDWR | constants.O_NOCTTY;
  const master = openSync(`/proc/${main.pid}/root/dev/pts/ptmx`, flags);
  const executed = await execIn(
    { id: "box", main },
    {
      init: box.init,
      process: commandOf('tty; stty size; read line; echo "got $line"', {
        terminal: true,
        consoleSize: { height: 33, width: 99 },
      }),
      terminal: { master },
    },
  );
  const screen = new ReadStream(master);
  let shown = "";
  const hungUp = new Promise<void>((resolve) => {
    screen.on("data", (chunk: Buffer) => (shown += chunk.toString("latin1"))).on("error", () => resolve());
  });
  writeSync(master, "hello\n");
  assert.equal((await executed.wait()).code, 0);
  await hungUp;
  screen.destroy();
  assert.match(shown, /\/dev\/pts\/0\r\n/);
  assert.match(shown, /33 99\r\n/);
  assert.match(shown, /got hello\r\n$/);
});

test("execIn() follows into a user namespace, whose root the command is", async (context) => {
  if (skipUnlessRoot(context)) return;
  const map = [{ containerID: 0, hostID: 100_000, size: 2000 }];
  using mapped = await box.create("exec sleep 60", {
    linux: {
      namespaces: [...NAMESPACES, "user" as const].map((type) => ({ type })),
      uidMappings: map,
      gidMappings: map,
    },
  });
  await mapped.start();
  const target = { id: "mapped", main: processIdentity(mapped.pid)! };
  const executed = await execIn(target, {
    init: box.init,
    process: commandOf("id -u; readlink /proc/self/ns/user; kill -9 1 2>&1; echo done"),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const output = await text(executed.stdout!);
  assert.deepEqual(output.split("\n").slice(0, 2), ["0", readlinkSync(`/proc/${mapped.pid}/ns/user`)]);
  assert.equal((await executed.wait()).code, 0);
  process.kill(mapped.pid, "SIGKILL");
  await mapped.wait();
  assert.equal(existsSync(`/proc/${target.main.pid}/ns/user`), false);
});
