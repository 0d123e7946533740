import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A project's folder as a user has it, removed when disposed. */
export interface Project extends Disposable {
  readonly directory: string;
  /** Writes a file, making the folders above it. */
  write(path: string, content: string): void;
  /** Writes plinth.config.json. */
  configure(config: unknown): void;
}

export function createProject(): Project {
  const directory = mkdtempSync(join(tmpdir(), "plinth-project-"));
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  };
  return {
    directory,
    write,
    configure: (config) => write("plinth.config.json", JSON.stringify(config, null, 2)),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A small web server that says `text`, its pid and what it was told, and ends its connections before it ends. */
export function serverSaying(text: string): string {
  return `import { createServer } from "node:http";
const server = createServer((request, response) => {
  if (request.url === "/exit") { response.end("bye"); server.close(); process.exit(Number(request.headers["x-code"] ?? 7)); }
  const body = JSON.stringify({ text: ${JSON.stringify(text)}, pid: process.pid, key: process.env.KEY, url: request.url });
  setTimeout(() => { response.setHeader("content-length", Buffer.byteLength(body)); response.end(body); }, request.url === "/slow" ? 300 : 0);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log("listening on", process.env.PORT));
process.on("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;
}
