import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { writeFakeLayout } from "@plinth/run/testing";
import type { Image } from "./debian-image.ts";

const SKOPEO = "/usr/bin/skopeo";

/** Why nothing can be pushed here; undefined where it can. */
export function lacksSkopeo(): string | undefined {
  return existsSync(SKOPEO) ? undefined : "no /usr/bin/skopeo (Debian's skopeo)";
}

/** A registry on loopback, which keeps what is pushed in memory. */
export interface Registry extends AsyncDisposable {
  readonly port: number;
  /** Pushes images by their repository and tag, such as "shop/web:1". */
  push(images: Readonly<Record<string, Image>>): Promise<void>;
}

export async function startRegistry(): Promise<Registry> {
  const content = new Contents();
  const server = createServer((request, response) => {
    content.answer(request, response).catch((error: unknown) => {
      response.writeHead(500);
      response.end(String(error));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async push(images) {
      const directory = mkdtempSync(join(tmpdir(), "plinth-pushed-"));
      try {
        await writeFakeLayout(directory, images);
        for (const name of Object.keys(images))
          await skopeo(
            "copy",
            "--dest-tls-verify=false",
            `oci:${directory}:${name}`,
            `docker://127.0.0.1:${port}/${name}`,
          );
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function skopeo(...parameters: string[]): Promise<void> {
  const child = spawn(SKOPEO, ["--insecure-policy", ...parameters], { stdio: ["ignore", "ignore", "pipe"] });
  const [said, [status]] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.equal(status, 0, said);
}

/** What the OCI distribution specification asks of a registry that is pushed to and pulled from. */
class Contents {
  /** Blobs by digest, manifests by repository and tag or digest. */
  readonly #stored: Map<string, { readonly type: string; readonly body: Buffer }> = new Map();
  readonly #uploads: Map<string, Buffer[]> = new Map();

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://registry");
    const [, repository, kind, name = ""] =
      /^\/v2\/(.+)\/(manifests|blobs|blobs\/uploads)\/([^/]*)$/.exec(pathname) ?? [];
    const end = (status: number, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, headers);
      response.end();
    };
    if (kind === undefined) return end(pathname === "/v2/" ? 200 : 404);
    if (kind === "blobs/uploads") {
      const upload = name === "" ? randomUUID() : name;
      const parts = this.#uploads.get(upload) ?? [];
      parts.push(await buffer(request));
      this.#uploads.set(upload, parts);
      const location = `/v2/${repository}/blobs/uploads/${upload}`;
      if (request.method !== "PUT")
        return end(202, { location, range: `0-${Buffer.concat(parts).length - 1}` });
      this.#uploads.delete(upload);
      const body = Buffer.concat(parts);
      const digest = digestOf(body);
      if (digest !== searchParams.get("digest")) return end(400);
      this.#stored.set(digest, { type: "application/octet-stream", body });
      return end(201, { location: `/v2/${repository}/blobs/${digest}` });
    }
    const key = kind === "blobs" ? name : `${repository} ${name}`;
    if (request.method === "PUT") {
      const type = request.headers["content-type"] ?? "";
      const body = await buffer(request);
      for (const reference of [name, digestOf(body)])
        this.#stored.set(`${repository} ${reference}`, { type, body });
      return end(201, { location: pathname, "docker-content-digest": digestOf(body) });
    }
    const found = this.#stored.get(key);
    if (found === undefined) return end(404);
    response.writeHead(200, {
      "content-type": found.type,
      "content-length": found.body.length,
      "docker-content-digest": digestOf(found.body),
    });
    response.end(request.method === "HEAD" ? undefined : found.body);
  }
}

const digestOf = (body: Buffer): string => `sha256:${createHash("sha256").update(body).digest("hex")}`;
