import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { SYSTEM_PATH } from "../installed.ts";
import { type Machine, putFile } from "../machines.ts";
import { createPlinth } from "../plinth.ts";
import { processesOf } from "../processes.ts";
import type { CommandStep, Step } from "./page.ts";
import { openShell, type Shell } from "./shell.ts";
import { printsAs } from "./transcript.ts";

/** What whole runs of the tests have compiled. */
const COMPILED = process.env["NODE_COMPILE_CACHE"] ?? join(homedir(), ".cache/plinth/compile");
const LAUNCHER = resolve(import.meta.dirname, "../../cli/plinth");

export interface ReaderOptions {
  /** The first is where prompts without a name are. */
  readonly machines: readonly Machine[];
  /** What the folder is called in which the page is worked through. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Who reads; default: root. */
  readonly user?: number;
}

/** Somebody new, who does what a page says on machines on which `plinth` is installed and nothing was done yet. */
export interface Reader extends AsyncDisposable {
  /** Throws at the first step that does not go as the page says. */
  follow(path: string, steps: readonly Step[]): Promise<void>;
}

export async function createReader(options: ReaderOptions): Promise<Reader> {
  const { machines, folder, environment = {}, user = 0 } = options;
  await using setup = new AsyncDisposableStack();
  const root = mkdtempSync(join(tmpdir(), "plinth-reader-"));
  setup.defer(() => rmSync(root, { recursive: true, force: true }));
  const bin = join(root, "bin");
  mkdirSync(bin);
  symlinkSync(LAUNCHER, join(bin, "plinth"));
  chownSync(root, user, user);
  const homeOf = ({ name }: Machine): string => join(root, name);
  writeFileSync(join(bin, "ssh"), sshBetween(machines, homeOf), { mode: 0o755 });

  const resolvers = join(root, "resolv.conf");
  writeFileSync(resolvers, "nameserver 127.0.0.1\n");

  const shells = new Map<string | undefined, Shell>();
  const directory = join(homeOf(machines[0]!), folder);
  for (const machine of machines) {
    // Nobody answers there; this way it is known at once.
    putFile(machine, resolvers, "/etc/resolv.conf");
    const home = homeOf(machine);
    for (const made of [home, join(home, folder)]) {
      mkdirSync(made);
      chownSync(made, user, user);
    }
    const inside = user === 0 ? machine.inside : [...machine.inside, ...as(user)];
    const own = {
      HOME: home,
      PATH: `${bin}:${dirname(process.execPath)}:${SYSTEM_PATH}`,
      // Another user has a cache of their own, which the launcher makes.
      ...(user === 0 && { NODE_COMPILE_CACHE: COMPILED }),
      ...environment,
    };
    const plinth = createPlinth(own, join(home, ".plinth"), { ...machine, inside });
    // A page that fails half-way leaves something running; one that is done has nothing left.
    setup.defer(async () => {
      if (processesOf(plinth.home).length > 0) await plinth[Symbol.asyncDispose]();
    });
    const shell = setup.use(openShell({ inside, directory: join(home, folder), environment: own }));
    if (shells.size === 0) shells.set(undefined, shell);
    shells.set(machine.name, shell);
  }

  const type = async (path: string, step: CommandStep, next: Step | undefined): Promise<void> => {
    const shell = shells.get(step.machine);
    if (shell === undefined) throw new Error(`${path}:${step.line}: there is no machine "${step.machine}"`);
    const place = `${path}:${step.line}: ${step.command}`;
    const { printed, code } = await shell.type(step.command).catch((error: unknown) => {
      throw new Error(place, { cause: error });
    });
    if (!printsAs(step.prints, printed))
      throw new Error(
        `${place}\nshould print\n${step.prints.join("\n")}\nand ended with ${code}, after\n${printed}`,
      );
    // What fails has to be shown as failing.
    const isShown = next?.kind === "command" && next.command === "echo $?";
    if (code !== 0 && !isShown) throw new Error(`${place}\nended with ${code}, after\n${printed}`);
  };
  const lifetime = setup.move();
  return {
    async follow(path, steps) {
      for (const [index, step] of steps.entries()) {
        if (step.kind === "command") await type(path, step, steps[index + 1]);
        else {
          const file = join(directory, step.path);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, step.content);
          // Folders in between are root's, who reads there as anybody may.
          chownSync(file, user, user);
        }
      }
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** Before a command: runs it as somebody else. */
const as = (user: number): readonly string[] => [
  "setpriv",
  `--reuid=${user}`,
  `--regid=${user}`,
  "--clear-groups",
  "--",
];

/** `ssh MACHINE COMMAND...`, as it is where keys are set up: what another machine of the page's runs. */
function sshBetween(machines: readonly Machine[], homeOf: (machine: Machine) => string): string {
  const cases = machines.map(
    (machine) =>
      `  ${machine.name}) export HOME="${homeOf(machine)}"; cd && exec ${machine.inside.join(" ")} "$@" ;;`,
  );
  return `#!/bin/sh\nname=$1\nshift\ncase $name in\n${cases.join("\n")}\nesac\nexit 255\n`;
}
