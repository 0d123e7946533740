import { Fault } from "@plinth/fault";
import type { Digest } from "../digest.ts";
import { parseImageConfig } from "../image-config.ts";
import { JsonObject } from "../json.ts";
import type { Platform } from "../manifest.ts";
import type { BuildSpec } from "./build.ts";

export interface ConfigInput {
  /** The base's config. */
  readonly before: Buffer | undefined;
  readonly platform: Platform;
  /** Of all layers, lowest first. */
  readonly diffIds: readonly Digest[];
}

/** When a built image says it was made: the same input is to give the same digest. */
export const BUILD_TIME_SECONDS = 315_532_800;
const BUILD_TIME = "1980-01-01T00:00:00Z";

/** The base's config with what the build says over it; what Plinth does not know of stays. Fault `invalid`. */
export function configOf(spec: BuildSpec, { before, platform, diffIds }: ConfigInput): Buffer {
  const base = before === undefined ? undefined : JsonObject.parse(before, "the base's config");
  const old = recordIn(base?.raw("config"));
  const history = base?.raw("history");
  const hasLayer = diffIds.length > (base?.object("rootfs").texts("diff_ids").length ?? 0);
  const built = {
    ...old,
    ...(spec.env !== undefined && { Env: environment(base, spec.env) }),
    // A new entrypoint was not meant for the base's arguments.
    ...(spec.entrypoint !== undefined && { Entrypoint: spec.entrypoint, Cmd: undefined }),
    ...(spec.command !== undefined && { Cmd: spec.command }),
    ...(spec.workingDirectory !== undefined && { WorkingDir: spec.workingDirectory }),
    ...(spec.user !== undefined && { User: spec.user }),
    ...(spec.stopSignal !== undefined && { StopSignal: spec.stopSignal }),
    ...(spec.labels !== undefined && { Labels: { ...recordIn(old["Labels"]), ...spec.labels } }),
    ...(spec.ports !== undefined && {
      ExposedPorts: {
        ...recordIn(old["ExposedPorts"]),
        ...Object.fromEntries(spec.ports.map((port) => [port, {}])),
      },
    }),
  };
  const content = Buffer.from(
    JSON.stringify({
      created: BUILD_TIME,
      architecture: platform.architecture,
      ...(platform.variant !== undefined && { variant: platform.variant }),
      os: platform.os,
      config: built,
      rootfs: { type: "layers", diff_ids: diffIds },
      history: [
        ...(Array.isArray(history) ? (history as readonly unknown[]) : []),
        { created: BUILD_TIME, created_by: "plinth image build", ...(!hasLayer && { empty_layer: true }) },
      ],
    }),
  );
  try {
    parseImageConfig(content, "the image's config");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault("invalid", `Cannot build: ${error.message}`, { cause: error });
  }
  return content;
}

/** The base's variables in their order, then new ones. */
function environment(base: JsonObject | undefined, own: Readonly<Record<string, string>>): readonly string[] {
  const before = base?.optionalObject("config")?.texts("Env") ?? [];
  const all = new Map(before.map((variable) => [variable.split("=", 1)[0]!, variable]));
  for (const [name, value] of Object.entries(own)) {
    if (name === "" || name.includes("="))
      throw new Fault("invalid", `Cannot build: ${JSON.stringify(name)} is no variable's name`);
    all.set(name, `${name}=${value}`);
  }
  return [...all.values()];
}

function recordIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
