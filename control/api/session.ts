import type { Socket } from "node:net";
import { Fault, messageOf } from "@plinth/fault";
import { linesOf } from "@plinth/lines";
import { SESSION_PROTOCOL, type SessionLine, type SessionRequest } from "@plinth/resource";
import { validate } from "@plinth/resource/validate";
import type { ExecEvent, SessionInput } from "./actions.ts";
import { NDJSON } from "./exchange.ts";
import { LINGER_MS, SESSION_LINE_BYTES_MAX } from "./limits.ts";
import { InvalidResource } from "./status.ts";

export type RunSession = (
  request: SessionRequest,
  input: AsyncIterable<SessionInput>,
) => Promise<AsyncIterable<ExecEvent>>;

const HEAD = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${SESSION_PROTOCOL}\r\nContent-Type: ${NDJSON}\r\n\r\n`;

/**
 * A session on a connection that is one's own from here on: the client's first line is the request, what follows is
 * input; ours are output, and at last an exit code or a fault. The socket is closed at the end.
 */
export async function holdSession(socket: Socket, run: RunSession, signal: AbortSignal): Promise<void> {
  const write = async (line: SessionLine): Promise<void> => {
    signal.throwIfAborted();
    if (!socket.write(`${JSON.stringify(line)}\n`)) await drained(socket, signal);
  };
  const end = (): void => void socket.destroy();
  signal.addEventListener("abort", end, { once: true });
  const lines = linesOf(
    socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>,
    SESSION_LINE_BYTES_MAX,
    `A session's line is longer than ${SESSION_LINE_BYTES_MAX} bytes`,
  );
  try {
    socket.write(HEAD);
    const first = await lines.next();
    if (first.done === true) return;
    const events = await run(requestOf(first.value), inputOf(lines));
    for await (const event of events) {
      await write(
        "data" in event
          ? { stream: event.stream, data: Buffer.from(event.data).toString("base64") }
          : { exitCode: event.exitCode },
      );
    }
  } catch (error) {
    if (!signal.aborted) {
      const { code, hint } = error instanceof Fault ? error : { code: "internal" as const, hint: undefined };
      const fault = { code, message: messageOf(error), ...(hint !== undefined && { hint }) };
      socket.write(`${JSON.stringify({ fault } satisfies SessionLine)}\n`);
    }
  } finally {
    socket.end();
    socket.setTimeout(LINGER_MS, end);
    await readAway(lines);
    signal.removeEventListener("abort", end);
    socket.destroy();
  }
}

/** Closing on bytes that were not read would reset the connection, and what was written last with it. */
async function readAway(lines: AsyncIterable<string>): Promise<void> {
  try {
    for await (const _line of lines);
  } catch {
    // It sends no lines, or is gone.
  }
}

function requestOf(line: string): SessionRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Fault("invalid", "A session's first line is not JSON", { cause: error });
  }
  const problems = validate("SessionRequest", value);
  if (problems.length > 0) throw new InvalidResource("SessionRequest", problems);
  return value as SessionRequest;
}

async function* inputOf(lines: AsyncIterable<string>): AsyncGenerator<SessionInput> {
  for await (const line of lines) {
    const { data, size, end } = JSON.parse(line) as { data?: unknown; size?: unknown; end?: unknown };
    if (typeof data === "string") yield { data: Buffer.from(data, "base64") };
    else if (validate("TerminalSize", size).length === 0)
      yield { size: size as { rows: number; columns: number } };
    else if (end === true) return;
    else throw new Fault("invalid", "A session's input is neither data nor a size nor its end");
  }
  // Half a file must not be taken for the whole.
  throw new Fault("unavailable", "The client is gone");
}

function drained(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      for (const event of ["drain", "close"]) socket.off(event, settle);
      signal.removeEventListener("abort", settle);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    for (const event of ["drain", "close"]) socket.once(event, settle);
    signal.addEventListener("abort", settle, { once: true });
  });
}
