/** `plinth vrl`, as a process. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { compile, display, parseJson, standardLibrary, type Value, webHost } from "@plinth/vrl";
import { runCli, temporaryDirectory, writeFiles } from "./testing.ts";

const event = '{"level":"info","n":"3","list":[1.0,2],"at":"2026-02-28T12:00:00+01:00"}';

suite("plinth vrl", () => {
  test("tells for each event what the library yields", async () => {
    for (const source of [
      ".",
      ".level = upcase!(.level)",
      "to_int!(.n) + 1",
      '[.list, .none, true, r\'a+\', "\\"x\\"\\n"]',
      'parse_timestamp!(.at, "%+")',
      '. |= { "é": 1 }',
    ]) {
      const { program } = compile(source, { functions: standardLibrary, host: webHost() });
      const outcome = program!.run({ event: parseJson(event) as Value, metadata: {} });
      assert.ok("value" in outcome, source);
      const { code, stdout, stderr } = await runCli(["vrl", source], { input: `${event}\n` });
      assert.deepEqual([code, stdout, stderr], [0, `${display(outcome.value)}\n`, ""], source);
    }
  });

  test("an event that fails is told of, and the next one is taken", async () => {
    const input = '{"n":"1"}\n{"n":"x"}\n\n{"n":"3"}';
    const { code, stdout, stderr } = await runCli(["vrl", "to_int!(.n)"], { input });
    assert.deepEqual([code, stdout], [1, "1\n3\n"]);
    assert.match(stderr, /^function call error for "to_int" at \(0:11\): Invalid integer "x"/);
    const aborted = await runCli(["vrl", 'if .n == 1 { abort "enough" }; .n'], { input: '{"n":1}\n{"n":2}' });
    assert.deepEqual([aborted.code, aborted.stdout, aborted.stderr], [0, "2\n", "enough\n"]);
  });

  test("takes program and events from files, and prints events as JSON", async (context) => {
    const directory = temporaryDirectory(context);
    writeFiles(directory, { "remap.vrl": ".b = .a * 2 ?? 0\n", "events.ndjson": '{"a":2}\n{"a":2.5}\n' });
    const parameters = ["--program", "remap.vrl", "--input", "events.ndjson", "--print-object", "--json"];
    const { code, stdout } = await runCli(["vrl", ...parameters], { cwd: directory });
    assert.deepEqual([code, stdout], [0, '{"a":2,"b":4}\n{"a":2.5,"b":5.0}\n']);
    const { stderr } = await runCli(["vrl", "--program", join(directory, "none.vrl")]);
    assert.match(stderr, /Cannot read .*none\.vrl/);
  });

  test("a program that does not compile is told with its places, and no event is read", async () => {
    const { code, stdout, stderr } = await runCli(["vrl", ".a = upcase(.b)"], { input: event });
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /error\[E103\]: unhandled fallible assignment/);
    const json = await runCli(["vrl", "--check", "--json", ".a = upcase(.b)"]);
    assert.equal(json.code, 3);
    const { valid, diagnostics } = JSON.parse(json.stdout) as {
      valid: boolean;
      diagnostics: { code: number; labels: { start: number }[] }[];
    };
    assert.deepEqual([valid, diagnostics[0]?.code, diagnostics[0]?.labels[0]?.start], [false, 103, 5]);
    const warned = await runCli(["vrl", "--check", "x = 1\n.y = 2"]);
    assert.equal(warned.code, 0);
    assert.match(warned.stderr, /warning\[E900\]/);
  });

  test("--emit-js prints the function, --timezone is that of times without one", async () => {
    const { stdout } = await runCli(["vrl", "--emit-js", ".a = 1"]);
    assert.match(stdout, /^return function run\(target/);
    const source = 'to_unix_timestamp(parse_timestamp!("2026-07-01 12:00:00", "%Y-%m-%d %H:%M:%S"))';
    const berlin = await runCli(["vrl", "--timezone", "Europe/Berlin", source]);
    assert.equal(berlin.stdout, "1782900000\n");
  });

  test("the prompt keeps variables, goes on in the next line and from event to event", async (context) => {
    const directory = temporaryDirectory(context);
    writeFiles(directory, { "events.ndjson": '{"a":1}\n{"a":"two"}\n' });
    const lines = [
      "x = 2",
      ".b = x + 1",
      ".",
      "next",
      ".a",
      "upcase(.a)",
      "upcase!(.a)",
      "if x == 2 {",
      '  "went on" }',
      "prev",
      "help docs upcase",
      "help functions",
      "exit",
    ];
    const { code, stdout } = await runCli(["vrl", "--input", "events.ndjson"], {
      cwd: directory,
      input: `${lines.join("\n")}\n`,
    });
    assert.equal(code, 0);
    for (const expected of [
      '{ "a": 1, "b": 3 }',
      '{ "a": "two" }',
      '"TWO"',
      '"went on"',
      "upcase(value) -> string",
    ])
      assert.ok(stdout.includes(expected), expected);
    assert.match(stdout, /error\[E110\]/);
    assert.match(stdout, /^\$ abs append /m);
  });

  test("wrong input and wrong calls are refused with what to do", async () => {
    const broken = await runCli(["vrl", "."], { input: '{"a":1}\n{"a"' });
    assert.equal(broken.code, 3);
    assert.match(broken.stderr, /Cannot read the event in line 2: .*\n.*Each line must be a JSON value/);
    const both = await runCli(["vrl", ".", "--program", "x.vrl"]);
    assert.equal(both.code, 2);
    const none = await runCli(["vrl", "--check"]);
    assert.equal(none.code, 2);
  });
});
