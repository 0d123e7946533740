import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import type { Command } from "./command.ts";
import { commandGroups, commands, globalFlags } from "./command-table.ts";
import { configReferenceMarkdown } from "./config-reference.ts";
import { UsageFault, exitCodes } from "./exit-code.ts";
import { helpText } from "./help.ts";
import { parseCommandLine } from "./parse.ts";
import { referenceMarkdown } from "./reference.ts";
import { Output } from "./terminal/output.ts";

const refused = (...line: string[]): UsageFault => {
  try {
    parseCommandLine(line);
  } catch (error) {
    assert.ok(error instanceof UsageFault);
    return error;
  }
  throw new Error(`accepted: ${line.join(" ")}`);
};

test("parseCommandLine() takes global flags before and after the command", () => {
  for (const line of [
    ["--home", "/h", "logs", "web", "-f", "--tail=5"],
    ["logs", "-f", "web", "--tail", "5", "--home=/h"],
  ]) {
    const { words, values, arguments: given } = parseCommandLine(line);
    assert.deepEqual(words, ["logs"]);
    assert.deepEqual(Object.fromEntries(values), { home: "/h", follow: true, tail: "5" });
    assert.deepEqual(given.get("[APP/]SERVICE|INSTANCE"), ["web"]);
  }
});

test("parseCommandLine() leaves what follows -- to the command", () => {
  const { values, arguments: given } = parseCommandLine([
    "exec",
    "shop.web.1",
    "--",
    "ls",
    "-l",
    "--home",
    "x",
  ]);
  assert.equal(values.size, 0);
  assert.deepEqual(given.get("COMMAND"), ["ls", "-l", "--home", "x"]);
});

test("parseCommandLine() refuses what it does not know, and says what may have been meant", () => {
  assert.match(refused("upp").message, /Unknown command "upp"/);
  assert.ok(refused("upp").mistyped?.among.includes("up"));
  assert.ok(refused("up", "--detatch").mistyped?.among.includes("detach"));
  assert.deepEqual(refused("secrets", "sett").mistyped?.word, "sett");
  assert.match(refused("secrets").message, /needs a subcommand: set, list, delete/);
  assert.match(refused("logs").message, /needs \[APP\/\]SERVICE\|INSTANCE/);
  assert.match(refused("ps", "a", "b").message, /takes one argument, and 2 were given/);
  assert.match(refused("up", "--detach=yes").message, /takes no value/);
  assert.match(refused("up", "--timeout").message, /needs a value/);
  assert.match(refused("exec", "shop.web.1", "ls", "-l").hint ?? "", /Put --/);
  for (const port of ["0", "65536", "-1", "1.5", "80a"]) refused("up", `--ingress-port=${port}`);
  for (const duration of ["5", "m", "-1s", "1d"]) refused("up", `--timeout=${duration}`);
  refused("completion", "powershell");
});

test("parseCommandLine() never repeats a secret's value", () => {
  const fault = refused("secrets", "set", "api-key", "hunter2");
  assert.ok(!fault.message.includes("hunter2"));
  assert.match(fault.hint ?? "", /never goes on the command line/);
});

function all(level: readonly Command[], words: readonly string[] = []): [readonly string[], Command][] {
  const found: [readonly string[], Command][] = [];
  for (const command of level) {
    if (command.hidden === true) continue;
    const own = [...words, command.name];
    found.push([own, command], ...all(command.subcommands ?? [], own));
  }
  return found;
}

test("every command has help with its usage, all of its flags and an example that parses", () => {
  const surface = new Output({
    stdout: { write: () => true },
    stderr: { write: () => true },
    environment: {},
    colour: false,
    quiet: false,
  }).stdout;
  for (const [words, command] of all(commands)) {
    const text = helpText(words, surface);
    assert.ok(text.includes(`Usage: plinth ${words.join(" ")}`), words.join(" "));
    for (const { name } of [...command.flags, ...globalFlags]) assert.ok(text.includes(`--${name}`), name);
    assert.ok(command.examples.length > 0, `${words.join(" ")} has no example`);
    for (const { command: line } of command.examples) {
      if (!line.startsWith("plinth ") || /[|>$&<]/.test(line)) continue;
      parseCommandLine(line.split(" ").slice(1));
    }
  }
  const overview = helpText([], surface);
  for (const { name, hidden } of commands)
    assert.equal(overview.includes(`  ${name} `), hidden !== true, name);
  assert.ok(overview.split("\n").every((line) => line.length <= 80));
});

test("every command stands in one group, and no two flags of one share a letter", () => {
  const grouped = commandGroups.flatMap(([, names]) => names);
  assert.deepEqual(
    [...grouped].sort(),
    commands
      .filter(({ hidden }) => hidden !== true)
      .map(({ name }) => name)
      .sort(),
  );
  for (const [words, { flags }] of all(commands)) {
    const letters = [...flags, ...globalFlags].flatMap(({ short }) => short ?? []);
    assert.equal(new Set(letters).size, letters.length, words.join(" "));
  }
});

test("docs/cli.md is what `plinth help --markdown` writes", () => {
  const written = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  assert.equal(written, referenceMarkdown(), "run: app/cli/plinth help --markdown > docs/cli.md");
  for (const code of Object.keys(exitCodes)) assert.match(written, new RegExp(`^\\| ${code} \\|`, "m"));
});

test("docs/reference/config.md is what `plinth validate --markdown` writes, and its examples are YAML", () => {
  const written = readFileSync(new URL("../../docs/reference/config.md", import.meta.url), "utf8");
  const command = "app/cli/plinth validate --markdown > docs/reference/config.md";
  assert.equal(written, configReferenceMarkdown(), `run: ${command}`);
  const examples = [...written.matchAll(/Such as `([^`]+)`\.? \|$/gm)];
  assert.ok(examples.length > 50);
  for (const [, example] of examples) assert.equal(typeof parse(example!), "object", example!);
});
