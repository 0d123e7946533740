import { readFileSync } from "node:fs";
import type { ExitStatus } from "../exit-status.ts";
import type { TaskNetwork } from "../network/task-network.ts";

/** Why a container's command never ran, from what a runtime wrote about it; undefined when it wrote nothing. */
export function startFailure(
  errors: string,
  command: string,
  network: TaskNetwork | undefined,
): ExitStatus | undefined {
  const text = messageIn(errors);
  if (text === "") return undefined;
  const cannot = (code: number, why: string): ExitStatus => ({
    cause: "cannot-start",
    code,
    reason: `Cannot start: ${why}`,
  });
  const places = network === undefined ? [] : [network.namespace, network.hosts, network.resolvConf];
  if (places.some((place) => text.includes(place)))
    return cannot(125, `it could not be put into its network ${network?.namespace}: ${text}`);
  const quoted = JSON.stringify(command);
  if (/executable file .*not found/i.test(text)) return cannot(127, `no such command ${quoted} in PATH`);
  if (isAboutExec(text, command) && /no such file/i.test(text))
    return cannot(127, `no such file ${quoted} in it, or its interpreter is missing`);
  if (isAboutExec(text, command) && /permission denied|exec format|is a directory/i.test(text))
    return cannot(126, `${quoted} may not be executed (exit code 126)`);
  return cannot(125, text);
}

/** `exec /x: permission denied`, "open executable: Permission denied"; not what a mount complains of. */
const isAboutExec = (text: string, command: string): boolean =>
  !/mount/i.test(text) && (/exec/i.test(text) || text.includes(command));

/** A runtime's log says the cause last; of what `mount` writes all is said. */
export function messageIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
  const messages = text.split("\n").map((line) => {
    try {
      const { msg } = JSON.parse(line) as { msg?: unknown };
      return typeof msg === "string" ? msg : line;
    } catch {
      return line;
    }
  });
  return messages.at(-1)?.trim() ?? "";
}
