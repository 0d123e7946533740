import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The directory that holds one whole Plinth: flag, then environment, then ~/.plinth. */
export function homeDirectory(flag: string | undefined, environment: NodeJS.ProcessEnv): string {
  const named = flag ?? environment["PLINTH_HOME"];
  return named === undefined || named === "" ? join(homedir(), ".plinth") : resolve(named);
}

export function socketPath(home: string): string {
  return join(home, "plinth.sock");
}
