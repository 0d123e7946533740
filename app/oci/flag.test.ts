import assert from "node:assert/strict";
import { test } from "node:test";
import { signalNumber } from "./commands/kill.ts";
import { resourcesOf } from "./commands/update.ts";
import { COMMANDS } from "./command-table.ts";
import { Flags, parseFlags, UsageFault } from "./flag.ts";
import { tableOf } from "./table.ts";

const flags = [
  { name: "bundle", short: "b", value: "value", summary: "" },
  { name: "env", short: "e", value: "value", repeats: true, summary: "" },
  { name: "force", short: "f", summary: "" },
] as const;
const parsed = (line: readonly string[], stopsAtWord = false): unknown => {
  const { values, words } = parseFlags(line, { flags, stopsAtWord });
  return { ...Object.fromEntries(values), words };
};

test("parseFlags() takes one dash or two, values behind an equals sign or a space, and flags behind words", () => {
  const all = { bundle: ["x"], force: ["true"], words: ["id"] };
  for (const line of [
    "--bundle x -f id",
    "-b=x id --force",
    "id -bundle x -force=true",
    "--force -b x -- id",
  ])
    assert.deepEqual(parsed(line.split(" ")), all, line);
  assert.deepEqual(parsed(["-e", "A=1", "--env=B=2=3", "id"]), { env: ["A=1", "B=2=3"], words: ["id"] });
  assert.deepEqual(parsed(["--bundle", "-b", "-"]), { bundle: ["-b"], words: ["-"] });
});

test("parseFlags() leaves another command's line alone", () => {
  assert.deepEqual(parsed(["-f", "id", "ls", "-b", "--", "-x"], true), {
    force: ["true"],
    words: ["id", "ls", "-b", "--", "-x"],
  });
});

test("parseFlags() refuses what it does not know", () => {
  for (const line of [["-x"], ["--bundle"], ["--force=maybe"], ["---bundle", "x"]])
    assert.throws(() => parsed(line), UsageFault, line.join(" "));
});

test("signalNumber() knows names in all ways, real-time signals and numbers", () => {
  const numbers = ["KILL", "sigterm", "SIGINT", "9", "RTMIN", "SIGRTMIN+3", "SIGRTMAX-1"].map(signalNumber);
  assert.deepEqual(numbers, [9, 15, 2, 9, 34, 37, 63]);
  for (const text of ["FOO", "", "-9", "RTMIN+40", "toString"])
    assert.throws(() => signalNumber(text), { message: `unknown signal ${JSON.stringify(text)}` });
});

const update = COMMANDS.find(({ name }) => name === "update")!;
const resources = (line: string): unknown =>
  resourcesOf(new Flags(parseFlags(line.split(" "), { flags: update.flags, stopsAtWord: false }).values));

test("resourcesOf() reads sizes and numbers as runc does", () => {
  assert.deepEqual(
    resources(
      "--memory 100M --memory-swap -1 --memory-reservation 1.5k --cpu-quota -1 --cpuset-cpus 0-1 --pids-limit 7",
    ),
    {
      memory: { limit: 104_857_600n, swap: -1n, reservation: 1536n },
      cpu: { quota: -1n, cpus: "0-1" },
      pids: { limit: 7n },
      blockIO: {},
    },
  );
  for (const line of ["--memory much", "--cpu-share 1.5", "--blkio-weight -1", "--memory 1X"])
    assert.throws(() => resources(line), { code: "invalid" }, line);
});

test("tableOf() makes columns as wide as their cells, twelve at least", () => {
  assert.equal(
    tableOf([
      ["ID", "BUNDLE", "OWNER"],
      ["a", "/a/long/bundle", "root"],
    ]),
    "ID          BUNDLE           OWNER\na           /a/long/bundle   root\n",
  );
});
