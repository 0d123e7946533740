import { once } from "node:events";
import type { Duplex } from "node:stream";
import { Fault, type FaultCode } from "@plinth/fault";
import { linesOf } from "@plinth/lines";
import type { SessionLine, SessionRequest, TerminalSize } from "@plinth/resource";
import type { ExecEvent } from "./client.ts";

/** What a session is given while it goes on. */
export type SessionInput = { readonly data: Uint8Array } | { readonly size: TerminalSize };

/** A piece of a command's output in base64. */
const LINE_BYTES_MAX = 2 * 2 ** 20;
/** Input is cut into pieces of this size. */
const PIECE_BYTES = 64 * 1024;

/** What comes of a session on a connection that is its own; the connection ends with it. */
export async function* session(
  socket: Duplex,
  request: SessionRequest,
  input: AsyncIterable<SessionInput>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExecEvent> {
  const over = new AbortController();
  const end = (): void => void socket.destroy();
  signal?.addEventListener("abort", end, { once: true });
  // oxlint-disable-next-line eslint/no-empty-function -- reading tells
  socket.on("error", () => {});
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    void send(socket, input, over.signal);
    const refusal = `Cannot read a session: its line is longer than ${LINE_BYTES_MAX} bytes`;
    for await (const text of linesOf(socket as AsyncIterable<Buffer>, LINE_BYTES_MAX, refusal)) {
      const line = JSON.parse(text) as SessionLine;
      if ("fault" in line) {
        const { code, message, hint } = line.fault;
        throw new Fault(code as FaultCode, message, hint === undefined ? {} : { hint });
      }
      if ("exitCode" in line) {
        yield line;
        return;
      }
      yield { stream: line.stream, data: Buffer.from(line.data, "base64") };
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (error instanceof Fault) throw error;
    throw new Fault("unavailable", `The session broke off: ${(error as Error).message}`, { cause: error });
  } finally {
    over.abort();
    signal?.removeEventListener("abort", end);
    socket.destroy();
  }
}

/** Ends with the session, or with what is sent; then the other side is told so. */
async function send(socket: Duplex, input: AsyncIterable<SessionInput>, over: AbortSignal): Promise<void> {
  const write = async (line: object): Promise<void> => {
    if (!socket.write(`${JSON.stringify(line)}\n`)) await once(socket, "drain", { signal: over });
  };
  try {
    for await (const each of input) {
      if (over.aborted) return;
      if ("size" in each) await write({ size: each.size });
      else
        for (let at = 0; at < each.data.length; at += PIECE_BYTES)
          await write({ data: Buffer.from(each.data.subarray(at, at + PIECE_BYTES)).toString("base64") });
    }
    if (!over.aborted) await write({ end: true });
  } catch (error) {
    // What cannot be read cannot be sent: nobody shall take the part for the whole.
    if (!over.aborted) socket.destroy(error as Error);
  }
}
