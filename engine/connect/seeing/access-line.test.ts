import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { seededRandom } from "@plinth/clock";
import { createLog } from "@plinth/log";
import * as fc from "fast-check";
import { Edge } from "../edge.ts";
import { combinedLine, jsonLine } from "./access-line.ts";
import { Seeing } from "./seeing.ts";
import { Sighting } from "./sighting.ts";

const clock = new VirtualClock();
const seeing = new Seeing(clock, seededRandom(1), createLog({ clock, level: "error" }), undefined);
const edge = new Edge("shop", "web", { key: "shop.catalog", app: "shop", service: "catalog" });

function sightingOf(path: string, userAgent: string, fromOutside: boolean): Sighting {
  const begin = {
    protocol: "HTTP/1.1",
    client: "192.0.2.1:4711",
    method: "GET",
    authority: "catalog",
    path,
    referer: "",
    userAgent,
    fromOutside,
    startedMs: 0,
  } as const;
  const sighting = new Sighting(seeing, 1, edge, begin, {
    first: undefined,
    others: undefined,
    trace: undefined,
  });
  sighting.headed(200, 1.5);
  sighting.responseBytes = 12;
  return sighting;
}

test("combinedLine() writes what Apache would", () => {
  const sighting = sightingOf("/shelf", "curl/8", false);
  sighting.durationMs = 400;
  assert.equal(
    combinedLine(sighting, Date.UTC(2026, 0, 2, 3, 4, 5, 100)),
    '192.0.2.1 - shop/web [02/Jan/2026:03:04:04 +0000] "GET /shelf HTTP/1.1" 200 12 "-" "curl/8"\n',
  );
});

test("no bytes of a client end a field or a line, or drive a terminal", () => {
  const text = fc.string({ unit: "binary", maxLength: 60 });
  fc.assert(
    fc.property(text, text, fc.boolean(), (path, agent, fromOutside) => {
      const sighting = sightingOf(path, agent, fromOutside);
      const combined = combinedLine(sighting, 0);
      assert.match(combined, /^[ -~]*\n$/);
      assert.match(
        combined,
        /^192\.0\.2\.1 - (-|shop\/web) \[[^\]]+\] "GET ([^"\\]|\\.)* HTTP\/1\.1" 200 12 "-" "([^"\\]|\\.)*"\n$/,
      );
      const json = jsonLine(sighting, 0);
      assert.doesNotMatch(json.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      const { path: read, caller } = JSON.parse(json) as { path: string; caller: string | null };
      assert.deepEqual([read, caller], [path, fromOutside ? null : "shop/web"]);
    }),
  );
});

test("what is longer than anybody needs is cut", () => {
  const sighting = sightingOf("/".repeat(100_000), "a", true);
  assert.ok(combinedLine(sighting, 0).length < 5_000 && jsonLine(sighting, 0).length < 5_000);
});
