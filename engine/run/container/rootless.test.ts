import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

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
    process: { ...config.process, args: ["/bin/sh", "-c", "id -u; echo joined $(cat /proc/1/comm)"] },
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
  assert.match(stdout, /^joined s(h|leep)$/m);
  assert.match(stdout, /\{ code: 137, signal: 9 \}\n$/);
});

const asNobody = ["setpriv", "--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups", "--"] as const;

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
