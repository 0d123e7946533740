import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { getCACertificates } from "node:tls";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";

export interface HttpRequest {
  readonly url: URL;
  readonly method: "GET" | "HEAD" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal | undefined;
}

/** Makes requests of one source, over connections that are kept. Follows nothing and retries nothing. */
export interface HttpCaller extends Disposable {
  /** Fault `unavailable` where there is no answer, `timeout`, `forbidden` where the certificate is not trusted. */
  call(request: HttpRequest): Promise<IncomingMessage>;
}

export interface HttpCallerOptions {
  readonly clock: Clock;
  /** In PEM, beside those of the system. */
  readonly caCertificates: string | undefined;
  /** How long until an answer's head; then, how long for the next `STALL_BYTES`. */
  readonly waitMs?: number;
}

/** Registries that store elsewhere take seconds for the first byte. */
const WAIT_MS = 30_000;
/** A body slower than so many bytes in `WAIT_MS` is given up: about a third of a KB per second. */
const STALL_BYTES = 10_000;
const CONNECTIONS_MAX = 8;
const HEADER_BYTES_MAX = 32_768;
const CERTIFICATE_ERRORS =
  /^(?:CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/;

export function createHttpCaller({ clock, caCertificates, waitMs = WAIT_MS }: HttpCallerOptions): HttpCaller {
  const kept = { keepAlive: true, maxSockets: CONNECTIONS_MAX, scheduling: "lifo" } as const;
  // Loopback is never reached through a proxy, whatever the environment says.
  const nearAgent = new HttpAgent(kept);
  const httpAgent = new HttpAgent({ ...kept, proxyEnv: process.env });
  // Hundreds of certificates are read only where they are needed.
  let tlsAgents: { readonly near: HttpsAgent; readonly far: HttpsAgent } | undefined;
  const makeTlsAgents = (): NonNullable<typeof tlsAgents> => {
    const trusted = { ...kept, ca: trustedCertificates(caCertificates) };
    return { near: new HttpsAgent(trusted), far: new HttpsAgent({ ...trusted, proxyEnv: process.env }) };
  };
  return {
    async call({ url, method, headers, body, signal }) {
      signal?.throwIfAborted();
      const isTls = url.protocol === "https:";
      const isNear = isLoopback(url.hostname);
      if (isTls) tlsAgents ??= makeTlsAgents();
      const agent = isTls ? tlsAgents![isNear ? "near" : "far"] : isNear ? nearAgent : httpAgent;
      const make = isTls ? httpsRequest : httpRequest;
      const answered = Promise.withResolvers<IncomingMessage>();
      const request = make(url, { method, headers, agent, maxHeaderSize: HEADER_BYTES_MAX, signal });
      const cancel = clock.schedule(waitMs, () => {
        request.destroy(
          new Fault("timeout", `Cannot reach ${url.host}: no answer within ${waitMs / 1000} s`),
        );
      });
      request.on("response", answered.resolve);
      request.on("error", answered.reject);
      request.end(body);
      try {
        return await answered.promise;
      } catch (error) {
        signal?.throwIfAborted();
        throw faultOf(error, url);
      } finally {
        cancel();
      }
    },
    [Symbol.dispose]() {
      for (const agent of [nearAgent, httpAgent, tlsAgents?.near, tlsAgents?.far]) agent?.destroy();
    },
  };
}

/** A body's pieces. Fault `unavailable` where it breaks off or stalls. */
export async function* bodyOf(
  response: IncomingMessage,
  host: string,
  { clock, waitMs = WAIT_MS }: { readonly clock: Clock; readonly waitMs?: number },
): AsyncGenerator<Buffer> {
  let bytes = 0;
  let bytesBefore = 0;
  /** Time that the disk takes is not the registry's. */
  let isOurTurn = false;
  let cancel = (): void => {};
  const watch = (): void => {
    cancel = clock.schedule(waitMs, () => {
      if (isOurTurn || bytes - bytesBefore >= STALL_BYTES) {
        bytesBefore = bytes;
        watch();
        return;
      }
      response.destroy(new Fault("timeout", `Cannot read from ${host}: it sends almost nothing`));
    });
  };
  watch();
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      isOurTurn = true;
      yield chunk;
      isOurTurn = false;
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("unavailable", `Cannot read from ${host}: the connection broke off`, { cause: error });
  } finally {
    cancel();
    response.destroy();
  }
}

/** A body that is small. Fault `too-large`. */
export async function smallBody(
  response: IncomingMessage,
  host: string,
  options: { readonly clock: Clock; readonly waitMs?: number; readonly bytesMax: number },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of bodyOf(response, host, options)) {
    bytes += chunk.length;
    if (bytes > options.bytesMax) {
      throw new Fault("too-large", `Cannot read from ${host}: it sends more than ${options.bytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || /^127(?:\.\d{1,3}){3}$/.test(hostname) || hostname === "[::1]";
}

let system: readonly string[] | undefined;

/** Node's own, the system's, and a user's. */
function trustedCertificates(more: string | undefined): string[] {
  system ??= [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
  return more === undefined ? [...system] : [...system, more];
}

function faultOf(error: unknown, url: URL): Fault {
  if (error instanceof Fault) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (CERTIFICATE_ERRORS.test(code)) {
    return new Fault("forbidden", `Cannot trust ${url.host}: its certificate is not in order (${code})`, {
      cause: error,
      hint: "`--cacert FILE` adds an authority of your own.",
    });
  }
  if (code === "ENOTFOUND") {
    return new Fault("not-found", `Cannot reach ${url.host}: there is no host of that name`, {
      cause: error,
      hint: "Is this machine on the network? An image can also be a folder in OCI's layout or an archive, brought along.",
    });
  }
  return new Fault("unavailable", `Cannot reach ${url.host}: ${code === "" ? message : code}`, {
    cause: error,
  });
}
