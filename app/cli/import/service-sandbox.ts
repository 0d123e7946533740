import type { ServiceSpec } from "@plinth/resource";
import { STOP_SIGNALS } from "../schema-bounds.ts";
import { stopSignalOf } from "../stop-signal.ts";
import { child } from "./part.ts";
import { configPath } from "./paths.ts";
import type { ComposeService, Translating } from "./translated.ts";

const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  x64: ["amd64", "x86_64"],
  arm64: ["arm64", "arm64/v8", "aarch64"],
};

/** As whom and in what walls a service runs. */
export function sandboxOf({ part }: ComposeService, context: Translating): Partial<ServiceSpec> {
  const { values } = context;
  const result: Partial<ServiceSpec> = { ...securityOf(part, context) };
  const user = values.text(child(part, "user"));
  if (user !== undefined && user !== "") result.user = user;
  const workdir = values.text(child(part, "working_dir"));
  if (workdir !== undefined) result.workdir = workdir;
  if (values.flag(child(part, "read_only")) === true) result.readOnlyRootfs = true;
  const add = capabilities("cap_add");
  const drop = capabilities("cap_drop");
  if (add.length + drop.length > 0)
    result.capabilities = { ...(add.length > 0 && { add }), ...(drop.length > 0 && { drop }) };
  const signal = signalOf(part, context);
  if (signal !== undefined) result.stopSignal = signal;
  const runtime = values.text(child(part, "runtime"));
  if (runtime !== undefined) {
    if (/^(crun|runc|\/.*\/(crun|runc)[^/]*)$/.test(runtime)) result.runtime = runtime;
    else
      context.notes.refused(
        child(part, "runtime")!,
        `Plinth knows no runtime "${runtime}"`,
        "leave it out, or say crun or runc",
      );
  }
  checkPlatform(part, context);
  return result;

  function capabilities(key: "cap_add" | "cap_drop"): string[] {
    return [...new Set(values.texts(child(part, key)).map((name) => name.toUpperCase()))];
  }
}

function securityOf(
  part: ComposeService["part"],
  { notes, values, directory }: Translating,
): Partial<ServiceSpec> {
  const result: Partial<ServiceSpec> = {};
  for (const each of values.list(child(part, "security_opt"))) {
    const text = values.text(each);
    if (text === undefined) continue;
    const [, name = text, value = ""] = /^([a-z-]+)[=:](.*)$/.exec(text) ?? [];
    if (name === "seccomp")
      result.seccomp = value === "unconfined" ? value : configPath(value, each, directory);
    else if (name === "apparmor") {
      if (value !== "unconfined") result.apparmor = value; // without a profile unless one is named
    } else if (name === "no-new-privileges") {
      if (value === "false") notes.ignored(each, "no program in a container gains privileges");
    } else if (name === "label") notes.ignored(each, "SELinux labels are not set");
    else notes.refused(each, `there is no security option ${JSON.stringify(name)}`);
  }
  return result;
}

function signalOf(part: ComposeService["part"], { notes, values }: Translating): ServiceSpec["stopSignal"] {
  const given = child(part, "stop_signal");
  const text = values.text(given);
  if (given === undefined || text === undefined) return undefined;
  const signal = stopSignalOf(text);
  if (signal === undefined) notes.wrong(given, STOP_SIGNALS.join(", "));
  return signal;
}

function checkPlatform(part: ComposeService["part"], { notes, values }: Translating): void {
  const given = child(part, "platform");
  const text = values.text(given);
  if (given === undefined || text === undefined) return;
  const [system = "", ...architecture] = text.split("/");
  const own = ARCHITECTURES[process.arch] ?? [];
  if (system === "linux" && (architecture.length === 0 || own.includes(architecture.join("/")))) return;
  if (architecture.length === 0 && own.includes(system)) return;
  notes.refused(
    given,
    `this machine runs linux/${own[0] ?? process.arch} alone`,
    "leave it out if there is such an image",
  );
}
