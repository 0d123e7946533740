import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emptySnapshot, ProxyControl, type ServiceProtocol, type Snapshot } from "@plinth/connect";
import { runtimePath, type RuntimeName } from "@plinth/process";
import { proxyProgram } from "@plinth/proxy";
import { accepting, type Children } from "./children.ts";

/** As a home has it unless told otherwise. */
const TRACE_RATIO = 0.01;

export interface ProxyUnderTest {
  readonly runtime: RuntimeName;
  readonly directory: string;
  readonly port: number;
  readonly upstreamPort: number;
  readonly protocol: ServiceProtocol;
  /** Behind the ingress, or as one service of the mesh calls another. */
  readonly listener: "ingress" | "outbound";
}

/** Our proxy before one instance, with metrics and trace context on; its pid, or undefined where the runtime is not installed. */
export function startProxy(children: Children, options: ProxyUnderTest): number | undefined {
  const { port, upstreamPort, protocol } = options;
  const at = { address: "127.0.0.1", port };
  const endpoint = { instance: "bench.hello.1", address: "127.0.0.1", port: upstreamPort };
  const snapshot: Snapshot = {
    ...emptySnapshot,
    version: 1,
    services: {
      "bench.hello": { app: "bench", service: "hello", protocol, holdMs: 0, endpoints: [endpoint] },
    },
    ...(options.listener === "ingress"
      ? { ingress: [{ ...at, hosts: { "*": "bench.hello" } }] }
      : { outbound: [{ ...at, app: "bench", caller: "load", callee: "bench.hello" }] }),
    metrics: { address: "127.0.0.1", port: port + 10 },
    // The upstream takes no spans; that they are made and sent is what counts here.
    telemetry: { traces: { url: `http://127.0.0.1:${upstreamPort}`, ratio: TRACE_RATIO } },
  };
  return startProxyWith(children, options.runtime, join(options.directory, options.runtime), snapshot);
}

/** Our proxy with a snapshot in force; its pid, or undefined where the runtime is not installed. */
export function startProxyWith(
  children: Children,
  runtime: RuntimeName,
  home: string,
  snapshot: Snapshot,
): number | undefined {
  const binary = runtimePath(runtime);
  if (binary === undefined) return undefined;
  mkdirSync(join(home, "proxy"), { recursive: true });
  writeFileSync(join(home, "proxy", "snapshot.json"), JSON.stringify(snapshot));
  return children.start(binary, ...proxyProgram(runtime), "--home", home).pid!;
}

/** The control socket of the proxy of this home, once it is there. */
export async function controlOf(home: string): Promise<ProxyControl> {
  const path = join(home, "proxy", "control.sock");
  await accepting(path);
  return new ProxyControl(path);
}
