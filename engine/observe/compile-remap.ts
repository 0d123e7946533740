/** A service's `logs.remap`: what such a program gets of a line, and what it may reach. */
import { type Compilation, compile, type Host, Kind, render, standardLibrary, webHost } from "@plinth/vrl";
import { userAgentRules } from "./user-agent-rules.ts";

/** What a program gets: the event of one line. */
export interface WrittenLine {
  /** The line as it was written, without its end. */
  readonly message: string;
  readonly app: string;
  readonly service: string;
  readonly instance: string;
}

/** Known to the compiler: what cannot fail on text needs no handling. */
const EVENT = Kind.object({
  message: Kind.bytes,
  app: Kind.bytes,
  service: Kind.bytes,
  instance: Kind.bytes,
});

/** Programs come with a config, and the daemon runs them: they see the clock, and no file, variable or network of its. */
const host: Host = { ...webHost(), userAgentRules };

export function compileRemap(source: string): Compilation {
  return compile(source, { functions: standardLibrary, host, types: { event: EVENT }, name: "logs.remap" });
}

/** What is wrong with a program, for people to read, with its lines; undefined: it compiles. */
export function remapErrors(source: string): string | undefined {
  const { program, diagnostics } = compileRemap(source);
  if (program !== undefined) return undefined;
  return render(
    diagnostics.filter(({ severity }) => severity !== "warning"),
    source,
  ).trim();
}
