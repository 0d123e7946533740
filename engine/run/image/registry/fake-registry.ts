import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { FakeBlobs } from "../fake-images.ts";

/** Answers a request in place of the registry; false leaves it to the registry. */
export type Interference = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface FakeRegistry extends AsyncDisposable {
  /** "127.0.0.1:PORT". */
  readonly host: string;
  /** "METHOD URL" of each request, in order. */
  readonly requests: string[];
}

export interface FakeRegistryOptions {
  readonly image: FakeBlobs;
  readonly interfere?: Interference;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A registry of one image, of any name and tag; it lies as a test wants. */
export async function startFakeRegistry(options: FakeRegistryOptions): Promise<FakeRegistry> {
  const requests: string[] = [];
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`);
    if (options.interfere?.(request, response) !== true) serve(options.image, request, response);
  };
  const server: Server =
    options.tls === undefined ? createServer(onRequest) : createTlsServer({ ...options.tls }, onRequest);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function serve(image: FakeBlobs, request: IncomingMessage, response: ServerResponse): void {
  const [, kind, name = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "") ?? [];
  const { manifest, blobs } = image;
  const digest = kind === "manifests" && !name.startsWith("sha256:") ? manifest.digest : name;
  const content = [...blobs].find(([each]) => each === digest)?.[1];
  if (kind === undefined || content === undefined) {
    response.writeHead(kind === undefined ? 200 : 404, { "content-type": "application/json" });
    response.end(kind === undefined ? "{}" : '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}');
    return;
  }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, {
    "content-type": kind === "manifests" ? manifest.mediaType : "application/octet-stream",
    "content-length": content.length - from,
    ...(from > 0 && { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  response.end(content.subarray(from));
}
