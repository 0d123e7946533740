import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { detectNetwork } from "@plinth/run";
import { createPlinth, isGone } from "./index.ts";

const ability = await detectNetwork();
const bridges = (): string[] => readdirSync("/sys/class/net").filter((name) => name.startsWith("plinth"));

for (const mesh of ["cooperative", "transparent"]) {
  const skip = mesh === "transparent" && !ability.available && `no transparent mode: ${ability.reason ?? ""}`;
  test(
    `a daemon that fails half-way through its start says why, ends, and takes its proxy with it (${mesh})`,
    { skip },
    async () => {
      await using plinth = createPlinth();
      const before = bridges();
      // The API's socket cannot be made where a folder is: by then the proxy and the controllers run.
      mkdirSync(join(plinth.home, "plinth.sock"));
      const main = new URL("../daemon/main.ts", import.meta.url).pathname;
      const daemon = spawn(process.execPath, [main, "--home", plinth.home, "--mesh", mesh], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [said, [code]] = await Promise.all([
        text(daemon.stderr),
        once(daemon, "exit") as Promise<[number | null]>,
      ]);
      assert.equal(code, 3, said);
      assert.match(said, /cannot start/);
      const pid = Number(/"proxy serves".* pid=(\d+) runtime=/.exec(said)?.[1]);
      assert.ok(pid > 0, said);
      await plinth.until("the proxy is gone", async () => isGone(pid));
      assert.deepEqual(bridges(), before);
    },
  );
}
