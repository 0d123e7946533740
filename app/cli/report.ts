import { StatusFault } from "@plinth/client";
import { Fault, messageOf } from "@plinth/fault";
import { DetailedFault, UsageFault, exitCodeOf } from "./exit-code.ts";
import type { Surface } from "./terminal/output.ts";
import { plainText } from "./terminal/plain-text.ts";

/** What went wrong, where, and what to do next, as lines for a person. */
export async function errorLines(error: unknown, surface: Surface): Promise<string[]> {
  if (error instanceof DetailedFault) return error.lines(surface);
  const lines = [`${surface.paint("red", "error:")} ${plainText(messageOf(error))}`];
  if (error instanceof StatusFault) {
    for (const { field, message, expected, received, suggestion } of error.causes) {
      lines.push(`  ${field === undefined ? "" : `${field}: `}${plainText(message)}`);
      if (expected !== undefined) lines.push(`    expected ${plainText(expected)}`);
      if (received !== undefined) lines.push(`    received ${plainText(received)}`);
      if (suggestion !== undefined) lines.push(`    did you mean "${plainText(suggestion)}"?`);
    }
  }
  // A bug's message alone would help nobody to find it.
  if (!(error instanceof Fault) && error instanceof Error && error.stack !== undefined) {
    lines.push(...error.stack.split("\n").slice(1).map(plainText));
    lines.push("  This is a bug in Plinth: please report it with the lines above.");
  }
  const meant = error instanceof UsageFault ? await didYouMean(error) : undefined;
  if (meant !== undefined) lines.push(`  ${plainText(meant)}`);
  else if (error instanceof Fault && error.hint !== undefined) lines.push(`  ${plainText(error.hint)}`);
  if (error instanceof UsageFault) {
    const command = ["plinth", ...error.words, "--help"].join(" ");
    lines.push(`  \`${command}\` shows how it is used.`);
  }
  return lines;
}

async function didYouMean({ mistyped }: UsageFault): Promise<string | undefined> {
  if (mistyped === undefined) return undefined;
  const { nearestName } = await import("@plinth/resource");
  const nearest = nearestName(mistyped.word, mistyped.among);
  if (nearest === undefined) return undefined;
  const [before, after] = mistyped.around ?? ['"', '"'];
  return `Did you mean ${before}${nearest}${after}?`;
}

/** The same for a program: the last line on standard output of a command with --json that failed. */
export function errorJson(error: unknown): object {
  const fault = error instanceof Fault ? error : undefined;
  return {
    error: {
      code: fault?.code ?? "bug",
      message: messageOf(error),
      hint: fault?.hint ?? null,
      exitCode: exitCodeOf(error),
      ...(error instanceof StatusFault ? { causes: error.causes } : {}),
      ...(error instanceof DetailedFault ? error.details : {}),
    },
  };
}
