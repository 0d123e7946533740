/** Serves the built playground as it is best served, to test it in a browser. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { contentSecurityPolicy, playgroundDirectory, workerContentSecurityPolicy } from "./index.ts";

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

export interface ServedPlayground extends AsyncDisposable {
  /** Ends in `/`. */
  readonly url: string;
  /** Paths that were asked for. */
  readonly requests: readonly string[];
}

export async function servePlayground(): Promise<ServedPlayground> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    requests.push(path);
    const file = path === "/" ? "index.html" : path.slice(1);
    readFile(join(playgroundDirectory, file)).then(
      (body) => {
        const isWorker = file.startsWith("assets/worker-");
        response.setHeader("content-type", contentTypes[extname(file)] ?? "application/octet-stream");
        response.setHeader(
          "content-security-policy",
          isWorker ? workerContentSecurityPolicy : contentSecurityPolicy,
        );
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
