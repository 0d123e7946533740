import { containerProgram } from "../../container/program.ts";
import { planContainer } from "../../container/create.ts";
import { Label } from "../../init/step.ts";
import { openBundle, prepare } from "./create.ts";

/** All that the init would do for a bundle, one system call a line, in words. Nothing is made. */
export function explainBundle(
  path: string,
  { stateDirectory, isRootless }: { readonly stateDirectory: string; readonly isRootless: boolean },
): string[] {
  const { config, bundle } = openBundle(path);
  const isTerminal = config.process?.terminal === true;
  const { cgroup, options } = prepare(
    { id: "ID", isRootless, ...(isTerminal && { consoleSocket: "/CONSOLE-SOCKET" }) },
    config,
  );
  const lines = ["before:"];
  for (const { path: directory, settings } of cgroup.directories) {
    lines.push(`  make the cgroup ${directory}`);
    for (const { file, value } of settings) lines.push(`  write ${JSON.stringify(value)} to its ${file}`);
  }
  const plan = planContainer({
    ...options,
    id: "ID",
    config,
    bundle,
    stateDirectory,
    mark: "MARK",
    onNamespaces: () => Promise.resolve(),
  });
  for (const { name, steps } of containerProgram(plan).sections) {
    lines.push(`${name}:`);
    for (const step of steps) {
      if (step instanceof Label) continue;
      lines.push(`  ${(step.call ?? "-").padEnd(CALL_CHARACTERS)} ${step.words}`);
    }
  }
  return lines;
}

/** The longest name of those that are used. */
const CALL_CHARACTERS = 15;
