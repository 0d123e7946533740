import assert from "node:assert/strict";
import { test } from "node:test";
import type { Figure } from "../case.ts";
import { formatTable } from "./format.ts";
import type { Part, Report } from "./report.ts";

const machine = {
  cpu: "A Processor",
  cores: 1,
  memoryGiB: 2,
  kernel: "6.1.0",
  system: "Debian 12",
  arch: "x64",
  versions: { node: "v26.10.0", bun: "1.4.5" },
};

const part = (title: string, figures: readonly Figure[], more: Partial<Part> = {}): Part => ({
  case: title,
  title,
  notes: [],
  figures,
  missing: [],
  seconds: 16,
  raw: undefined,
  ...more,
});

const report = (...parts: Part[]): Report => ({
  takenAt: "2026-11-22T10:00:00.000Z",
  seconds: 80,
  commit: "abc1234",
  machine,
  parts,
});

const nginx = { rivalName: "nginx", rivalProgram: "nginx 1.22.1" };
const cost = { name: "on Node", unit: "µs CPU", ...nginx, ratioMax: 2 } as const;

test("formatTable() says whether ours is better, where less is and where more is, and what is the same", () => {
  const text = formatTable(
    report(
      part(
        "Proxy",
        [
          { ...cost, ours: 30.24, rival: 15.12 },
          { ...cost, name: "on Bun", ours: 1.5, rival: 2 },
          {
            ...cost,
            name: "requests",
            unit: "per second",
            ours: 41_234.5,
            rival: 40_000,
            ratioMax: undefined,
            ratioMin: 1,
          },
          {
            ...cost,
            name: "more",
            unit: "per second",
            ours: 123_456,
            rival: 1000,
            ratioMax: undefined,
            ratioMin: 1,
          },
        ],
        { notes: ["64 connections"] },
      ),
      part("Deploy", [
        { ...cost, name: "failed", unit: "of all", ours: 0, rival: 12, outOf: { ours: 1860, rival: 900 } },
        { ...cost, name: "failed", unit: "of all", ours: 0, rival: 0, outOf: { ours: 1860, rival: 700 } },
      ]),
    ),
  );
  assert.equal(
    text,
    `
                              ours      rival  ratio  ours is

Proxy, beside nginx 1.22.1
  64 connections
  on Node   µs CPU            30.2       15.1      2  worse than nginx
  on Bun    µs CPU            1.50          2   0.75  better than nginx
  requests  per second      41,235     40,000   1.03  same as nginx
  more      per second     123,456      1,000    123  better than nginx

Deploy, beside nginx 1.22.1
  failed    of all      0 of 1,860  12 of 900      0  better than nginx
  failed    of all      0 of 1,860   0 of 700      1  same as nginx

A Processor, 1 core, 2 GiB
Debian 12, Linux 6.1.0, Node 26.10.0, Bun 1.4.5
2026-11-22, in 80 s, commit abc1234`.slice(1),
  );
});

test("formatTable() says once what was not measured, why, and what to type", () => {
  const run = { ...cost, name: "run", unit: "ms", ours: 6.5, rival: undefined };
  const text = formatTable(
    report(
      part("Proxy", [], { missing: ["nginx", "wrk"] }),
      part("Store", [], { failure: "Cannot write: no space\n    at write (store.ts:1:1)" }),
      part("Deploy", [
        { ...run, rivalName: "restart", missing: "nginx" },
        { ...run, rivalName: "one by one", missing: "nginx" },
      ]),
      part("Container", [
        { ...run, rivalName: "crun", refusal: "cgroups in hybrid mode not supported" },
        { ...run, unit: "ms CPU", rivalName: "runc" },
      ]),
    ),
  );
  assert.deepEqual(text.split("\n").slice(1, -4), [
    "",
    "Proxy",
    "  not measured: nginx and wrk are not installed; what to type: apt-get install nginx-light wrk",
    "",
    "Store",
    "  not measured: Cannot write: no space",
    "",
    "Deploy",
    "  run  ms      6.50      –      –  no nginx",
    "  nginx is not installed; what to type: apt-get install nginx-light",
    "",
    "Container",
    "  run  ms      6.50      –      –  no crun",
    "  run  ms CPU  6.50      –      –  no runc",
    "  crun does not run here: cgroups in hybrid mode not supported",
    "  runc is not installed; what to type: apt-get install runc",
  ]);
});
