import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TapEvent } from "@plinth/resource";
import type { Plinth } from "./plinth.ts";

const LAUNCHER = new URL("../cli/plinth", import.meta.url).pathname;

/** `plinth tap --json` while it runs. */
export class LiveTap implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(plinth: Plinth, ...parameters: string[]) {
    this.#child = spawn("/bin/sh", [LAUNCHER, "tap", "--json", ...parameters], {
      env: { ...process.env, PLINTH_HOME: plinth.home },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async next(): Promise<TapEvent> {
    const { value } = await this.#lines.next();
    return JSON.parse(value as string) as TapEvent;
  }

  /** The exit code after Ctrl-C. */
  async interrupt(): Promise<number> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    const [code] = await exit;
    return code as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.stdout!.destroy(); // what nobody reads any more would hold it up
    await this.interrupt();
  }
}
