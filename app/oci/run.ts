import { writeSync } from "node:fs";
import { resolve } from "node:path";
import { systemClock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import type { Command, GlobalOptions } from "./command.ts";
import { COMMANDS, GLOBAL_FLAGS, HELP_FLAG, VERSION_FLAG } from "./command-table.ts";
import { Flags, parseFlags, UsageFault } from "./flag.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { Log, writeAll } from "./log.ts";
import { versionText } from "./version.ts";

const EXIT_FAILED = 1;
/** runc's, for a command that is none. */
const EXIT_NO_COMMAND = 3;

/** Runs one command line and resolves to the exit code. */
export async function runCommandLine(line: readonly string[]): Promise<number> {
  let log = new Log({ file: undefined, format: "text", isDebug: false, clock: systemClock });
  try {
    const { values, words } = parseFlags(line, {
      flags: [...GLOBAL_FLAGS, HELP_FLAG, VERSION_FLAG],
      stopsAtWord: true,
    });
    const global = new Flags(values);
    const [name, ...rest] = words;
    if (global.isSet("version")) return print(versionText());
    if (global.isSet("help") || name === undefined || name === "help" || name === "h")
      return print(helpOf(rest[0]));
    log = openLog(global);
    const command = COMMANDS.find((each) => each.name === name);
    if (command === undefined) {
      log.write("error", `No help topic for '${name}'`);
      return EXIT_NO_COMMAND;
    }
    return await runCommand(command, rest, global, log);
  } catch (error) {
    if (!(error instanceof UsageFault)) return failed(log, messageOf(error), EXIT_FAILED);
    writeAll(`Incorrect Usage. ${error.message}\n\n${generalHelp()}`);
    return EXIT_FAILED;
  }
}

async function runCommand(
  command: Command,
  line: readonly string[],
  global: Flags,
  log: Log,
): Promise<number> {
  try {
    const { values, words } = parseFlags(line, {
      flags: [...command.flags, HELP_FLAG],
      stopsAtWord: command.stopsAtWord === true,
    });
    const flags = new Flags(values);
    if (flags.isSet("help")) return print(commandHelp(command));
    const [min, max] = command.words;
    if (words.length < min || words.length > max)
      throw new UsageFault(`${command.name} takes ${min === max ? min : `at least ${min}`} argument(s)`);
    const { run } = await command.load();
    return await run({
      words,
      flags,
      global: globalOptions(global),
      clock: systemClock,
      log,
      print: (text) => void print(text),
    });
  } catch (error) {
    if (error instanceof UsageFault) {
      writeAll(`Incorrect Usage: ${error.message}\n\n${commandHelp(command)}`);
      return failed(log, error.message, EXIT_FAILED);
    }
    const message = `${command.failure ?? ""}${messageOf(error)}`;
    const hint = error instanceof Fault ? error.hint : undefined;
    return failed(
      log,
      hint === undefined ? message : `${message}. ${hint}`,
      command.failureCode ?? EXIT_FAILED,
    );
  }
}

/** The log is for whoever called us, and standard error for a person. */
function failed(log: Log, message: string, code: number): number {
  log.write("error", message);
  if (log.isFile) writeAll(`${message}\n`);
  return code;
}

function helpOf(name: string | undefined): string {
  const command = COMMANDS.find((each) => each.name === name);
  return command === undefined ? generalHelp() : commandHelp(command);
}

function openLog(global: Flags): Log {
  const format = global.text("log-format") ?? "text";
  if (format !== "text" && format !== "json") throw new Fault("invalid", `invalid log-format: ${format}`);
  return new Log({ file: global.text("log"), format, isDebug: global.isSet("debug"), clock: systemClock });
}

function globalOptions(global: Flags): GlobalOptions {
  const rootless = global.text("rootless") ?? "auto";
  if (!["true", "false", "auto"].includes(rootless))
    throw new UsageFault(`invalid value "${rootless}" for flag -rootless: not true, false or auto`);
  const isOrdinary = process.geteuid?.() !== 0;
  return {
    root: resolve(global.text("root") ?? defaultRoot(isOrdinary)),
    isRootless: rootless === "auto" ? isOrdinary : rootless === "true",
    isSystemdCgroup: global.isSet("systemd-cgroup"),
  };
}

function defaultRoot(isOrdinary: boolean): string {
  const own = process.env["XDG_RUNTIME_DIR"];
  return isOrdinary && own !== undefined && own !== "" ? `${own}/plinth-oci` : "/run/plinth-oci";
}

const STANDARD_OUTPUT = 1;

function print(text: string): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(STANDARD_OUTPUT, bytes, at);
  return 0;
}
