import { open, realpath } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};

/** Nothing from elsewhere, nothing inline, no frames: a name or log line that smuggles markup in stays text. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** One path segment that can only be a file's or directory's own name: no dot first, no separator. */
const SEGMENT = /^[A-Za-z0-9_@-][A-Za-z0-9._@-]{0,254}$/;
/** As the dashboard's build names files by their content: `index-B7PI925R.js`. */
const HASHED = /^\/assets\/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/** The dashboard's files, read from disk as asked for: a new build is served at once. */
export class StaticFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The file a path names, or for a page of the dashboard its index.html; undefined when there is none. */
  async find(path: string, accept: string | undefined): Promise<string | undefined> {
    const found = await this.#resolve(path === "/" ? ["index.html"] : path.slice(1).split("/"));
    if (found !== undefined) return found;
    return accept?.includes("text/html") ? this.#resolve(["index.html"]) : undefined;
  }

  /** Sends a file; `path` decides how long browsers may keep it. */
  async send(file: string, path: string, withBody: boolean, response: ServerResponse): Promise<void> {
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    const type = contentTypes[extname(file)] ?? "application/octet-stream";
    const caching = HASHED.test(path) && !file.endsWith(".html");
    response.writeHead(200, {
      "Content-Type": type,
      "Content-Length": size,
      "Cache-Control": caching
        ? "public, max-age=31536000, immutable"
        : type.startsWith("text/html")
          ? "no-store"
          : "no-cache",
      "Content-Security-Policy": CONTENT_SECURITY_POLICY,
      "Cross-Origin-Opener-Policy": "same-origin",
    });
    if (!withBody || size === 0) {
      response.end();
      return;
    }
    await pipeline(handle.createReadStream({ end: size - 1, autoClose: false }), response);
  }

  async #resolve(segments: readonly string[]): Promise<string | undefined> {
    if (!segments.every((segment) => SEGMENT.test(segment))) return undefined;
    try {
      const expected = join(await realpath(this.#directory), ...segments);
      // A symlink anywhere below the directory makes the real path another one.
      if ((await realpath(expected)) !== expected) return undefined;
      await using handle = await open(expected, "r");
      return (await handle.stat()).isFile() ? expected : undefined;
    } catch {
      return undefined;
    }
  }
}
