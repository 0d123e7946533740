import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Image } from "../compose/debian-image.ts";
import { type Machines, putFile } from "../machines.ts";

const HUB = "registry-1.docker.io";
const HTTPS_PORT = 443;
const OPENSSL = "/usr/bin/openssl";

/** Why none can be had here; undefined where one can. */
export function lacksOpenssl(): string | undefined {
  return existsSync(OPENSSL) ? undefined : "no /usr/bin/openssl (Debian's openssl)";
}

/** The registry that images without one are of, as far as machines of namespaces can tell. */
export interface DockerHub extends AsyncDisposable {
  /** What has machines believe it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Serves each image under whatever tag is asked for, by its repository, such as "library/redis". */
export async function startDockerHub(
  { machines, address }: Machines,
  images: Readonly<Record<string, Image>>,
): Promise<DockerHub> {
  await using setup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "plinth-hub-"));
  setup.defer(() => rmSync(directory, { recursive: true }));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  makeCertificate(key, certificate);
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (request, response) => {
      const [, repository = "", kind, name = ""] =
        /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "") ?? [];
      const image = images[repository];
      const isTag = kind === "manifests" && !name.startsWith("sha256:");
      const content =
        image && [...image.blobs].find(([digest]) => digest === (isTag ? image.manifest.digest : name))?.[1];
      response.writeHead(content === undefined && kind !== undefined ? 404 : 200, {
        "content-type": kind === "manifests" && image ? image.manifest.mediaType : "application/octet-stream",
      });
      response.end(request.method === "HEAD" ? undefined : content);
    },
  );
  server.listen(HTTPS_PORT, address);
  await once(server, "listening");
  setup.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const hosts = join(directory, "hosts");
  writeFileSync(hosts, `127.0.0.1 localhost\n${address} ${HUB}\n`);
  for (const machine of machines) putFile(machine, hosts, "/etc/hosts");
  const lifetime = setup.move();
  return {
    environment: { NODE_EXTRA_CA_CERTS: certificate },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

function makeCertificate(key: string, certificate: string): void {
  const form = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" ");
  const subject = ["-subj", `/CN=${HUB}`, "-addext", `subjectAltName=DNS:${HUB}`];
  execFileSync(OPENSSL, [...form, "-keyout", key, "-out", certificate, ...subject], { stdio: "pipe" });
}
