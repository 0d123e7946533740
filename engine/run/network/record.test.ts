import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeNameFiles } from "./record.ts";

test("writeNameFiles() has names asked for as they are, whatever domain the host's own name is in", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-names-"));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "ports", "app.web.x"), { recursive: true });
  const files = writeNameFiles(directory, { id: "app.web.x", address: "10.1.0.2", gateway: "10.1.0.1" });
  const lines = readFileSync(files.resolvConf, "utf8").trim().split("\n");
  assert.deepEqual(lines.slice(0, 2), ["nameserver 10.1.0.1", "search ."]);
});
