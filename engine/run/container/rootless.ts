import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@plinth/fault";
import { processIdentity, signalProcess } from "@plinth/process";
import { openInit } from "../init/init-file.ts";
import { removeTree } from "../remove-tree.ts";
import { containerConfig } from "./config.ts";
import type { Overlay } from "./container.ts";
import { createContainer } from "./create.ts";
import { ownMaps, type SubordinateIds } from "./id-maps.ts";
import { usableIds } from "./in-user-namespace.ts";
import type { TaskSandbox } from "./sandbox.ts";

/** What containers of an ordinary user can be here. Found out by making some. */
export interface RootlessAbility {
  /** Why there can be none; undefined where there can. */
  readonly reason: string | undefined;
  /** What to do about it, as one sentence. */
  readonly hint: string | undefined;
  /** Layers can be mounted; else each container begins with a copy of its image. */
  readonly overlay: boolean;
  /** Users of images but root. */
  readonly ids: SubordinateIds;
}

/** Makes and ends up to two containers in a directory of its own below `directory`, where those to come will be. */
export async function detectRootless(directory: string): Promise<RootlessAbility> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const place = mkdtempSync(join(directory, "trial-"));
  try {
    const ids = await usableIds(place);
    const problem = await trial(place, undefined);
    if (problem !== undefined)
      return {
        reason: `no container can be made without root: ${problem}`,
        hint: namespaceHint(),
        overlay: false,
        ids,
      };
    const overlay = overlayIn(place);
    const isMounted = (await trial(place, overlay)) === undefined;
    return { reason: undefined, hint: undefined, overlay: isMounted, ids };
  } finally {
    await removeTree(place, directory);
  }
}

function overlayIn(place: string): Overlay {
  const [upper, work] = ["upper", "work"].map((name) => join(place, name)) as [string, string];
  for (const path of [upper, work]) mkdirSync(path);
  return { lower: [join(place, "root")], upper, work, xattrs: "user" };
}

const SANDBOX: TaskSandbox = {
  system: { image: "" },
  entrypoint: undefined,
  workdir: undefined,
  user: undefined,
  mounts: [],
  tmpfs: [],
  readOnlyRootfs: false,
  capabilities: { add: [], drop: [] },
  seccomp: "unconfined",
  apparmor: undefined,
  runtime: "plinth",
};

/** Why a container of the kind cannot be made; its command never runs. */
async function trial(place: string, overlay: Overlay | undefined): Promise<string | undefined> {
  const [root, stateDirectory] = [join(place, "root"), join(place, "state")];
  for (const path of [root, stateDirectory]) mkdirSync(path, { recursive: true });
  writeFileSync(join(root, "command"), "");
  chmodSync(join(root, "command"), 0o755);
  const config = containerConfig({
    id: "trial",
    sandbox: SANDBOX,
    root,
    systemMounts: [],
    arguments: ["/command"],
    env: {},
    directory: "/",
    user: { uid: 0, gid: 0, additionalGids: [] },
    network: undefined,
    etc: {},
    seccomp: undefined,
    maps: ownMaps({ uid: 0, gid: 0 }),
  });
  try {
    using init = await openInit(place);
    using container = await createContainer({
      id: "trial",
      init,
      config,
      bundle: place,
      stateDirectory,
      mark: "trial",
      ...(overlay !== undefined && { overlay }),
    });
    const main = processIdentity(container.pid);
    if (main !== undefined) signalProcess(main, "SIGKILL");
    await container.wait().catch(() => undefined);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/^Cannot create "trial": /, "");
  } finally {
    rmSync(stateDirectory, { recursive: true, force: true });
  }
}

/** The command that lets ordinary users make user namespaces, where a setting of the kernel is what forbids it. */
function namespaceHint(): string {
  const settings = [
    ["kernel.unprivileged_userns_clone", "0", "1"],
    ["kernel.apparmor_restrict_unprivileged_userns", "1", "0"],
    ["user.max_user_namespaces", "0", "15000"],
  ] as const;
  const forbidding = settings.filter(([name, value]) => {
    const path = `/proc/sys/${name.replaceAll(".", "/")}`;
    return existsSync(path) && readFileSync(path, "utf8").trim() === value;
  });
  if (forbidding.length === 0)
    return "Run Plinth as root (sudo plinth up); inside of another container, user namespaces and /proc are often taken away";
  return `${forbidding.map(([name, , value]) => `sysctl -w ${name}=${value}`).join("; ")} lets ordinary users have user namespaces; or run Plinth as root`;
}
