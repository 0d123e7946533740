import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseFormat } from "../../runtime/time/items.ts";
import { readTimestamp, readTimestampLiteral } from "../../runtime/time/read.ts";
import { ACCESS_TIME, readAccessTime } from "./access-time.ts";
import { parseRfc3339 } from "./rfc3339.ts";

function digits(count: number): fc.Arbitrary<string> {
  return fc.nat(10 ** count - 1).map((number) => String(number).padStart(count, "0"));
}

const sign = fc.constantFrom("+", "-");
const time = fc
  .tuple(fc.nat(24), fc.nat(60), fc.nat(61))
  .map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(":"));

test("readAccessTime() reads nothing else than chrono's format does", () => {
  const items = parseFormat(ACCESS_TIME);
  const month = fc.constantFrom("Jan", "Feb", "Jun", "Dec", "Foo", "jan");
  fc.assert(
    fc.property(
      fc.nat(32),
      month,
      digits(4),
      time,
      sign,
      digits(4),
      (day, name, year, clock, plus, offset) => {
        const text = `${String(day).padStart(2, "0")}/${name}/${year}:${clock} ${plus}${offset}`;
        const quick = readAccessTime(text);
        if (quick !== undefined) assert.deepEqual(quick, readTimestamp(text, items, undefined));
      },
    ),
    { numRuns: 1000 },
  );
  assert.equal(readAccessTime("29/Feb/2024:10:11:12 +0130")?.toString(), "2024-02-29T08:41:12Z");
});

test("parseRfc3339() reads what a timestamp's literal may be, but for blanks", () => {
  fc.assert(
    fc.property(
      fc.tuple(digits(4), fc.nat(13), fc.nat(32)),
      fc.constantFrom("T", "t", " ", "x"),
      time,
      fc.constantFrom("", ".5", ".123456789", ".1234567891", "."),
      fc.oneof(
        fc.constantFrom("Z", "z", "", "+1"),
        fc.tuple(sign, time).map(([plus, clock]) => plus + clock.slice(0, 5)),
      ),
      ([year, month, day], separator, clock, fraction, zone) => {
        const date = [year, String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
        const text = date + separator + clock + fraction + zone;
        const literal = readTimestampLiteral(text);
        assert.deepEqual(parseRfc3339(text), typeof literal === "string" ? undefined : literal, text);
      },
    ),
    { numRuns: 1000 },
  );
});
