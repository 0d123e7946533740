import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const WRITER = fileURLToPath(new URL("./mvcc-full-disk-writer.ts", import.meta.url));
const MOUNT = 'mount -t tmpfs -o size=12m none "$1"';
/** A file system of its own for one process tree, which ends with it; no root is needed where users may unshare. */
const inNamespace = (script: string, ...parameters: string[]) =>
  spawnSync(
    "unshare",
    ["--kill-child", "--user", "--map-root-user", "--mount", "/bin/sh", "-ec", script, "sh", ...parameters],
    {
      encoding: "utf8",
      timeout: 60_000,
      killSignal: "SIGKILL",
    },
  );

const skip = inNamespace(MOUNT, "/mnt").status === 0 ? false : "user namespaces may not mount here";

for (const files of ["log", "lmdb"]) {
  test(
    `a full disk turns the store read-only with the reason, loses nothing, and room makes it writable again (${files})`,
    { skip },
    () => {
      const directory = mkdtempSync(join(tmpdir(), "plinth-full-"));
      const { status, stdout, stderr } = inNamespace(
        `${MOUNT}; "$2" "$3" "$1" "$4"`,
        directory,
        process.execPath,
        WRITER,
        files,
      );
      assert.equal(status, 0, stderr);
      assert.match(stdout, /writes kept/);
      rmdirSync(directory);
    },
  );
}
