import type {
  Endpoint,
  PeerIdentity,
  ProxyIdentities,
  ProxySvid,
  ServiceProtocol,
  Snapshot,
} from "@plinth/connect";
import { emptySnapshot } from "@plinth/connect";
import { generateKeyPair, type IssuedCertificate, type KeyPair } from "@plinth/identity";
import { openTestAuthority, type TestAuthority } from "@plinth/identity/testing";
import type { RuntimeName } from "@plinth/process";
import { steadyPort, startProxy, type TestProxy } from "./test-proxy.ts";

/** An instance of `test.callee` and the host it runs on. */
export interface Placed {
  readonly port: number;
  readonly host: string;
}

export const instanceName = (port: number): string => `test.callee.${port}`;
export const CALLER: PeerIdentity = { kind: "service", app: "test", service: "caller" };
export const CALLEE: PeerIdentity = { kind: "service", app: "test", service: "callee" };

/** What one certificate is to a proxy. */
export function svidOf(
  identity: PeerIdentity,
  keys: KeyPair,
  issued: Omit<IssuedCertificate, "spiffeId">,
): ProxySvid {
  return {
    identity,
    certificates: issued.certificates.map((each) => each.toString("base64")),
    privateKey: keys.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    notBeforeMs: issued.notBeforeMs,
    notAfterMs: issued.notAfterMs,
  };
}

/** A whole set for one proxy, freshly certified. */
export async function certify(
  held: TestAuthority,
  identities: readonly PeerIdentity[],
): Promise<ProxyIdentities> {
  const { authority } = held;
  const svids: ProxySvid[] = [];
  for (const identity of identities) {
    const keys = await generateKeyPair();
    svids.push(svidOf(identity, keys, await authority.issue(identity, { publicKey: keys.publicKey })));
  }
  const { trustDomain, sequence, roots } = authority.bundle;
  return { trustDomain, sequence, roots: roots.map((root) => root.toString("base64")), svids };
}

interface TestHost {
  readonly name: string;
  readonly proxy: TestProxy;
  readonly peerPort: number;
  readonly metricsPort: number;
  /** Where its caller dials `test.callee`, and where the world does. */
  readonly port: number;
  readonly ingress: number;
}

/** Hosts with a proxy each, whose instances reach each other by identities of one authority. */
export class TestMesh implements AsyncDisposable {
  readonly held: TestAuthority;
  readonly hosts: Map<string, TestHost> = new Map();
  protocol: ServiceProtocol = "auto";
  holdMs = 0;
  #placed: readonly Placed[] = [];
  #version = 1;

  private constructor(held: TestAuthority) {
    this.held = held;
  }

  /** A proxy per name, each on the runtime given. They know each other, and nothing runs yet. */
  static async start(runtimes: Readonly<Record<string, RuntimeName>>): Promise<TestMesh> {
    const mesh = new TestMesh(await openTestAuthority());
    for (const [name, runtime] of Object.entries(runtimes)) {
      const [peerPort, metricsPort, port, ingress] = [
        await steadyPort(),
        await steadyPort(),
        await steadyPort(),
        await steadyPort(),
      ];
      const proxy = await startProxy(runtime, emptySnapshot);
      mesh.hosts.set(name, { name, proxy, peerPort, metricsPort, port, ingress });
    }
    await mesh.identify();
    await mesh.place([]);
    return mesh;
  }

  host(name: string): TestHost {
    return this.hosts.get(name)!;
  }

  /** Gives every host, or one, fresh certificates and the roots as they are now. */
  async identify(only?: string): Promise<void> {
    for (const { name, proxy } of this.hosts.values()) {
      if (only !== undefined && only !== name) continue;
      await proxy.control.putIdentities(await certify(this.held, [CALLER, CALLEE, { kind: "host", name }]));
    }
  }

  /** Says to all hosts where instances of `test.callee` are. */
  async place(placed: readonly Placed[], only?: string): Promise<void> {
    this.#placed = placed;
    this.#version++;
    for (const host of this.hosts.values()) {
      if (only !== undefined && only !== host.name) continue;
      const { failed } = await host.proxy.control.putSnapshot(this.snapshot(host.name));
      if (failed.length > 0) throw new Error(JSON.stringify(failed));
    }
  }

  snapshot(name: string): Snapshot {
    const own = this.host(name);
    const endpoints = this.#placed.map(({ port, host }): Endpoint => {
      const instance = instanceName(port);
      const at = { instance, address: "127.0.0.1" };
      return host === name ? { ...at, port } : { ...at, port: this.host(host).peerPort, host };
    });
    const here = this.#placed.filter(({ host }) => host === name);
    const local = { address: "127.0.0.1", app: "test", service: "callee" };
    return {
      ...emptySnapshot,
      version: this.#version,
      services: {
        "test.callee": {
          app: "test",
          service: "callee",
          protocol: this.protocol,
          holdMs: this.holdMs,
          endpoints,
        },
      },
      outbound: [
        { address: "127.0.0.1", port: own.port, app: "test", caller: "caller", callee: "test.callee" },
      ],
      ingress: [{ address: "127.0.0.1", port: own.ingress, hosts: { "*": "test.callee" } }],
      metrics: { address: "127.0.0.1", port: own.metricsPort },
      peer: {
        address: "127.0.0.1",
        port: own.peerPort,
        host: name,
        instances: Object.fromEntries(here.map(({ port }) => [instanceName(port), { ...local, port }])),
      },
    };
  }

  /** The value of a metric on a host, summed over what matches. */
  async metric(name: string, family: string, matching = ""): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.host(name).metricsPort}/metrics`, {
      headers: { connection: "close" },
    });
    const lines = (await answer.text()).split("\n");
    const samples = lines.filter((line) => line.split(/[{ ]/)[0] === family && line.includes(matching));
    return samples.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { proxy } of this.hosts.values()) await proxy[Symbol.asyncDispose]();
    await this.held[Symbol.asyncDispose]();
  }
}
