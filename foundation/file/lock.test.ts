import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { takeFileLock } from "./lock.ts";

test("takeFileLock() is refused while another process holds it and given once that one is killed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-lock-"));
  const path = join(directory, "lock");
  const module = new URL("./lock.ts", import.meta.url).href;
  const holder = spawn(process.execPath, [
    "-e",
    `import(${JSON.stringify(module)}).then((m) => { globalThis.lock = m.takeFileLock(${JSON.stringify(path)}); console.log(lock !== undefined); setInterval(() => {}, 1000); })`,
  ]);
  const [answer] = await once(holder.stdout, "data");
  assert.equal(String(answer), "true\n");
  assert.equal(takeFileLock(path), undefined);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const lock = takeFileLock(path);
  assert.ok(lock);
  lock[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});
