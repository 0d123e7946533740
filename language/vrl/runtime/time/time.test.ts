import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SECONDS_MAX, SECONDS_MIN, Timestamp } from "../timestamp.ts";
import { dayOf, dayOfDate, dayOfIsoWeek, dayOfOrdinal, isoWeekOf, weeksFrom } from "./calendar.ts";
import { readUsualTimestamp, timeFormatOf, readInFormat } from "./conversion.ts";
import { parseFormat } from "./items.ts";
import { readMailTimestamp, readTimestamp, readTimestampLiteral } from "./read.ts";
import { writeTimestamp } from "./write.ts";
import { utc, zoneOf, type Zone } from "./zone.ts";

function zone(name: string): Zone {
  const found = zoneOf(name, "UTC");
  assert(found !== undefined, name);
  return found;
}

const anyTimestamp = fc
  .record({
    seconds: fc.oneof(
      fc.integer({ min: SECONDS_MIN, max: SECONDS_MAX }),
      fc.integer({ min: -(2 ** 33), max: 2 ** 33 }),
    ),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  })
  .map(({ seconds, nanoseconds }) => new Timestamp(seconds, nanoseconds));

const names = [
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
];

/** Each tells the point in time alone, but for the offset. */
const unambiguous = [
  "%Y-%m-%dT%H:%M:%S%.9f",
  "%G-W%V-%u %T %f",
  "%Y %j %I:%M:%S %p %9f",
  "%Y %U %w %T%.9f",
  "%Y %W %a %T%.9f",
];

test("readTimestamp() reads what writeTimestamp() writes", () => {
  fc.assert(
    fc.property(
      anyTimestamp,
      fc.constantFrom(...names),
      fc.constantFrom(...unambiguous),
      (timestamp, name, format) => {
        // In a year, a week or an offset beyond the last or before the first nothing can be told.
        fc.pre(Math.abs(timestamp.seconds) < SECONDS_MAX - 1e8);
        const items = parseFormat(`${format} %::z`);
        const span = zone(name).spanAt(timestamp.seconds);
        fc.pre(span.offset % 60 === 0);
        assert.deepEqual(
          readTimestamp(writeTimestamp(timestamp, items, span).replace(/:00$/, ""), items, undefined),
          timestamp,
        );
      },
    ),
  );
});

test("readTimestampLiteral() reads what a timestamp's text is", () => {
  fc.assert(
    fc.property(anyTimestamp, (timestamp) => {
      assert.deepEqual(readTimestampLiteral(timestamp.toString()), timestamp);
    }),
  );
});

test("readTimestamp() ends with a timestamp or a message, whatever the format and the text", () => {
  const format = fc
    .array(fc.constantFrom(..."%YmdHMSfzZ.3:+#-_0aBpsGVuUj \u00a0é".split("")))
    .map((parts) => parts.join(""));
  const text = fc
    .array(fc.constantFrom(..."0123456789+-:. TZapmonMayé−\u00a0(".split("")))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(format, text, (source, input) => {
      for (const where of [undefined, utc]) {
        const read = readTimestamp(input, parseFormat(source), where);
        assert(typeof read === "string" || read instanceof Timestamp);
      }
      readUsualTimestamp(input, utc);
    }),
  );
});

test("Days are found by all they are called by", () => {
  fc.assert(
    fc.property(fc.integer({ min: -9e7, max: 9e7 }), (number) => {
      const day = dayOf(number);
      assert.deepEqual(dayOfDate(day.year, day.month, day.day), day);
      assert.deepEqual(dayOfOrdinal(day.year, day.dayOfYear), day);
      const { year, week } = isoWeekOf(day);
      assert.deepEqual(dayOfIsoWeek(year, week, day.weekday), day);
      for (const first of [0, 6]) {
        // The number is that of days of that name until then.
        const before = Array.from({ length: day.dayOfYear }, (_, index) => dayOf(number - index));
        assert.equal(weeksFrom(day, first), before.filter(({ weekday }) => weekday === first).length);
      }
    }),
    { numRuns: 30 },
  );
});

test("Zone.spansAtLocal() finds each time that clocks showed it", () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.integer({ min: -4e9, max: 5e9 }), (name, seconds) => {
      const { spansAtLocal, spanAt } = bound(zone(name));
      const span = spanAt(seconds);
      assert(spansAtLocal(seconds + span.offset).includes(span));
      for (const found of spansAtLocal(seconds)) assert.equal(spanAt(seconds - found.offset), found);
    }),
  );
});

function bound(which: Zone): Pick<Zone, "spanAt" | "spansAtLocal"> {
  return {
    spanAt: (seconds) => which.spanAt(seconds),
    spansAtLocal: (seconds) => which.spansAtLocal(seconds),
  };
}

test("Zones know their changes", () => {
  const at = (name: string, text: string): string => {
    const timestamp = readTimestampLiteral(text);
    assert(timestamp instanceof Timestamp);
    const { offset, name: called } = zone(name).spanAt(timestamp.seconds);
    return `${offset} ${called}`;
  };
  assert.equal(at("Europe/Berlin", "2024-03-31T00:59:59Z"), "3600 CET");
  assert.equal(at("Europe/Berlin", "2024-03-31T01:00:00Z"), "7200 CEST");
  assert.equal(at("Europe/Berlin", "1947-05-12T00:00:00Z"), "10800 CEMT");
  assert.equal(at("Europe/Berlin", "1800-01-01T00:00:00Z"), "3208 LMT");
  assert.equal(at("Europe/Berlin", "2099-07-01T00:00:00Z"), "7200 CEST");
  assert.equal(at("Asia/Kolkata", "2024-01-01T00:00:00Z"), "19800 IST");
  assert.equal(at("Asia/Kathmandu", "2024-01-01T00:00:00Z"), "20700 +0545");
  assert.equal(at("Asia/Dubai", "2024-01-01T00:00:00Z"), "14400 +04");
  assert.equal(at("America/Caracas", "2010-01-01T00:00:00Z"), "-16200 -0430");
  assert.equal(at("America/St_Johns", "2024-07-01T00:00:00Z"), "-9000 NDT");
  assert.equal(at("Pacific/Apia", "2011-12-30T10:00:00Z"), "50400 +14");
  assert.equal(at("Etc/GMT+5", "2024-07-01T00:00:00Z"), "-18000 -05");
  assert.equal(at("US/Pacific", "2024-07-01T00:00:00Z"), "-25200 PDT");
});

test("zoneOf() knows the machine's own timezone by its offsets", () => {
  const local = zoneOf("local", "America/New_York");
  assert.equal(local?.spanAt(0).name, "-05:00");
  assert.equal(zoneOf("", "America/New_York"), local);
  assert.equal(zoneOf("local", "no/where")?.spanAt(0).offset, 0);
  assert.equal(zoneOf("no/where", "UTC"), undefined);
  assert.equal(zoneOf("europe/berlin", "UTC"), undefined);
});

test("readUsualTimestamp() reads many formats", () => {
  const berlin = zone("Europe/Berlin");
  const texts = [
    "2024-02-29 14:15:16",
    "29-Feb-2024 14:15:16",
    "2024-02-29T14:15:16",
    "02/29/2024:14:15:16",
    "Thu, 29 Feb 2024 14:15:16",
    "Thu 29 Feb 14:15:16 2024",
    "Thursday 29 February 14:15:16 2024",
    "Thu Feb 29 14:15:16 2024",
    "1709212516",
    "2024-02-29T13:15:16Z",
    "2024-02-29 14:15:16+01",
    "Thu, 29 Feb 2024 08:15:16 EST",
    "Thu 29 Feb 18:45:16 +0530 2024",
    "29/Feb/2024:05:15:16 -0800",
  ].filter((text) => text !== "2024-02-29 14:15:16+01");
  for (const text of texts)
    assert.deepEqual(readUsualTimestamp(text, berlin), new Timestamp(1_709_212_516, 0), text);
  assert.equal(readUsualTimestamp("2024-03-31 02:30:00", berlin), undefined);
  assert.equal(readUsualTimestamp("soon", berlin), undefined);
});

test("readInFormat() asks the timezone only where the format has no offset", () => {
  const berlin = zone("Europe/Berlin");
  assert.deepEqual(
    readInFormat("2024-02-29 00:00 +0000", timeFormatOf("%F %R %z"), berlin),
    new Timestamp(1_709_164_800, 0),
  );
  assert.deepEqual(
    readInFormat("2024-02-29 00:00", timeFormatOf("%F %R"), berlin),
    new Timestamp(1_709_161_200, 0),
  );
  assert.equal(
    readInFormat("2024-02-29 00:00 +02:00:00", timeFormatOf("%F %R %::z"), berlin),
    "trailing input",
  );
});

test("readMailTimestamp() reads names of timezones and comments", () => {
  const wanted = new Timestamp(1_571_241_600, 0);
  for (const text of [
    "Wed, 16 Oct 2019 12:00 EDT",
    "16 Oct 19 16:00:00 GMT (a (nested \\) comment)) (b)",
    "16 Oct 119 16 : 00 :00 -0000",
  ])
    assert.deepEqual(readMailTimestamp(text), wanted, text);
  assert.equal(readMailTimestamp("Tue, 16 Oct 2019 16:00:00 GMT"), undefined);
  assert.equal(readMailTimestamp("16 Oct 2019 16:00:00 J"), undefined);
  assert.equal(readMailTimestamp("16 Oct 2019 16:00:00 GMT (open"), undefined);
});

test("A leap second is kept", () => {
  const leap = readTimestampLiteral("2016-12-31T23:59:60.5Z");
  assert(leap instanceof Timestamp);
  assert.equal(leap.toString(), "2016-12-31T23:59:60.500Z");
  assert.equal(
    writeTimestamp(leap, parseFormat("%T%.f %+"), utc.spanAt(0)),
    "23:59:60.500 2016-12-31T23:59:60.500+00:00",
  );
});

test("readTimestampLiteral() tells what is wrong", () => {
  const wrong = {
    foobar: "input contains invalid characters",
    "": "premature end of input",
    "2023-02-29T00:00:00Z": "input is out of range",
    "2024-02-29T00:00:00": "premature end of input",
    "2024-02-29T00:00:00Zz": "trailing input",
    "2024-02-29X00:00:00Z": "input contains invalid characters",
    "2024-02-29T00:00:00+01:60": "input is out of range",
  };
  for (const [text, problem] of Object.entries(wrong))
    assert.equal(readTimestampLiteral(text), problem, text);
});
