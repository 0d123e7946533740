import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  claimSubnet,
  type HomeIdentity,
  MachineClaims,
  PORT_CHUNKS,
  slotOfSubnet,
  subnetOf,
} from "@plinth/discovery";
import { createHome, type HomePaths, homePaths } from "./home-paths.ts";
import { machineLabel } from "./machine-label.ts";
import { chooseMesh, type MeshAbility, type MeshMode } from "./mesh.ts";
import { chooseStore } from "./home-store.ts";
import { chooseTelemetry, type TelemetrySettings, type TelemetryWishes } from "./telemetry-settings.ts";
import { Fault } from "@plinth/fault";
import { writeFileDurably } from "@plinth/file";
import { canListen, whyNoListener } from "@plinth/process";

/** What one home has chosen or claimed for good. */
export interface HomeSettings {
  readonly id: string;
  /** The claimed loopback block. */
  readonly block: number;
  /** The claimed chunks of instance ports. */
  readonly portChunks: readonly number[];
  readonly ingressAddress: string;
  readonly ingressPort: number;
  readonly apiPort: number;
  readonly metricsPort: number;
  readonly mesh: MeshMode;
  readonly telemetry: TelemetrySettings;
  /** The etcd cluster that holds the state; without one it is in the home. */
  readonly store?: string;
  /** Why this mode, for people. */
  readonly meshReason: string;
  /** The claimed /16 of transparent mode. */
  readonly subnet?: string;
  /** This machine among others; made of its host name. */
  readonly hostName: string;
  /** Its address as other hosts reach it; without one there are none. */
  readonly hostAddress?: string;
  /** Where joined hosts call, and where other hosts' proxies do. */
  readonly hostsPort: number;
  readonly doorPort: number;
}

/** Ports asked for by name; what is not asked for is chosen. */
export interface PortWishes {
  readonly ingressAddress?: string;
  readonly ingressPort?: number;
  readonly apiPort?: number;
  /** Decided at a home's first start. */
  readonly mesh?: MeshMode;
  readonly telemetry?: TelemetryWishes;
  /** Kept; only for a home without state of its own. */
  readonly store?: string;
}

const LOOPBACK = "127.0.0.1";
const DEFAULTS = {
  ingressAddress: "127.0.0.1",
  ingressPort: 8080,
  apiPort: 7080,
  metricsPort: 7081,
  hostsPort: 7082,
  doorPort: 7083,
};
/** A second home looks this far beyond the usual port for a free one, keeping the last digit people know. */
const PORT_SEARCH_MAX = 1000;
const PORT_STEP = 10;
/** Slots of a /24 each in 127.64.0.0/10: far from 127.0.0.1, wide enough for thousands of homes. */
const BLOCKS = 64 * 256;

/** Reads the home's settings, makes what is missing and sees to it that its claims hold. */
export class Home {
  readonly paths: HomePaths;
  readonly claims: MachineClaims;
  readonly #wishes: PortWishes;
  #settings: HomeSettings;

  private constructor(paths: HomePaths, claims: MachineClaims, settings: HomeSettings, wishes: PortWishes) {
    this.#wishes = wishes;
    this.paths = paths;
    this.claims = claims;
    this.#settings = settings;
  }

  static async open(
    directory: string,
    wishes: PortWishes,
    inUse: boolean,
    detect: () => Promise<MeshAbility>,
  ): Promise<Home> {
    const paths = homePaths(directory);
    await createHome(paths);
    const stored = await readSettings(paths.settings);
    const store = chooseStore(stored?.store, wishes.store, paths.state);
    const choice = await chooseMesh(stored, wishes.mesh, detect);
    const id = stored?.id ?? randomUUID();
    const claims = new MachineClaims({ directory, id }, lookUpHome);
    // The id is on record before any claim names it: a claim of an unknown home would be swept.
    if (stored === undefined) await writeFileDurably(paths.settings, JSON.stringify({ id }));
    const preferred = Number.parseInt(id.slice(0, 8), 16);

    let block = stored?.block;
    if (block === undefined || !(await claims.keep("block", block))) {
      block = await claims.claim("block", BLOCKS, preferred % BLOCKS);
    }
    const portChunks: number[] = [];
    for (const chunk of stored?.portChunks ?? []) {
      if (await claims.keep("ports", chunk)) portChunks.push(chunk);
    }
    const subnet = choice.mode === "transparent" ? await keepSubnet(claims, stored?.subnet) : undefined;
    const settings: HomeSettings = {
      id,
      block,
      portChunks,
      ...(await choosePorts(stored, wishes, inUse)),
      telemetry: chooseTelemetry(stored?.telemetry, wishes.telemetry),
      mesh: choice.mode,
      meshReason: stored?.mesh === choice.mode ? (stored.meshReason ?? choice.reason) : choice.reason,
      ...(subnet === undefined ? {} : { subnet }),
      ...(store === undefined ? {} : { store }),
      hostName: stored?.hostName ?? (machineLabel() || "first"),
      ...(stored?.hostAddress === undefined ? {} : { hostAddress: stored.hostAddress }),
      hostsPort: stored?.hostsPort ?? DEFAULTS.hostsPort,
      doorPort: stored?.doorPort ?? DEFAULTS.doorPort,
    };
    const home = new Home(paths, claims, settings, wishes);
    await home.#save();
    return home;
  }

  get settings(): HomeSettings {
    return this.#settings;
  }

  /** Where this home begins to look for chunks of ports, so that homes seldom meet. */
  get preferredChunk(): number {
    return Number.parseInt(this.#settings.id.slice(0, 8), 16) % PORT_CHUNKS;
  }

  /** Whether somebody said which port it is to be, when this daemon was started. */
  isAskedFor(which: "ingressPort" | "apiPort"): boolean {
    return this.#wishes[which] !== undefined;
  }

  /** Leaves a chosen port that somebody else was faster to take. Fault "conflict" when it was asked for by number. */
  async moveOn(which: ChosenPort): Promise<void> {
    const address = this.#addressOf(which);
    const taken = this.#settings[which];
    if ((which === "ingressPort" || which === "apiPort") && this.isAskedFor(which)) {
      const problem = (await whyNoListener(address, taken)) ?? "another program was faster, and has ended";
      throw portTaken(which, address, taken, problem);
    }
    this.#settings = { ...this.#settings, [which]: await freePort(which, address, taken + PORT_STEP) };
    await this.#save();
  }

  #addressOf(which: ChosenPort): string {
    if (which === "ingressPort") return this.#settings.ingressAddress;
    return which === "hostsPort" || which === "doorPort"
      ? (this.#settings.hostAddress ?? LOOPBACK)
      : LOOPBACK;
  }

  /** Sets the address by which other hosts reach this one, and finds free ports there. Again: changes nothing. */
  async openToHosts(hostAddress: string): Promise<void> {
    if (this.#settings.hostAddress === hostAddress) return;
    const { hostsPort, doorPort } = this.#settings;
    this.#settings = {
      ...this.#settings,
      hostAddress,
      hostsPort: await freePort("hostsPort", hostAddress, hostsPort),
      doorPort: await freePort("doorPort", hostAddress, doorPort),
    };
    await this.#save();
  }

  async setPortChunks(portChunks: readonly number[]): Promise<void> {
    this.#settings = { ...this.#settings, portChunks: [...portChunks] };
    await this.#save();
  }

  async #save(): Promise<void> {
    await writeFileDurably(this.paths.settings, `${JSON.stringify(this.#settings, null, 2)}\n`);
  }
}

/** The home's subnet, claimed anew; another would leave what runs with addresses that are nobody's. */
async function keepSubnet(claims: MachineClaims, stored: string | undefined): Promise<string> {
  if (stored === undefined)
    return subnetOf(await claimSubnet(claims, await readFile("/proc/net/route", "utf8")));
  const slot = slotOfSubnet(stored);
  if (slot !== undefined && (await claims.keep("subnet", slot))) return stored;
  throw new Fault("conflict", `Cannot use ${stored} for instances: another home has claimed it`, {
    hint: "Stop that home with plinth down --all and remove it, or choose another home with --home.",
  });
}

async function readSettings(path: string): Promise<(Partial<HomeSettings> & { id: string }) | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Partial<HomeSettings> & { id: string };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Fault("corrupt", `Cannot read the home's settings "${path}"`, { cause: error });
  }
}

async function lookUpHome(home: HomeIdentity): Promise<"present" | "gone" | "unknown"> {
  try {
    const settings = await readSettings(homePaths(home.directory).settings);
    return settings?.id === home.id ? "present" : "gone";
  } catch {
    return "unknown"; // another user's home, which we may not look into
  }
}

const portNames = {
  ingressPort: "ingress",
  apiPort: "API",
  metricsPort: "metrics",
  hostsPort: "API for hosts",
  doorPort: "calls of other hosts",
} as const;
export type ChosenPort = keyof typeof portNames;
/** Where Plinth itself listens on this machine. */
export function ownPorts(
  settings: HomeSettings,
): readonly { readonly name: string; readonly address: string; readonly port: number }[] {
  return [
    { name: "ingress", address: settings.ingressAddress, port: settings.ingressPort },
    { name: "api", address: LOOPBACK, port: settings.apiPort },
    { name: "metrics", address: LOOPBACK, port: settings.metricsPort },
  ];
}

type Ports = Pick<HomeSettings, "ingressAddress" | "ingressPort" | "apiPort" | "metricsPort">;

function portTaken(which: ChosenPort, address: string, port: number, problem: string): Fault {
  return new Fault(
    "conflict",
    `Cannot use port ${port} of ${address} for the ${portNames[which]}: ${problem}`,
    { hint: "Choose another port, or leave the option out and a free one is taken." },
  );
}

async function freePort(which: ChosenPort, address: string, from: number): Promise<number> {
  for (let port = from; port < from + PORT_SEARCH_MAX; port += PORT_STEP) {
    if (await canListen(address, port)) return port;
  }
  throw new Fault("exhausted", `Cannot find a free port for the ${portNames[which]} from ${from} on`);
}

/** `inUse`: the proxy of this home still serves, so its own ports are not free but right. */
async function choosePorts(
  stored: Partial<HomeSettings> | undefined,
  wishes: PortWishes,
  inUse: boolean,
): Promise<Ports> {
  const ingressAddress = wishes.ingressAddress ?? stored?.ingressAddress ?? DEFAULTS.ingressAddress;
  const choose = async (which: ChosenPort, address: string, wish: number | undefined): Promise<number> => {
    const kept = stored?.[which];
    if (wish !== undefined && wish !== kept) {
      const problem = await whyNoListener(address, wish);
      if (problem !== undefined) throw portTaken(which, address, wish, problem);
      return wish;
    }
    if (kept !== undefined && (inUse || (await canListen(address, kept)))) return kept;
    return freePort(which, address, DEFAULTS[which]);
  };
  return {
    ingressAddress,
    ingressPort: await choose("ingressPort", ingressAddress, wishes.ingressPort),
    apiPort: await choose("apiPort", LOOPBACK, wishes.apiPort),
    metricsPort: await choose("metricsPort", LOOPBACK, undefined),
  };
}
