import type { RuntimeName } from "@plinth/process";
import type { Context } from "./command.ts";
import { UsageFault } from "./exit-code.ts";

/** The mode of the mesh that was asked for, if any. */
export function readMesh(context: Context): "transparent" | "cooperative" | undefined {
  const mode = context.text("mesh");
  if (mode === undefined || mode === "transparent" || mode === "cooperative") return mode;
  throw new UsageFault(
    `Cannot use the mode ${JSON.stringify(mode)}: expected transparent or cooperative`,
    context.words,
  );
}

/** The runtime a flag names, if it is given. */
export function readRuntime(context: Context, flag: string): RuntimeName | undefined {
  const name = context.text(flag);
  if (name === undefined || name === "node" || name === "bun") return name;
  throw new UsageFault(
    `Cannot run the proxy on ${JSON.stringify(name)}: expected node or bun`,
    context.words,
  );
}

/** What is to be told to the outside; the daemon checks it. */
export function readTelemetry(context: Context): {
  otlp?: string;
  traceRatio?: number;
  accessLog?: string;
} {
  const otlp = context.text("otlp");
  const accessLog = context.text("access-log");
  const ratio = context.text("trace-ratio");
  if (ratio !== undefined && !/^(0|1|0?\.[0-9]+|1\.0+)$/.test(ratio))
    throw new UsageFault(
      `Cannot use ${JSON.stringify(ratio)} for --trace-ratio: expected 0 to 1`,
      context.words,
    );
  return {
    ...(otlp === undefined ? {} : { otlp }),
    ...(ratio === undefined ? {} : { traceRatio: Number(ratio) }),
    ...(accessLog === undefined ? {} : { accessLog }),
  };
}
