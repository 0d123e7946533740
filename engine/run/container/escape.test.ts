import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Changes, skipUnlessRoot, TestBox } from "./test-box.ts";

// What a hostile image might try. `outside` is a directory of the host that no container is given.

let box: TestBox;
let outside: string;

before(async () => {
  box = await TestBox.open();
  outside = join(box.directory, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "secret\n");
  mkdirSync(join(box.root, "evil"));
});
after(() => box[Symbol.dispose]());

/** A link of the image, by its name in /evil. */
const link = (name: string, target: string): string => {
  symlinkSync(target, join(box.root, "evil", name));
  return `/evil/${name}`;
};

test("mount points that are links lead to where the container itself would see them", async (context) => {
  if (skipUnlessRoot(context)) return;
  const up = "../".repeat(20);
  const points = [
    link("absolute", outside),
    link("relative", `${up}${outside.slice(1)}`),
    link("nested", "/evil/absolute"),
    link("descriptor", "/proc/self/fd/3"),
    link("self-root", "/proc/self/root/evil"),
  ];
  const below = { destination: `${points[0]}/below`, type: "tmpfs", source: "mark" };
  await assert.rejects(
    box.run(":", { extraMounts: [below] }),
    /find \/evil\/absolute in the container: ENOENT/,
  );
  mkdirSync(join(box.root, outside), { recursive: true });
  for (const point of points.slice(0, 3)) {
    const { code, output } = await box.run(`grep -c "^mark " /proc/mounts; ls -A ${outside}`, {
      extraMounts: [{ destination: `${point}/below`, type: "tmpfs", source: "mark" }],
    });
    assert.equal(code, 0);
    // The directory was made in the image, below the image's root.
    assert.equal(output, "1\nbelow\n", point);
  }
  for (const point of points.slice(3))
    await assert.rejects(
      box.run(":", { extraMounts: [{ destination: `${point}/below`, type: "tmpfs", source: "mark" }] }),
      /ELOOP|ENOENT|EXDEV/,
      point,
    );
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync("/proc/self/mountinfo", "utf8").includes(box.directory), false);
});

test("links that lead upwards are followed while others rename files", async (context) => {
  if (skipUnlessRoot(context)) return;
  const point = link("upwards", `${"../".repeat(20)}tmp`);
  const file = join(box.directory, "renamed");
  writeFileSync(file, "");
  const renaming = `const { renameSync } = require("node:fs");
for (;;) { renameSync(process.argv[1], process.argv[1] + "-"); renameSync(process.argv[1] + "-", process.argv[1]); }`;
  const renamer = spawn(process.execPath, ["-e", renaming, file], { stdio: "ignore" });
  context.after(() => renamer.kill("SIGKILL"));
  await once(renamer, "spawn");
  for (let round = 0; round < 20; round++) {
    const { code } = await box.run("true", {
      extraMounts: [{ destination: `${point}/below/and/below`, type: "tmpfs", source: "mark" }],
    });
    assert.equal(code, 0);
  }
});

test("an image's links at /proc and /dev cannot redirect what is mounted there", async (context) => {
  if (skipUnlessRoot(context)) return;
  const image = join(box.directory, "image");
  mkdirSync(image);
  for (const name of readdirSync(box.root))
    if (!["evil", "proc", "dev", "tmp"].includes(name)) copyEntry(join(box.root, name), join(image, name));
  symlinkSync(outside, join(image, "proc"));
  symlinkSync("../../../../../../../../../..", join(image, "dev"));
  const changes = (destinations: (path: string) => boolean): Changes => ({
    root: { path: "image" },
    mounts: box.config("").mounts!.filter(({ destination }) => destinations(destination)),
  });
  await assert.rejects(
    box.run(
      ":",
      changes((path) => !path.startsWith("/dev")),
    ),
    /find \/proc in the container: ENOENT/,
  );
  // /dev is the image's root then: its devices land in the image, and nowhere else.
  const { code } = await box.run(
    ":",
    changes((path) => !/^\/(dev|proc)/.test(path)),
  );
  assert.equal(code, 0);
  assert.equal(existsSync(join(image, "null")), true);
  assert.deepEqual(readdirSync(outside), ["secret"]);
});

function copyEntry(from: string, to: string): void {
  if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else mkdirSync(to);
}

test("hidden and read-only paths that are links hide nothing of the host", async (context) => {
  if (skipUnlessRoot(context)) return;
  const hidden = link("hidden", outside);
  const { code } = await box.run(":", {
    linux: { ...box.config("").linux, maskedPaths: [hidden], readonlyPaths: [hidden] },
  });
  assert.equal(code, 0);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret\n");
  writeFileSync(join(outside, "secret"), "secret\n");
});

test("a working directory cannot lead out by a descriptor or a link", async (context) => {
  if (skipUnlessRoot(context)) return;
  for (let descriptor = 3; descriptor < 16; descriptor++)
    await assert.rejects(
      box.run("pwd; ls", { process: { cwd: `/proc/self/fd/${descriptor}` } }),
      /ENOENT|ENOTDIR|ELOOP|EACCES|EXDEV|EEXIST/,
      `descriptor ${descriptor}`,
    );
  const away = link("away", outside);
  mkdirSync(join(box.root, outside), { recursive: true });
  const { output } = await box.run("pwd -P; ls -A", { process: { cwd: away } });
  assert.equal(output.split("\n")[0], outside);
  assert.equal(output.includes("secret"), false);
});

test("a process of the container finds no descriptor, no directory and no mount of the host", async (context) => {
  if (skipUnlessRoot(context)) return;
  const { output } = await box.run(
    `for fd in /proc/1/fd/*; do readlink $fd; done; readlink /proc/1/cwd /proc/1/root; cat /proc/1/mountinfo | cut -d" " -f5`,
  );
  assert.equal(output.includes(box.directory), false, output);
  assert.match(output, /^\/dev\/null\n(socket:\S+|pipe:\S+)\n(socket:\S+|pipe:\S+)\n\/\n\/\n/);
});

test("the init cannot be looked into while it waits in the container", async (context) => {
  if (skipUnlessRoot(context)) return;
  using container = await box.create(":", {
    process: { capabilities: { bounding: ["CAP_SYS_PTRACE"], permitted: [], effective: [] } },
  });
  const status = readFileSync(`/proc/${container.pid}/status`, "utf8");
  assert.match(status, /^CapEff:\s+0+$/m);
  // Not dumpable: its files in /proc are root's, whoever it runs as.
  assert.match(readFileSync(`/proc/${container.pid}/maps`, "utf8"), /^00400000-00401000 r-xp /m);
  await container.start();
  assert.equal((await container.wait()).code, 0);
});
