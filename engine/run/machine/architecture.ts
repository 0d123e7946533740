import { arch } from "node:process";
import { Fault } from "@plinth/fault";

/** The processors we write machine code for, by the names of their ELF machines. */
export type Architecture = "x86-64" | "aarch64";

/** This machine's. Fault `unsupported` on any other. */
export function hostArchitecture(): Architecture {
  if (arch === "x64") return "x86-64";
  if (arch === "arm64") return "aarch64";
  throw new Fault("unsupported", `Cannot run containers: there is no init for the processor "${arch}"`, {
    hint: "Use the process driver, or a runtime of your own: `runtime: runc`.",
  });
}
