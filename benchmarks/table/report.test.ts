import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { Outcome, TableCase } from "../case.ts";
import { describeMachine } from "../machine.ts";
import { measureParts } from "./report.ts";

const caseOf = (name: string, measure: TableCase["rows"]["measure"]): TableCase => ({
  name,
  does: name,
  run: measure,
  rows: { title: name, notes: [], measure },
});

test("measureParts() goes on after a part that fails or lacks something, and leaves no directory behind", async () => {
  const directories: string[] = [];
  const outcome = (raw: unknown): Promise<Outcome> => Promise.resolve({ figures: [], raw });
  const said: string[] = [];
  const { parts } = await measureParts(
    [
      caseOf("fails", ({ directory }) => {
        directories.push(directory);
        throw new Error("no room here");
      }),
      caseOf("lacks", () => outcome({ missing: ["nginx"] })),
      caseOf("works", ({ directory, say }) => {
        directories.push(directory);
        say("measured");
        return outcome({ rounds: 1 });
      }),
    ],
    describeMachine(undefined),
    (line) => said.push(line),
  );
  assert.deepEqual(
    parts.map(({ failure, missing, raw }) => ({ failure, missing, raw })),
    [
      { failure: "no room here", missing: [], raw: undefined },
      { failure: undefined, missing: ["nginx"], raw: { missing: ["nginx"] } },
      { failure: undefined, missing: [], raw: { rounds: 1 } },
    ],
  );
  assert.deepEqual(said, ["fails …", "  failed: no room here", "lacks …", "works …", "  measured"]);
  assert.deepEqual(directories.filter(existsSync), []);
});
