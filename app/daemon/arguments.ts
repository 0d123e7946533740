import { parseArgs } from "node:util";
import { Fault } from "@plinth/fault";
import type { DaemonOptions } from "./supervise.ts";

/** Reads what `superviseDaemon` writes into the argument vectors of the processes it starts. */
export function parseDaemonArguments(argv: string[]): DaemonOptions {
  const { values } = parseArgs({
    args: argv,
    options: {
      home: { type: "string" },
      "ingress-address": { type: "string" },
      "ingress-port": { type: "string" },
      "api-port": { type: "string" },
      "proxy-runtime": { type: "string" },
      mesh: { type: "string" },
      store: { type: "string" },
      otlp: { type: "string" },
      "trace-ratio": { type: "string" },
      "access-log": { type: "string" },
      service: { type: "string" },
      trial: { type: "boolean" },
    },
  });
  if (values.home === undefined) throw new Fault("invalid", "Cannot start: --home is missing");
  const runtime = values["proxy-runtime"];
  if (runtime !== undefined && runtime !== "node" && runtime !== "bun") {
    throw new Fault("invalid", `Cannot run the proxy on "${runtime}": expected node or bun`);
  }
  const { mesh } = values;
  if (mesh !== undefined && mesh !== "transparent" && mesh !== "cooperative") {
    throw new Fault("invalid", `Cannot use the mode "${mesh}": expected transparent or cooperative`);
  }
  const { otlp, "trace-ratio": traceRatio, "access-log": accessLog } = values;
  const telemetry = {
    ...(otlp === undefined ? {} : { otlp }),
    ...(traceRatio === undefined ? {} : { traceRatio: Number(traceRatio) }),
    ...(accessLog === undefined ? {} : { accessLog }),
  };
  return {
    home: values.home,
    telemetry,
    ...(mesh === undefined ? {} : { mesh }),
    ...(values.trial === true ? { trial: true } : {}),
    ...(values.service === undefined ? {} : { service: values.service }),
    ...(values.store === undefined ? {} : { store: values.store }),
    ...(values["ingress-address"] === undefined ? {} : { ingressAddress: values["ingress-address"] }),
    ...(values["ingress-port"] === undefined ? {} : { ingressPort: port(values["ingress-port"]) }),
    ...(values["api-port"] === undefined ? {} : { apiPort: port(values["api-port"]) }),
    ...(runtime === undefined ? {} : { proxyRuntime: runtime }),
  };
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new Fault("invalid", `Cannot use port "${text}": expected a whole number from 1 to 65535`);
  }
  return number;
}
