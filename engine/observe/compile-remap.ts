/** A service's `logs.remap`: what such a program gets of a line, and what it may reach. */
import { compile, type Host, Kind, type Program, render, standardLibrary, webHost } from "@plinth/vrl";
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

/** The program, or what is wrong with it, for people to read, with its lines. */
export function compileRemap(source: string): Program | { readonly errors: string } {
  const types = { event: EVENT };
  const options = { functions: standardLibrary, host, types, name: "logs.remap" };
  const { program, diagnostics } = compile(source, options);
  if (program !== undefined) return program;
  const errors = diagnostics.filter(({ severity }) => severity !== "warning");
  return { errors: render(errors, source).trim() };
}
