import { Fault } from "@plinth/fault";
import { hostArchitecture } from "../machine/architecture.ts";
import type { LinuxSeccomp } from "../oci/config.ts";
import { toJson } from "../oci/lifecycle/container-directory.ts";
import { compileSeccomp } from "../oci/seccomp/compile.ts";
import type { SeccompProgram } from "./container.ts";

/** Profiles differ by capabilities or by file: a machine has few that are in use at once. */
const PROGRAMS_MAX = 16;

/** By the profile's content: a daemon's containers share a few profiles, and each costs milliseconds to compile. */
const programs: Map<string, SeccompProgram> = new Map();

/** The filter of a container and of all that is run in it later. */
export function seccompProgram(profile: LinuxSeccomp | undefined): SeccompProgram | undefined {
  if (profile === undefined) return undefined;
  const key = toJson(profile);
  const known = programs.get(key);
  if (known !== undefined) return known;
  const { program, flags, listener } = compileSeccomp(profile, hostArchitecture());
  if (listener !== undefined)
    throw new Fault("unsupported", "Cannot use a seccomp profile that asks a listener (SCMP_ACT_NOTIFY)");
  if (programs.size >= PROGRAMS_MAX) programs.delete(programs.keys().next().value!);
  const compiled = { program, flags };
  programs.set(key, compiled);
  return compiled;
}
