import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { suite, test } from "node:test";
import type { Snapshot } from "@plinth/connect";
import {
  freePort,
  installedRuntimes,
  outboundTo,
  RawConnection,
  startInstance,
  startProxy,
  type TestProxy,
} from "../testing.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LARGE: Buffer = Buffer.alloc(4 * 1024 * 1024);
/** Requests of the victim beside each flood: enough to fall into every part of it. */
const VICTIM_REQUESTS = 30;

interface Flood {
  readonly name: string;
  readonly connections: number;
  begin(connection: RawConnection): void;
}

const floods: readonly Flood[] = [
  {
    name: "requests",
    connections: 200,
    begin(connection) {
      const batch = GET.repeat(50);
      let asked = 0;
      connection.socket.on("data", () => {
        if (asked++ < 20) connection.send(batch);
      });
      connection.send(batch);
    },
  },
  {
    name: "bytes",
    connections: 20,
    begin: (connection) => connection.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n".repeat(10)),
  },
  {
    name: "slow readers",
    connections: 200,
    begin(connection) {
      connection.socket.pause();
      connection.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    },
  },
  {
    name: "half-open connections",
    connections: 1_000,
    begin: (connection) => connection.send("GET / HTTP/1.1\r\nHost: a\r\nX: "),
  },
];

const answer = (question: IncomingMessage, response: ServerResponse): void => {
  response.end(question.url === "/large" ? LARGE : "ok");
};

/** Two callers of two services, on a listener each. */
function twoPairs(
  ports: { flooder: number; victim: number; metrics: number },
  instances: number[],
): Snapshot {
  const one = outboundTo(ports.flooder, [instances[0]!]);
  const other = outboundTo(ports.victim, [instances[1]!]);
  return {
    ...one,
    services: { "test.callee": one.services["test.callee"]!, "test.quiet": other.services["test.callee"]! },
    outbound: [
      { ...one.outbound[0]!, caller: "flooder" },
      { ...other.outbound[0]!, caller: "victim", callee: "test.quiet" },
    ],
    metrics: { address: "127.0.0.1", port: ports.metrics },
  };
}

async function metric(port: number, name: string, label: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name}{`) && one.includes(label));
  return Number(line?.split(" ").at(-1) ?? 0);
}

for (const runtime of installedRuntimes()) {
  suite(`fairness on ${runtime}`, () => {
    for (const flood of floods) {
      test(`beside a flood of ${flood.name} every request of another caller is answered`, async () => {
        await using flooded = await startInstance({ http: answer });
        await using quiet = await startInstance({ http: answer });
        const ports = { flooder: await freePort(), victim: await freePort(), metrics: await freePort() };
        const snapshot = twoPairs(ports, [flooded.port, quiet.port]);
        await using proxy: TestProxy = await startProxy(runtime, snapshot);
        using flooders = new DisposableStack();
        for (let index = 0; index < flood.connections; index++) {
          const connection = flooders.use(await RawConnection.open(ports.flooder));
          flood.begin(connection);
        }
        using victim = await RawConnection.open(ports.victim);
        for (let count = 1; count <= VICTIM_REQUESTS; count++) {
          victim.received = "";
          victim.send(GET);
          assert.match(await victim.until(/ok$/), /^HTTP\/1\.1 200 /, `request ${count}`);
        }
        assert.equal(await metric(ports.metrics, "proxy_refused_total", 'src_service="victim"'), 0);
        assert.equal(await metric(ports.metrics, "proxy_workload_connections", 'src_service="victim"'), 1);
        const open = await metric(ports.metrics, "proxy_workload_connections", 'src_service="flooder"');
        assert.ok(open > 0, "the flood goes on");
        if (flood.name === "requests")
          assert.ok((await metric(ports.metrics, "proxy_deferred_total", 'src_service="flooder"')) > 0);
        assert.equal(proxy.first.exitCode, null);
      });
    }
  });
}
