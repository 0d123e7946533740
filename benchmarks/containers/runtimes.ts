/** Runtimes as a daemon drives them: ours in the process, the others as programs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@plinth/clock";
import type { TaskHandle } from "@plinth/run";
import { type ContainerConfig, loadMaking } from "@plinth/run/oci";

export const RUNTIMES = ["plinth", "crun", "runc", "plinth-oci"] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

/** A container that runs until it is ended. */
export interface Running {
  /** Runs /bin/true in it, to its end. */
  exec(): Promise<void>;
  /** MiB resident of what watches over it. */
  supervisorMib(): number;
  end(): Promise<void>;
}

export interface Runtime {
  /** Creates, starts, awaits and removes a container. */
  run(id: string, bundle: string): Promise<void>;
  start(id: string, bundle: string): Promise<Running>;
}

/** `directory`: for the state of containers. */
export async function openRuntime(name: RuntimeName, directory: string): Promise<Runtime> {
  if (name === "plinth") return await openPlinth(directory);
  if (name === "plinth-oci")
    return program("/bin/sh", [join(import.meta.dirname, "../../app/oci/plinth-oci"), "--root", directory]);
  return program(name, ["--root", directory]);
}

/** As the container driver makes them, from the same configuration as the others. */
async function openPlinth(directory: string): Promise<Runtime> {
  const { OwnRuntime } = await loadMaking();
  const runtime = new OwnRuntime({ initDirectory: directory, clock: systemClock });
  const start = async (id: string, bundle: string): Promise<TaskHandle> => {
    const stateDirectory = join(directory, id);
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    return await runtime.start({
      id,
      stateDirectory,
      config: configOf(bundle),
      overlay: undefined,
      maps: undefined,
      reaper: false,
      limits: {
        memoryBytes: undefined,
        cpus: undefined,
        processes: undefined,
        diskBytes: undefined,
        bestEffort: false,
      },
      logFile: join(stateDirectory, "log"),
      network: undefined,
    });
  };
  const remove = (id: string): void => rmSync(join(directory, id), { recursive: true });
  return {
    run: async (id, bundle) => {
      using handle = await start(id, bundle);
      const { code } = await handle.wait();
      if (code !== 0) throw new Error(`${id} ended with ${code}`);
      remove(id);
    },
    start: async (id, bundle) => {
      const handle = await start(id, bundle);
      const { process } = configOf(bundle);
      const command = { process: { ...process, args: ["/bin/true"] }, seccomp: undefined };
      return {
        exec: async () => {
          const code = await runtime.exec(handle, command, {});
          if (code !== 0) throw new Error(`the command in ${id} ended with ${code}`);
        },
        supervisorMib: () => residentMib(parentOf(handle.pid)),
        end: async () => {
          await handle.stop({ graceMs: 0 });
          handle[Symbol.dispose]();
          remove(id);
        },
      };
    },
  };
}

function configOf(bundle: string): ContainerConfig {
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8")) as ContainerConfig;
  return { ...config, root: { ...config.root, path: join(bundle, config.root.path) } };
}

function parentOf(pid: number): number {
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(parent);
}

function program(command: string, before: readonly string[]): Runtime {
  const call = async (...parameters: string[]): Promise<void> => {
    const child = spawn(command, [...before, ...parameters], { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`${command} ${parameters[0]} ended with ${code}`);
  };
  return {
    run: async (id, bundle) => await call("run", "--bundle", bundle, id),
    start: async (id, bundle) => {
      const parameters = [...before, "run", "--bundle", bundle, id];
      const supervisor = spawn(command, parameters, { stdio: ["ignore", "pipe", "inherit"] });
      // The command says that it runs.
      await once(supervisor.stdout, "data");
      return {
        exec: async () => await call("exec", id, "/bin/true"),
        supervisorMib: () => residentMib(supervisor.pid!),
        end: async () => {
          const ended = once(supervisor, "exit");
          await call("kill", id, "KILL");
          await ended;
        },
      };
    },
  };
}

function residentMib(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}
