import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { secondsOf, Timestamp } from "../../runtime/timestamp.ts";
import { Failure } from "../../runtime/failure.ts";
import { call, testHost } from "../call-for-test.ts";
import { parseRfc3339 } from "../log/rfc3339.ts";
import { parseSyslog } from "../parse-syslog.ts";
import { parseMessage } from "./parse-message.ts";
import type { DateReader } from "./timestamp.ts";

const utc: DateReader = {
  yearOf: () => 2024,
  localTime: (civil) => new Timestamp(secondsOf(civil), 0),
  isLocal: false,
};

test("parseMessage() reads back what was written by RFC 5424", () => {
  const word = fc.string({
    unit: fc.constantFrom(...Array.from("abcXYZ019._/")),
    minLength: 1,
    maxLength: 8,
  });
  const value = fc.string({ unit: fc.constantFrom(...Array.from('ab "\\]é日=[')), maxLength: 8 });
  const element = fc.record({
    id: word,
    values: fc.dictionary(word, value, { maxKeys: 3, noNullPrototype: true }),
  });
  fc.assert(
    fc.property(
      fc.nat(191),
      fc.tuple(word, word, word, word),
      fc.uniqueArray(element, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
      fc.string({ unit: fc.constantFrom(...Array.from('ab ["é')), maxLength: 10 }).map((text) => `m${text}m`),
      (priority, [hostname, appname, procid, msgid], elements, text) => {
        const data = elements
          .map(({ id, values }) => {
            const parameters = Object.entries(values).map(
              ([name, each]) => ` ${name}="${each.replace(/["\\\]]/g, String.raw`\$&`)}"`,
            );
            return `[${id}${parameters.join("")}]`;
          })
          .join("");
        const line = `<${priority}>1 2024-02-29T01:02:03.5Z ${hostname} ${appname} ${procid} ${msgid} ${data} ${text}`;
        const message = parseMessage(line, utc)!;
        assert.deepEqual(
          [message.hostname, message.appname, message.procid, message.msgid, message.text],
          [hostname, appname, procid, msgid, text],
        );
        assert.deepEqual(
          message.elements.map(({ id, parameters }) => [id, { ...parameters }]),
          elements.map(({ id, values }) => [id, { ...values }]),
        );
        assert.equal(message.timestamp.toString(), "2024-02-29T01:02:03.500Z");
      },
    ),
  );
});

test("parseMessage() makes something or nothing of any text, in linear time", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('<>1 :[]="\\-a\tOct2024-01:0TZ\n')), maxLength: 60 }),
      (text) => void parseMessage(text, utc),
    ),
    { numRuns: 1000 },
  );
  for (const unit of ["[a ", '[a x="', "[", "[]", '\\"', " ", "1"])
    parseMessage(`<1>1 2024-02-29T01:02:03Z h a p m ${unit.repeat(20_000)}`, utc);
});

test("dates without a year are of the program's timezone, those with one only of the machine's own", () => {
  const time = (line: string, timezone: string, now: string) => {
    const host = testHost({
      localTimezone: "Europe/Paris",
      now: () => BigInt(secondsAt(now)) * 1_000_000_000n,
    });
    const message = call(parseSyslog, { value: line }, { host, timezone });
    return message instanceof Failure ? undefined : String((message as { timestamp: Timestamp }).timestamp);
  };
  const july = "2023-07-01T00:00:00Z";
  assert.equal(time("Jun 30 12:00:00 h a: m", "UTC", july), "2023-06-30T12:00:00Z");
  assert.equal(time("Jun 30 12:00:00 h a: m", "Europe/Paris", july), "2023-06-30T10:00:00Z");
  assert.equal(time("Jun 30 12:00:00 h a: m", "local", july), "2023-06-30T10:00:00Z");
  assert.equal(time("Jun 30 2022 12:00:00 h a: m", "Europe/Paris", july), "2022-06-30T12:00:00Z");
  assert.equal(time("Jun 30 2022 12:00:00 h a: m", "local", july), "2022-06-30T10:00:00Z");
  // Clocks went forward over this hour, and back over that one, which is the earlier of two.
  assert.equal(time("Mar 26 02:30:00 h a: m", "Europe/Paris", july), undefined);
  assert.equal(time("Oct 29 02:30:00 h a: m", "Europe/Paris", july), "2023-10-29T00:30:00Z");
  assert.equal(time("Dec 31 23:00:00 h a: m", "UTC", "2023-01-01T00:00:00Z"), "2022-12-31T23:00:00Z");
  assert.equal(time("Dec 31 23:00:00 h a: m", "UTC", "2023-02-01T00:00:00Z"), "2023-12-31T23:00:00Z");
});

function secondsAt(text: string): number {
  return parseRfc3339(text)!.seconds;
}
