/** What a command tries that was let loose in a container of an ordinary user; rootless.test.ts runs this as one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { initDirectoryOfTests, scratch } from "../driver-conformance.ts";
import { hostSandbox, onHostSystem } from "./on-host-system.ts";
import { fingerprintContainerDriver } from "./fingerprint.ts";
import type { TaskSandbox } from "./sandbox.ts";

const { available, reason, rootless } = await fingerprintContainerDriver(initDirectoryOfTests());
const skip =
  rootless === undefined
    ? "rootless.test.ts runs these as an ordinary user"
    : available
      ? false
      : `no containers here: ${reason ?? ""}`;

/** Each says its name when it succeeds. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  "reads the machine's passwords": "grep -q . /etc/shadow",
  "uncovers them": "umount /etc/shadow && grep -q . /etc/shadow",
  "sees processes of the machine": `kill -0 ${process.pid}`,
  "looks into the first process": "cat /proc/1/maps | grep -q .",
  "reads its environment": "cat /proc/1/environ | grep -q .",
  "writes into its memory": "test -w /proc/1/mem && : > /proc/1/mem",
  "ends it": "kill -9 1 && sleep 0.2 && ! test -d /proc/1",
  "becomes another by a set-uid program": "newuidmap $$ 0 0 1",
  "changes the kernel": "echo plinth > /proc/sys/kernel/hostname",
  "makes a device that opens": "mknod /tmp/disk b 254 0 && head -c1 /tmp/disk",
  "makes a cgroup": "mkdir /sys/fs/cgroup/plinth-was-here",
  "changes the machine's programs": "touch /usr/bin/plinth-was-here",
  "writes beside its own files": "touch /var/plinth-was-here /etc/plinth-was-here",
};
/** What the filter and the missing rights are for. */
const BY_RIGHTS: Readonly<Record<string, string>> = {
  mounts: "mount -t tmpfs none /tmp",
  "makes a user namespace": "unshare --user true",
  "uncovers cgroups": "umount /sys/fs/cgroup",
};

async function succeeded(
  attempts: Readonly<Record<string, string>>,
  sandbox: Partial<TaskSandbox> = {},
): Promise<string[]> {
  using place = scratch();
  const script = Object.entries(attempts)
    .map(([name, attempt]) =>
      `if (${attempt}) >/dev/null 2>&1; then echo "ESCAPED: $0"; fi`.replace("$0", name),
    )
    .join("\n");
  const driver = onHostSystem("plinth", systemClock);
  using handle = await driver.start(
    place.spec(["/bin/sh", "-c", `${script}\necho all tried`], {
      sandbox: { ...hostSandbox(place.directory, "plinth"), ...sandbox },
    }),
  );
  const { code, reason: why } = await handle.wait();
  assert.equal(code, 0, `${why}\n${place.log()}`);
  assert.match(place.log(), /all tried\n$/);
  return place.log().match(/^ESCAPED: .*/gm) ?? [];
}

test("a command of an ordinary user does not get out of its container", { skip }, async () => {
  assert.deepEqual(await succeeded({ ...ATTEMPTS, ...BY_RIGHTS }), []);
});

test("nor does one that may make every system call", { skip }, async () => {
  const seen = await succeeded(
    { ...ATTEMPTS, ...BY_RIGHTS, "is found out": "true" },
    { seccomp: "unconfined" },
  );
  // A user namespace of its own is one more wall, not a door.
  assert.deepEqual(seen, ["ESCAPED: makes a user namespace", "ESCAPED: is found out"]);
});
