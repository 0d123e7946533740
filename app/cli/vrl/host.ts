import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { userAgentRules } from "@plinth/observe/user-agent-rules";
import { type Host, stringify, webHost } from "@plinth/vrl";
import type { Output } from "../terminal/output.ts";

/** What programs on the command line can reach: this machine's environment and files, nothing on the network. */
export function commandLineHost(
  output: Output,
  environment: Readonly<Record<string, string | undefined>>,
): Host {
  const secrets = new Map<string, string>();
  return {
    ...webHost(),
    environmentVariable: (name) => environment[name],
    hostname,
    readFile: (path) => new Uint8Array(readFileSync(path)),
    userAgentRules,
    log: (level, value) => output.error(`${level}: ${typeof value === "string" ? value : stringify(value)}`),
    secrets: {
      get: (name) => secrets.get(name),
      set: (name, secret) => void secrets.set(name, secret),
      remove: (name) => void secrets.delete(name),
    },
  };
}
