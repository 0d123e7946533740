import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { Fault } from "@plinth/fault";
import { shellWord } from "./shell-word.ts";

/** `plinth` itself, where it is installed. */
const LAUNCHER = fileURLToPath(new URL("plinth", import.meta.url));

const startOf = (home: string): string => `start --home ${shellWord(home)}`;

/** What starts a home after the machine has started, for a shell to run as its owner. */
function startLine(home: string, path: string): string {
  return `PATH=${shellWord(path)} ${shellWord(LAUNCHER)} ${startOf(home)}`;
}

/** A line of the user's crontab(5); a percent sign would end the command there. */
export function cronLine(home: string, path: string): string {
  return `@reboot ${startLine(home, path).replaceAll("%", "\\%")}`;
}

/** A line of /etc/rc.local, which root runs. */
export function rcLine(home: string, path: string): string {
  const line = startLine(home, path);
  return process.geteuid?.() === 0
    ? line
    : `su ${shellWord(userInfo().username)} -s /bin/sh -c ${shellWord(line)}`;
}

/** Sees to it that the user's crontab has this line for the home, or none; false when that was so. */
export async function writeCronLine(home: string, line: string | undefined): Promise<boolean> {
  const before = await crontab(["-l"]).catch((error: unknown) => {
    // One that has never been written is no failure.
    if (error instanceof Fault && /no crontab for/.test(error.message)) return "";
    throw error;
  });
  const isOurs = (text: string): boolean =>
    text.startsWith("@reboot ") &&
    text.includes(LAUNCHER) &&
    text.endsWith(startOf(home).replaceAll("%", "\\%"));
  const lines = before.split("\n").filter((text) => text !== "");
  if (line === undefined ? !lines.some(isOurs) : lines.includes(line)) return false;
  const after = [...lines.filter((text) => !isOurs(text)), ...(line === undefined ? [] : [line])];
  await crontab(["-"], `${after.join("\n")}\n`);
  return true;
}

/** Runs crontab(1), and gives what it says. */
function crontab(parameters: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile("crontab", parameters, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT")
        reject(
          new Fault("unsupported", "Cannot write a line for the next start: there is no crontab(1) here", {
            hint: "Install cron (Debian: apt-get install cron), or put the line where this machine starts things.",
          }),
        );
      else reject(new Fault("unavailable", `Cannot use crontab: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on("error", () => undefined); // it may end before it has read all
    child.stdin?.end(input);
  });
}
