import { suite, test } from "node:test";
import { cases, startOurs, startTheirs, theirClient } from "@plinth/grpc/testing";
import { createLog } from "@plinth/log";
import { freePort } from "@plinth/process/testing";
import { DataPlane } from "./data-plane.ts";
import { emptySnapshot, type ServiceProtocol } from "./snapshot.ts";

const log = createLog({ level: "error" });

/** A data plane that passes calls from the port it resolves with to a server. */
async function between(plane: DataPlane, server: number, protocol: ServiceProtocol): Promise<number> {
  const port = await freePort();
  const endpoint = { instance: "shop.rpc.a", address: "127.0.0.1", port: server };
  await plane.apply({
    ...emptySnapshot,
    version: 1,
    services: {
      "shop.rpc": { app: "shop", service: "rpc", protocol, holdMs: 1_000, endpoints: [endpoint] },
    },
    outbound: [{ address: "127.0.0.1", port, app: "shop", caller: "web", callee: "shop.rpc" }],
  });
  return port;
}

for (const [name, start, protocol] of [
  ["grpc-js on both sides", startTheirs, "grpc"],
  ["grpc-js on both sides, undeclared", startTheirs, "auto"],
  ["grpc-js' client with our server", startOurs, "grpc"],
] as const) {
  suite(`gRPC through the mesh, ${name}`, () => {
    for (const [title, run] of Object.entries(cases)) {
      test(title, { timeout: 30_000 }, async () => {
        await using serving = await start();
        await using plane = new DataPlane({ log });
        const client = theirClient(await between(plane, serving.port, protocol));
        try {
          await run(client, serving);
        } finally {
          client.close();
        }
      });
    }
  });
}
