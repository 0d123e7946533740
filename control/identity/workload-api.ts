import { once } from "node:events";
import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { createGrpcServer, GrpcError, implement, type Metadata, type Method, Status } from "@plinth/grpc";
import { trustDomainId } from "./spiffe-id.ts";
import type { SvidKeeper } from "./svid-keeper.ts";
import { encodeX509BundlesResponse, encodeX509SvidResponse } from "./workload-messages.ts";

/** A workload holds one stream or two; more connections than this are a leak of its own. */
const CONNECTIONS_MAX = 32;
const SOCKET_NAME = "workload.sock";

export interface WorkloadApiOptions {
  /** Of one instance alone: who reaches the socket in it is that instance. Made with mode 0700. */
  readonly directory: string;
  readonly keeper: SvidKeeper;
  /** The SPIFFE ID a connection may ask for, which the keeper holds; undefined refuses. */
  readonly identityOf: (connection: Socket) => string | undefined;
}

export interface WorkloadApi extends AsyncDisposable {
  /** What goes into the instance's SPIFFE_ENDPOINT_SOCKET. */
  readonly endpoint: string;
}

function method(name: string): Method<void, Buffer> {
  return {
    path: `/SpiffeWorkloadAPI/${name}`,
    requestStream: false,
    responseStream: true,
    request: { encode: () => Buffer.alloc(0), decode: () => {} },
    response: { encode: (bytes) => bytes, decode: (bytes) => bytes },
  };
}

/** SPIFFE Workload Endpoint section 3: without this header a web page could have made the request. */
function checkHeader(metadata: Metadata): void {
  if (!metadata.some(([name, value]) => name === "workload.spiffe.io" && String(value) === "true"))
    throw new GrpcError(Status.invalidArgument, "the metadata workload.spiffe.io: true is missing");
}

/** What `state` says now, and again whenever the keeper's state has changed what it says. */
async function* whenever(
  keeper: SvidKeeper,
  signal: AbortSignal,
  state: () => Buffer | undefined,
): AsyncIterable<Buffer> {
  let last: Buffer | undefined;
  while (!signal.aborted) {
    // Asked for before looking, so that no change falls in between; changes while a message is sent become one.
    const left = new AbortController();
    const changed = keeper.changed(AbortSignal.any([signal, left.signal])).catch(() => {});
    const now = state();
    try {
      if (now !== undefined && (last === undefined || !now.equals(last))) {
        last = now;
        yield now;
      }
      await changed;
    } finally {
      left.abort();
    }
  }
}

/**
 * Serves FetchX509SVID and FetchX509Bundles to one instance on a Unix socket of its own. A container sees the directory
 * and nothing above it, and may run as any user; others are kept out by what is above it, which is made our owner's alone.
 */
export async function openWorkloadApi(options: WorkloadApiOptions): Promise<WorkloadApi> {
  const { directory, keeper, identityOf } = options;
  for (const [path, mode] of [
    [dirname(directory), 0o700],
    [directory, 0o711],
  ] as const) {
    await mkdir(path, { recursive: true, mode });
    await chmod(path, mode); // it may have been there
  }
  const path = join(directory, SOCKET_NAME);
  await rm(path, { force: true });

  const bundle = (): Buffer => Buffer.concat(keeper.bundle.roots);
  const serverFor = (connection: Socket): ReturnType<typeof createGrpcServer> => {
    const permitted = (metadata: Metadata): string => {
      checkHeader(metadata);
      const spiffeId = identityOf(connection);
      if (spiffeId === undefined) throw new GrpcError(Status.permissionDenied, "no identity issued");
      return spiffeId;
    };
    return createGrpcServer({
      clock: keeper.clock,
      services: [
        implement(method("FetchX509SVID"), async function* (call) {
          const spiffeId = permitted(call.metadata);
          yield* whenever(keeper, call.signal, () => {
            const svid = keeper.svid(spiffeId);
            if (svid === undefined) return undefined;
            const key = svid.privateKey.export({ type: "pkcs8", format: "der" });
            const certificates = Buffer.concat(svid.certificates);
            return encodeX509SvidResponse([{ spiffeId, certificates, key, bundle: bundle() }]);
          });
        }),
        implement(method("FetchX509Bundles"), async function* (call) {
          permitted(call.metadata);
          yield* whenever(keeper, call.signal, () =>
            encodeX509BundlesResponse(new Map([[trustDomainId(keeper.bundle.trustDomain), bundle()]])),
          );
        }),
      ],
    });
  };

  const connections = new Set<Socket>();
  const listener = createServer((socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    serverFor(socket).serve(socket);
  });
  listener.maxConnections = CONNECTIONS_MAX;
  listener.listen(path);
  await once(listener, "listening");
  await chmod(path, 0o666);
  return {
    endpoint: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      const closed = once(listener, "close");
      listener.close();
      // Streams here last as long as the instance; there is nothing to wait for.
      for (const socket of connections) socket.destroy();
      await closed;
      await rm(path, { force: true });
    },
  };
}
