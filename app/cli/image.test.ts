/** `plinth image`, as a process. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { runCli, temporaryDirectory, writeFiles } from "./testing.ts";

suite("plinth image", () => {
  test("builds, lists, exports, imports, removes and collects", async (context) => {
    const directory = temporaryDirectory(context);
    const home = join(directory, "home");
    writeFiles(directory, { "dist/index.html": "hello", "serve.sh": "#!/bin/sh\n" });
    const image = (words: string, at = home): ReturnType<typeof runCli> =>
      runCli(["image", ...words.split(" "), "--home", at], { cwd: directory });
    const built = await runCli(
      [
        "image",
        "build",
        "site:1",
        "--home",
        home,
        "--copy",
        "dist=/www,serve.sh=/bin/",
        "--expose",
        "80/tcp",
        "--",
        "/bin/serve.sh",
        "/www",
      ],
      { cwd: directory },
    );
    assert.deepEqual([built.code, built.stderr], [0, ""]);
    const digest = /sha256:[0-9a-f]{64}/.exec(built.stdout)![0];
    const short = digest.slice(7, 19);

    const listed = await image("ls");
    assert.match(listed.stdout, new RegExp(`^NAME .*\nsite:1 +${short} .* by name\n$`));
    const inspected = JSON.parse((await image(`inspect ${short} --json`)).stdout) as {
      readonly config: { readonly command: readonly string[] };
    };
    assert.deepEqual(inspected.config.command, ["/bin/serve.sh", "/www"]);

    const exported = await image("export site:1 site.tar");
    assert.deepEqual([exported.code, exported.stderr], [0, ""]);
    const other = join(directory, "other");
    const imported = await image("import site.tar", other);
    assert.equal(imported.stdout, `site:1 is here: ${digest}\n`);

    assert.equal((await image("rm site:1")).code, 0);
    assert.match((await image("gc")).stdout, /^removed .* in 3 blobs and 1 unpacked layers\n$/);
  });

  test("says what is wrong and what to do", async (context) => {
    const directory = temporaryDirectory(context);
    const home = join(directory, "home");
    const fails = async (words: readonly string[], code: number, message: RegExp): Promise<void> => {
      const result = await runCli(["image", ...words, "--home", home], { cwd: directory });
      assert.match(result.stderr, message);
      assert.equal(result.code, code, words.join(" "));
      assert.equal(result.stdout, "");
    };
    await fails(["pull", "redis/UPPER"], 3, /names are in lower case/);
    writeFileSync(join(directory, "text"), "no archive at all, but long enough".repeat(40));
    await fails(["import", "text"], 1, /no tar file/);
    await fails(["export", "nope", "text"], 1, /plinth image ls/);
    assert.equal(readFileSync(join(directory, "text"), "utf8").length, 34 * 40);
  });
});
