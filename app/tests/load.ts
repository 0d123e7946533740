import { Agent, request } from "node:http";

export interface LoadReport {
  readonly requests: number;
  /** What went wrong, in words, by count. */
  readonly failures: Readonly<Record<string, number>>;
  readonly failed: number;
}

export interface Load extends AsyncDisposable {
  /** Requests answered well so far. */
  readonly succeeded: number;
  /** What went wrong so far, in words, by count. */
  readonly failures: Readonly<Record<string, number>>;
  /** Resolves once `count` more requests have been answered well. */
  more(count: number): Promise<void>;
  /** Ends the load after the requests under way. */
  stop(): Promise<LoadReport>;
}

export interface LoadOptions {
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly address?: string;
  readonly path?: string;
  readonly host?: string;
  /** Requests under way at the same time; half of them on kept connections, half on new ones. */
  readonly clients?: number;
}

/** Between two requests of a client: steady load, not a flood, so that a failure means a fault and not a full machine. */
const PAUSE_MS = process.env["PLINTH_SOAK"] === "1" ? 4 : 16;

/** Steady load on an ingress that counts everything but a 2xx with its whole body as failed. */
export function startLoad({ port, address = "127.0.0.1", path = "/", host, clients = 8 }: LoadOptions): Load {
  const kept = new Agent({ keepAlive: true });
  const failures: Record<string, number> = {};
  let requests = 0;
  let succeeded = 0;
  const ended = new AbortController();
  let waiters: { at: number; resolve: () => void }[] = [];

  const one = (agent: Agent | false): Promise<string | undefined> =>
    new Promise((resolve) => {
      const outgoing = request(
        { host: address, port, path, agent, ...(host === undefined ? {} : { headers: { host } }) },
        (response) => {
          let bytes = 0;
          response.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
          });
          response.on("error", (error) => resolve(`response: ${error.message}`));
          response.on("end", () => {
            const expected = response.headers["content-length"];
            const status = response.statusCode ?? 0;
            if (status < 200 || status > 299)
              resolve(`status ${status} ${String(response.headers["plinth-error"] ?? "")}`);
            else if (expected !== undefined && Number(expected) !== bytes) resolve("short body");
            else resolve(undefined);
          });
        },
      );
      outgoing.on("error", (error: NodeJS.ErrnoException) =>
        resolve(`request: ${error.code ?? error.message}`),
      );
      outgoing.end();
    });

  const client = async (agent: Agent | false): Promise<void> => {
    while (!ended.signal.aborted) {
      const failure = await one(agent);
      requests++;
      if (failure === undefined) succeeded++;
      else failures[failure] = (failures[failure] ?? 0) + 1;
      for (const { at, resolve } of waiters) if (succeeded >= at) resolve();
      waiters = waiters.filter(({ at }) => succeeded < at);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const all = Promise.all(
    Array.from({ length: clients }, (_, index) => client(index % 2 === 0 ? kept : false)),
  );

  const stop = async (): Promise<LoadReport> => {
    ended.abort();
    await all;
    kept.destroy();
    return { requests, failures, failed: requests - succeeded };
  };
  return {
    get succeeded() {
      return succeeded;
    },
    failures,
    more: (count) =>
      new Promise((resolve) => {
        waiters.push({ at: succeeded + count, resolve });
      }),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
