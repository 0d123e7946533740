import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Instance } from "@plinth/resource";
import { createPlinth, createProject, isGone, type Plinth } from "../index.ts";
import { containerTraces, NO_CONTAINER_TRACES } from "../traces.ts";

/** A folder with a Compose file as somebody publishes it, filled in by a file .env beside it. */
export interface Published extends AsyncDisposable {
  readonly plinth: Plinth;
  readonly directory: string;
  /** Deploys with other values of some variables; the exit code and all that was said. */
  up(variables?: Readonly<Record<string, string | number>>): Promise<{ code: number | null; said: string }>;
  /** Throws with all that was said when it fails. */
  deploy(variables?: Readonly<Record<string, string | number>>): Promise<void>;
  /** The instances of a service that are on record. */
  instances(service: string): Promise<readonly Instance[]>;
  /** Takes the app down, and asserts that nothing is left of it. */
  down(app: string): Promise<void>;
}

export const folderOf = (name: string): string => join(import.meta.dirname, name);

export function createPublished(name: string, given: Readonly<Record<string, string | number>>): Published {
  const project = createProject();
  // What names no project is called like its folder.
  const directory = join(project.directory, name);
  cpSync(folderOf(name), directory, { recursive: true });
  const plinth = createPlinth();
  let variables = given;
  const published: Published = {
    plinth,
    directory,
    async up(changed = {}) {
      variables = { ...variables, ...changed };
      const lines = Object.entries(variables).map(([variable, value]) => `${variable}=${value}\n`);
      project.write(join(name, ".env"), lines.join(""));
      const { code, stdout, stderr } = await plinth.run([
        "up",
        directory,
        "--detach",
        "--mesh",
        "transparent",
      ]);
      return { code, said: stdout + stderr };
    },
    async deploy(changed) {
      const { code, said } = await published.up(changed);
      assert.equal(code, 0, said);
    },
    async instances(service) {
      const { items } = await plinth.json<{ items: readonly Instance[] }>("get", "instances");
      return items.filter(({ spec }) => spec.service === service);
    },
    async down(app) {
      const rows = await plinth.ps();
      const { code, stderr } = await plinth.run(["down", app]);
      assert.equal(code, 0, stderr);
      const names = rows.map(({ instance }) => instance);
      assert.deepEqual(containerTraces(plinth.home, names), NO_CONTAINER_TRACES);
      const left = rows.filter(({ pid }) => pid !== undefined && pid !== null && !isGone(pid));
      assert.deepEqual(left, []);
    },
    async [Symbol.asyncDispose]() {
      await plinth[Symbol.asyncDispose]();
      project[Symbol.dispose]();
    },
  };
  return published;
}
