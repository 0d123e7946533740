import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@plinth/clock";
import { InstancePorts, MachineClaims } from "@plinth/discovery";
import { createLog } from "@plinth/log";
import { createRegistry, type Registry } from "@plinth/registry";
import type { ServiceSpec } from "@plinth/resource";
import { createFakeDriver, type FakeDriver } from "@plinth/run/testing";
import { openStore, type Store } from "@plinth/store";
import { type Drainer, InstanceSet } from "./instance-set.ts";

/** What outlives a daemon: the store, the processes, and the ports given out. */
export interface Machine extends AsyncDisposable {
  readonly store: Store;
  readonly registry: Registry;
  readonly driver: FakeDriver;
  /** Every list of chunks of ports that was claimed. */
  readonly claimed: (readonly number[])[];
  readonly spec: ServiceSpec;
  /** A second service, on a port of its own. */
  readonly other: ServiceSpec;
  /** What a daemon makes of it. */
  daemon(drain: Drainer["drain"], registry?: Registry, onChange?: (app: string) => void): InstanceSet;
}

export async function createMachine(): Promise<Machine> {
  await using setup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "plinth-instances-"));
  setup.defer(() => rmSync(directory, { recursive: true }));
  for (const name of ["instances", "logs"]) mkdirSync(join(directory, name));
  const store = setup.use(await openStore(join(directory, "state")));
  const registry = createRegistry({ store });
  const driver = createFakeDriver(systemClock);
  // What the probe of every instance finds.
  const serve = async (): Promise<ServiceSpec> => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    setup.defer(() => void server.close());
    return { command: ["serve"], port: (server.address() as { port: number }).port };
  };
  const spec = await serve();
  const other = await serve();
  const claimed: (readonly number[])[] = [];
  const daemon: Machine["daemon"] = (drain, over = registry, onChange = () => {}) =>
    new InstanceSet({
      registry: over,
      driver,
      ports: new InstancePorts({
        claims: new MachineClaims(
          { directory, id: "home" },
          () => Promise.resolve("present"),
          join(directory, "claims"),
        ),
        chunks: [],
        preferred: 0,
        onChunk: async (chunks) => void claimed.push([...chunks]),
      }),
      drainer: { drain },
      stateDirectory: join(directory, "instances"),
      logDirectory: join(directory, "logs"),
      clock: systemClock,
      log: createLog({ write: () => {} }),
      environment: () => Promise.resolve({}),
      onChange,
    });
  const lifetime = setup.move();
  return {
    store,
    registry,
    driver,
    claimed,
    spec,
    other,
    daemon,
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
