import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPlinth, createProject, serverSaying } from "./index.ts";

/** Asks what it calls all the time, and at SIGTERM waits for its answers before it ends. */
const SHOPPER = `let over = false;
process.on("SIGTERM", () => { over = true; });
import("node:http").then(({ createServer }) => {
  const server = createServer((request, response) => response.end("here")).listen(process.env.PORT, process.env.HOST);
  const shop = async () => {
    while (!over) {
      const response = await fetch(process.env.PLINTH_BACK_URL + "/slow");
      await response.text();
      if (!response.ok) process.exit(9);
    }
    server.close();
    server.closeAllConnections();
  };
  void shop();
});`;

for (const what of ["--all", "site"]) {
  test(`down ${what} stops callers first: requests under way end well and nobody is killed`, async () => {
    using project = createProject();
    project.write("server.mjs", serverSaying("here"));
    project.write("shopper.mjs", SHOPPER);
    project.configure({
      name: "site",
      services: {
        back: { command: ["node", "server.mjs"] },
        front: { command: ["node", "shopper.mjs"], calls: ["back"] },
      },
    });
    await using plinth = createPlinth();
    await plinth.up(project.directory);
    assert.equal((await plinth.run(["down", what])).code, 0);
    const ends = readFileSync(join(plinth.home, "daemon.log"), "utf8").match(/"instance ended".*/g) ?? [];
    assert.match(ends[0] ?? "", /instance=site\.front\..* reason="exit code 0"/);
    assert.match(ends[1] ?? "", /instance=site\.back\..* reason="exit code 0"/);
  });
}
