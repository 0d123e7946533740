import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { Fixture } from "./fixture.ts";

async function withDashboard(run: (fixture: Fixture) => Promise<void>): Promise<void> {
  await using fixture = await Fixture.start({ dashboard: true });
  const directory = join(fixture.directory, "dashboard");
  mkdirSync(join(directory, "assets"), { recursive: true });
  writeFileSync(join(directory, "index.html"), "<!doctype html><title>Plinth</title>");
  writeFileSync(join(directory, "assets", "index-B7PI925R.js"), "console.log(1)");
  writeFileSync(join(directory, "empty.txt"), "");
  writeFileSync(join(directory, ".hidden"), "hidden secret");
  writeFileSync(join(fixture.directory, "token"), "outside secret");
  symlinkSync(join(fixture.directory, "token"), join(directory, "link.txt"));
  symlinkSync(fixture.directory, join(directory, "linked"));
  await run(fixture);
}

test("the dashboard's files are served to anyone, with a strict policy and the right caching", () =>
  withDashboard(async (fixture) => {
    const anonymous = true;
    const page = await fixture.call("/", { anonymous });
    assert.equal(page.code, 200);
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
    assert.equal(page.headers["cache-control"], "no-store");
    assert.equal(page.headers["x-content-type-options"], "nosniff");
    const policy = String(page.headers["content-security-policy"]);
    assert.match(policy, /default-src 'none'/);
    assert.ok(!policy.includes("unsafe"));
    const asset = await fixture.call("/assets/index-B7PI925R.js", { anonymous });
    assert.equal(asset.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(asset.text, "console.log(1)");
    assert.equal((await fixture.call("/empty.txt", { anonymous })).text, "");
    const head = await fixture.call("/", { anonymous, method: "HEAD" });
    assert.deepEqual([head.code, head.text], [200, ""]);
    const inApp = await fixture.call("/apps/shop", { anonymous, headers: { Accept: "text/html,*/*" } });
    assert.equal(inApp.text, page.text);
    const inApi = await fixture.call("/apis/nothing", { anonymous, headers: { Accept: "text/html" } });
    assert.equal(inApi.code, 401);
    assert.equal((await fixture.call("/missing.js", { anonymous })).code, 401);
    assert.equal((await fixture.call("/", { anonymous, method: "POST" })).code, 401);
  }));

test("no path leads out of the dashboard's directory, or through a symlink, or to a hidden file", () =>
  withDashboard(async (fixture) => {
    const parts =
      ".. . token link.txt linked .hidden assets %2e%2e %2E. ..%2f ..%5c ..\\ %00 index.html%00 .... ..; %252e%252e " +
      "/ etc passwd assets%2f.. ~";
    const part = fc.constantFrom("", ...parts.split(" "));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (segments) => {
        const { code, text } = await fixture.call(`/${segments.join("/")}`, {
          anonymous: true,
          headers: { Accept: "text/html" },
        });
        assert.ok(code === 200 || code === 401, String(code));
        assert.ok(!text.includes("secret"), segments.join("/"));
      }),
      { numRuns: 300 },
    );
    for (const path of ["/link.txt", "/linked/token", "/.hidden", "/../token", "/assets"]) {
      assert.equal((await fixture.call(path, { anonymous: true })).code, 401, path);
    }
  }));
