import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const NOBODY = "65534";
const run = promisify(execFile);

test("the process driver passes its tests as an ordinary user", { timeout: 120_000 }, async (context) => {
  if (process.getuid?.() !== 0) {
    context.skip("these tests run as an ordinary user already");
    return;
  }
  const asNobody = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"];
  const env = { PATH: "/usr/bin:/bin", HOME: "/tmp" };
  const files = [
    "driver.test.ts",
    "earlier-launcher.test.ts",
    "faults.test.ts",
    "left-behind.test.ts",
    "limits.test.ts",
    "program.test.ts",
  ].map((name) => fileURLToPath(new URL(name, import.meta.url)));
  try {
    await run(
      "setpriv",
      [...asNobody, process.execPath, "-e", `require("fs").readFileSync(${JSON.stringify(files[0])})`],
      { env },
    );
  } catch {
    context.skip("setpriv is missing, or user 65534 may not read this checkout");
    return;
  }
  const { stdout } = await run(
    "setpriv",
    [...asNobody, process.execPath, "--test", "--test-reporter=tap", ...files],
    { env },
  ).catch((error: { stdout: string }) => assert.fail(error.stdout));
  assert.match(stdout, /^# fail 0$/m);
});
