import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory, writeFiles } from "../testing.ts";
import { translateProcfile } from "./procfile.ts";
import type { Translated } from "./translated.ts";

function bring(
  context: TestContext,
  files: Record<string, string>,
  environment = {},
  directory?: string,
): Translated {
  const parent = temporaryDirectory(context);
  writeFiles(join(parent, "My_App"), files);
  return translateProcfile(join(parent, "My_App", "Procfile"), {
    environment,
    ...(directory !== undefined && { directory: join(parent, directory) }),
  });
}

test("translateProcfile() makes a service of each line, of which web serves and release comes first", (context) => {
  const { config, notes } = bring(
    context,
    {
      Procfile:
        '# processes\nweb: gunicorn --bind 0.0.0.0:$PORT app:app | tee log\n\nmail_worker:bin/work "$QUEUE" # mail\r\nrelease: bin/migrate\n',
      ".env": "QUEUE=mail\nSECRET='a b'\nPORT=5000\n",
    },
    { QUEUE: "of-shell" },
  );
  const env = { QUEUE: "of-shell", SECRET: "a b" };
  const after = { release: "completed" };
  assert.deepEqual(config, {
    name: "my-app",
    services: {
      web: { command: ["/bin/sh", "-c", "gunicorn --bind 0.0.0.0:$PORT app:app | tee log"], env, after },
      "mail-worker": {
        command: ["/bin/sh", "-c", 'bin/work "$QUEUE" # mail'],
        health: false,
        env,
        calls: ["web"],
        after,
      },
      release: { command: ["/bin/sh", "-c", "bin/migrate"], health: false, env, restart: "never" },
    },
    ingress: { "my-app.localhost": "web" },
  });
  assert.deepEqual(
    notes.map(({ kind, message }) => [kind, message]),
    [["ignored", "PORT is what Plinth gives each instance"]],
  );
});

test("translateProcfile() runs where the file is, and names lines that it cannot read", (context) => {
  const { config, notes, serviceOf } = bring(
    context,
    { Procfile: "worker: a\nnot a line\nWorker: b\nempty:\n" },
    {},
    "elsewhere",
  );
  assert.deepEqual(config.services, {
    worker: { command: ["/bin/sh", "-c", "a"], cwd: "../My_App", health: false },
  });
  assert.equal(config.ingress, undefined);
  assert.deepEqual(
    notes.map(({ kind, line }) => [kind, line]),
    [
      ["refused", 2],
      ["refused", 3],
      ["refused", 4],
    ],
  );
  assert.equal(serviceOf(notes[0]!), undefined);
});
