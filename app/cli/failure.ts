import type { App, Failure } from "@plinth/resource";
import type { Surface } from "./terminal/output.ts";
import { plainLine, plainText } from "./terminal/plain-text.ts";

/** Why a release was halted, what was seen last, and what serves now. */
export function failureLines(app: App, failure: Failure | undefined, surface: Surface): string[] {
  const { name } = app.metadata;
  const { failedRelease, targetRelease, activeRelease, message } = app.status ?? {};
  const release = failedRelease ?? targetRelease;
  // What is refused makes no release.
  const isRefused = failure?.reason === "Refused" && failure.instance === undefined;
  const title =
    release === undefined || isRefused ? `Cannot deploy ${name}` : `release ${release} of ${name} failed`;
  const lines = [
    `${surface.paint("red", "error:")} ${title}${failure === undefined ? `: ${plainLine(message ?? "")}` : ""}`,
  ];
  if (failure !== undefined) {
    const { service, reason, instance, exitCode, probe, log } = failure;
    lines.push(`  service     ${plainLine(service)}`);
    lines.push(`  reason      ${reason}: ${plainLine(failure.message)}`);
    if (instance !== undefined) lines.push(`  instance    ${plainLine(instance)}`);
    if (exitCode !== undefined) lines.push(`  exit code   ${exitCode}${signalOf(exitCode)}`);
    if (probe !== undefined) lines.push(`  last probe  ${plainLine(probe)}`);
    // What crashed says itself why it does not listen.
    const isUp = exitCode === undefined || exitCode === 0 || reason === "NotReady";
    if (isUp && probe?.startsWith("connection refused") === true) {
      lines.push("  It has to listen on $HOST and $PORT, or on the `port` its service says;");
      lines.push("  what listens on nothing has `health: false`.");
    }
    if (log !== undefined && log.length > 0) {
      lines.push("  last output");
      for (const line of log) lines.push(`    ${surface.paint("dim", "|")} ${plainText(line).trimEnd()}`);
      if (log.some((line) => KEPT_SOURCE.test(line)))
        lines.push("  …/sources/… is the release's own copy of the project's files.");
    }
  }
  lines.push(
    activeRelease === undefined
      ? "  Nothing is served yet: there is no earlier release."
      : `  Release ${activeRelease} keeps serving.`,
  );
  return lines;
}

/** A path in HOME/sources, which nobody has made by hand. */
const KEPT_SOURCE = /\/sources\/[0-9a-f]{64}\//;

const signals: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL: out of memory, or somebody killed it",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
};

function signalOf(exitCode: number): string {
  if (exitCode === 126) return " (found, but cannot be run)";
  if (exitCode === 127) return " (command not found)";
  const signal = exitCode > 128 ? signals[exitCode - 128] : undefined;
  return signal === undefined ? "" : ` (${signal})`;
}
