import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Writable } from "node:stream";

/** A shell that is typed into, as somebody at a terminal does. */
export interface Shell extends AsyncDisposable {
  /** Types a line and waits until it is done: all that was printed, and how it ended. */
  type(line: string): Promise<{ printed: string; code: number }>;
}

export interface ShellOptions {
  /** Before its own words: runs it on a machine. */
  readonly inside: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Lines come on a descriptor of their own: what is typed must not be read by the commands. $? is what it was. */
const LOOP = `status=0
while IFS= read -r line <&3; do
  (exit "$status"); eval "$line" </dev/null 3<&-
  status=$?
  printf '%s %s\\n' "$0" "$status"
done`;

/** Who enters a machine's mounts is in its root folder at first. */
const ENTER = 'cd -- "$2" && exec sh -c "$0" "$1" 2>&1';

/** Longest wait for a line to be done; only what waits for ever takes this long. */
const PATIENCE_MS = 60_000;

export function openShell({ inside, directory, environment }: ShellOptions): Shell {
  const mark = randomUUID();
  const [program, ...words] = [...inside, "sh", "-c", ENTER, LOOP, mark, directory];
  const child = spawn(program, words, {
    env: environment,
    stdio: ["ignore", "pipe", "inherit", "pipe"],
    // A group of its own, to be ended with what it has started; what goes on in the background has left it.
    detached: true,
  });
  const ended = once(child, "exit");
  const end = (): void => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It has ended, and all that it ran.
    }
  };
  const typed = child.stdio[3] as Writable;
  const output = child.stdout!.setEncoding("utf8")[Symbol.asyncIterator]() as AsyncIterator<string>;
  return {
    async type(line) {
      const patience = setTimeout(end, PATIENCE_MS);
      typed.write(`${line}\n`);
      let printed = "";
      const done = new RegExp(`${mark} (\\d+)\\n$`);
      while (!done.test(printed)) {
        const chunk = await output.next();
        if (chunk.done === true) throw new Error(`the shell has ended within: ${line}\n${printed}`);
        printed += chunk.value;
      }
      clearTimeout(patience);
      const [whole, code] = done.exec(printed)!;
      return { printed: printed.slice(0, -whole.length), code: Number(code) };
    },
    async [Symbol.asyncDispose]() {
      end();
      await ended;
    },
  };
}
