import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { compileRemap, type WrittenLine } from "./compile-remap.ts";
import { type Remapped, Remapper } from "./remapper.ts";

const lineOf = (message: string): WrittenLine => ({
  message,
  app: "shop",
  service: "web",
  instance: "shop.web.a1",
});

async function remapOne(program: string, message: string): Promise<Remapped> {
  await using remapper = new Remapper();
  const [remapped] = await remapper.remap(program, [lineOf(message)]);
  return remapped!;
}

test("a line becomes the event its program leaves, with every integer whole", async () => {
  const program = `. = parse_json!(.message)\n.seconds = to_float!(del(.ms)) / 1000\n.id = int!(.id) + 1`;
  assert.deepEqual(await remapOne(program, '{"ms":1500,"id":9007199254740993}'), {
    fields: ['{"id":9007199254740994,"seconds":1.5}'],
  });
});

test("a program knows where a line is from, and sees nothing of the daemon's", async () => {
  const { fields = [] } = (await remapOne(`.from = .app + "/" + .service`, "hi")) as { fields?: string[] };
  assert.deepEqual(JSON.parse(fields[0]!), {
    message: "hi",
    app: "shop",
    service: "web",
    instance: "shop.web.a1",
    from: "shop/web",
  });
  for (const [program, reason] of [
    [`.path = get_env_var!("PATH")`, /variable not found/],
    [`.host = dns_lookup!("localhost")`, /offers no network/],
    [`.name = get_hostname!()`, /does not tell it/],
  ] as const)
    assert.match(JSON.stringify(await remapOne(program, "")), reason);
});

test("abort drops a line, a list makes several, and what is no object is a message", async () => {
  const program = `if .message == "noise" { abort }
if starts_with(.message, "[") { . = parse_json!(.message) } else { . = split(.message, ",") }`;
  assert.deepEqual(await remapOne(program, "noise"), { fields: [] });
  assert.deepEqual(await remapOne(program, '[{"a":1},{"a":2}]'), { fields: ['{"a":1}', '{"a":2}'] });
  assert.deepEqual(await remapOne(program, "x,y"), { fields: ['{"message":"x"}', '{"message":"y"}'] });
});

test("a failure that a program does not handle is told of that line, and others go on", async () => {
  await using remapper = new Remapper();
  const lines = ['{"a":1}', "not json", '{"a":2}'].map(lineOf);
  const [first, second, third] = await remapper.remap(". = parse_json!(.message)", lines);
  assert.deepEqual([first, third], [{ fields: ['{"a":1}'] }, { fields: ['{"a":2}'] }]);
  assert.match("error" in second! ? second.error : "", /unable to parse json/);
});

test("a program that does not compile says so of each line, with its report", async () => {
  assert.ok(!("errors" in compileRemap(". = parse_json!(.message)")));
  const wrong = compileRemap(".a = upcasee(.message)");
  assert.match("errors" in wrong ? wrong.errors : "", /^error\[E105\].*did you mean "upcase"/s);
  const remapped = await remapOne(". = parse_json(.message)", "{}");
  assert.match("error" in remapped ? remapped.error : "", /unhandled error|fallible/);
});

/** Counts to 10^12. */
const ENDLESS = `list = split(repeat_text, ",")
for_each(list) -> |_, one| { for_each(list) -> |_, other| { for_each(list) -> |_, third| { .count = one + other + third } } }`;

test("a program that takes too long is ended; its lines say so, others' are read, and it waits its time", async () => {
  await using remapper = new Remapper();
  const endless = ENDLESS.replace("repeat_text", ".message");
  const long = lineOf("x,".repeat(10_000));
  const ended = remapper.remap(endless, [long]);
  const other = remapper.remap(`.message = upcase(.message)`, [lineOf("fine")]);
  assert.match(JSON.stringify(await ended), /was ended: it took longer than 2 s/);
  assert.match(JSON.stringify(await other), /FINE/);
  assert.match(JSON.stringify(await remapper.remap(endless, [lineOf("short")])), /tried again after 30 s/);
});

test("a program that takes too much memory is ended", async () => {
  await using remapper = new Remapper();
  const program = `list = []
for_each(split(.message, ",")) -> |_, one| { for_each(split(.message, ",")) -> |_, other| { list = push(list, [one, other, list]) } }
.list = list`;
  const remapped = await remapper.remap(program, [lineOf("x,".repeat(30_000))]);
  assert.match(JSON.stringify(remapped), /was ended/);
  assert.match(JSON.stringify(await remapper.remap(`.a = 1`, [lineOf("fine")])), /fine/);
});

test("who waits when the daemon ends is answered, and nothing stays behind", async () => {
  const remapper = new Remapper(new VirtualClock());
  const answers = Promise.all(["a", "b"].map((text) => remapper.remap(`.a = 1`, [lineOf(text)])));
  await remapper[Symbol.asyncDispose]();
  assert.equal((await answers).length, 2);
});
