import type { ExecEvent, SessionInput } from "@plinth/api";
import { Fault } from "@plinth/fault";
import { type InstanceRunner, readTree, visiblePid, writeTree } from "@plinth/run";

/** A file or folder of an instance as a tar archive on standard output. */
export function readFiles(
  runner: InstanceRunner,
  path: string,
  signal: AbortSignal,
): AsyncIterable<ExecEvent> {
  const root = rootOf(runner);
  return (async function* (): AsyncGenerator<ExecEvent> {
    const leftOut: string[] = [];
    for await (const data of readTree(root, path, { signal, onLeftOut: (name) => void leftOut.push(name) })) {
      yield { stream: "stdout", data };
    }
    for (const name of leftOut)
      yield { stream: "stderr", data: Buffer.from(`left out: ${name} is neither file, folder nor link\n`) };
    yield { exitCode: 0 };
  })();
}

/** Puts a tar archive that comes as input into an instance. */
export function writeFiles(
  runner: InstanceRunner,
  path: string,
  input: AsyncIterable<SessionInput>,
): AsyncIterable<ExecEvent> {
  const root = rootOf(runner);
  return (async function* (): AsyncGenerator<ExecEvent> {
    await writeTree(root, path, dataOf(input));
    yield { exitCode: 0 };
  })();
}

/** All that an instance sees, by its main process: mounts of its own are in there. */
function rootOf({ status }: InstanceRunner): string {
  const seen = status.pid === undefined ? undefined : visiblePid(status.pid);
  if (seen === undefined)
    throw new Fault("gone", `Cannot copy files: the instance is not running (${status.state ?? "Pending"})`);
  return `/proc/${seen}/root`;
}

async function* dataOf(input: AsyncIterable<SessionInput>): AsyncGenerator<Uint8Array> {
  for await (const each of input) if ("data" in each) yield each.data;
}
