import { arch } from "node:process";
import { Fault } from "@plinth/fault";

/** The processors we write machine code for, by the names of their ELF machines. */
export type Architecture = "x86-64" | "aarch64";

/** This machine's; undefined on any other. */
export function findArchitecture(): Architecture | undefined {
  return arch === "x64" ? "x86-64" : arch === "arm64" ? "aarch64" : undefined;
}

/** This machine's. Fault `unsupported` on any other. */
export function hostArchitecture(): Architecture {
  const architecture = findArchitecture();
  if (architecture !== undefined) return architecture;
  throw new Fault("unsupported", `Cannot start anything: there is no init for the processor "${arch}"`, {
    hint: "Plinth runs on x86-64 and aarch64.",
  });
}
