import { PassThrough } from "node:stream";
import type { ExecEvent } from "@plinth/api";

/** Output read ahead of a slow reader, per stream; the command waits beyond it. */
const BUFFERED_BYTES = 64 * 1024;

/** What a command writes and how it ends, as events; a reader that leaves early ends nothing but the reading. */
export async function* execEvents(
  run: (sinks: { stdout: PassThrough; stderr: PassThrough }) => Promise<number>,
): AsyncGenerator<ExecEvent> {
  const stdout = new PassThrough({ highWaterMark: BUFFERED_BYTES });
  const stderr = new PassThrough({ highWaterMark: BUFFERED_BYTES });
  const ended = run({ stdout, stderr }).finally(() => {
    stdout.end();
    stderr.end();
  });
  ended.catch(() => undefined);
  const merged = new PassThrough({ objectMode: true, highWaterMark: 1 });
  let open = 2;
  const join = async (source: PassThrough, stream: "stdout" | "stderr"): Promise<void> => {
    for await (const data of source) {
      if (!merged.write({ stream, data } satisfies ExecEvent))
        await new Promise((resolve) => merged.once("drain", resolve));
    }
    if (--open === 0) merged.end();
  };
  void join(stdout, "stdout");
  void join(stderr, "stderr");
  for await (const event of merged) yield event as ExecEvent;
  yield { exitCode: await ended };
}
