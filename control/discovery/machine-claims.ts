import { link, mkdir, open, readdir, readFile, rename, rm, chmod } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@plinth/fault";

/**
 * Where the homes on one machine, of whichever user, write down which loopback block and ports are theirs. It must
 * outlive reboots, since environments of apps refer to what was claimed.
 */
export const CLAIMS_DIRECTORY = "/var/tmp/plinth-claims";

/** A home by its path and the id in it: a home deleted and made anew at the same path is another one. */
export interface HomeIdentity {
  readonly directory: string;
  readonly id: string;
}

/** Tells whether the home a claim names is still there. */
export type HomeLookup = (home: HomeIdentity) => Promise<"present" | "gone" | "unknown">;

/**
 * Numbered slots shared by all homes of a machine. A claim is a file made with O_EXCL in a sticky directory, so that
 * only its owner can take it away; claims of homes that are gone are swept when they are met.
 */
export class MachineClaims {
  readonly #directory: string;
  readonly #home: HomeIdentity;
  readonly #lookup: HomeLookup;

  constructor(home: HomeIdentity, lookup: HomeLookup, directory: string = CLAIMS_DIRECTORY) {
    this.#directory = directory;
    this.#home = home;
    this.#lookup = lookup;
  }

  /** Claims a slot of `kind` from 0 to `slots` - 1, trying `preferred` first. */
  async claim(kind: string, slots: number, preferred: number): Promise<number> {
    await this.#prepare();
    const taken = new Set<number>();
    for (const name of await readdir(this.#directory)) {
      const slot = slotOf(kind, name);
      if (slot !== undefined && !(await this.#sweep(name))) taken.add(slot);
    }
    for (let offset = 0; offset < slots; offset++) {
      const slot = (preferred + offset) % slots;
      if (!taken.has(slot) && (await this.#write(`${kind}-${slot}`))) return slot;
    }
    throw new Fault(
      "exhausted",
      `Cannot claim a ${kind} for "${this.#home.directory}": all ${slots} are taken`,
      {
        hint: `Remove Plinth homes you no longer use; their claims are listed in ${this.#directory}.`,
      },
    );
  }

  /** True when the slot is still this home's, or could be made so again. */
  async keep(kind: string, slot: number): Promise<boolean> {
    await this.#prepare();
    const name = `${kind}-${slot}`;
    const owner = await this.#read(name);
    if (owner === undefined) return this.#write(name);
    return owner.id === this.#home.id;
  }

  async release(kind: string, slot: number): Promise<void> {
    const name = `${kind}-${slot}`;
    if ((await this.#read(name))?.id === this.#home.id)
      await rm(join(this.#directory, name), { force: true });
  }

  async #prepare(): Promise<void> {
    if ((await mkdir(this.#directory, { recursive: true })) === undefined) return;
    await chmod(this.#directory, 0o1777);
  }

  async #read(name: string): Promise<HomeIdentity | undefined> {
    try {
      const parsed: unknown = JSON.parse(await readFile(join(this.#directory, name), "utf8"));
      return parsed as HomeIdentity;
    } catch {
      return undefined;
    }
  }

  async #write(name: string): Promise<boolean> {
    // Written under a private name and linked, so that nobody ever reads half a claim.
    const temporary = join(this.#directory, `.${this.#home.id}-${name}`);
    await rm(temporary, { force: true });
    const file = await open(temporary, "wx", 0o644);
    try {
      await file.writeFile(JSON.stringify(this.#home));
      await file.sync();
      await link(temporary, join(this.#directory, name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    } finally {
      await file.close();
      await rm(temporary, { force: true });
    }
  }

  /** Removes the claim if its home is gone; true when the slot is free now. */
  async #sweep(name: string): Promise<boolean> {
    const owner = await this.#read(name);
    if (owner === undefined || (await this.#lookup(owner)) !== "gone") return false;
    const path = join(this.#directory, name);
    const aside = join(this.#directory, `.${this.#home.id}-swept-${name}`);
    try {
      await rename(path, aside);
    } catch {
      return false; // another user's, or swept by somebody else just now
    }
    const moved: unknown = JSON.parse(await readFile(aside, "utf8"));
    // Somebody may have swept and claimed the slot between our look and our rename: give it back.
    const ours = (moved as HomeIdentity).id === owner.id;
    if (!ours) await link(aside, path).catch(() => undefined);
    await rm(aside, { force: true });
    return ours;
  }
}

function slotOf(kind: string, name: string): number | undefined {
  if (!name.startsWith(`${kind}-`)) return undefined;
  const slot = Number(name.slice(kind.length + 1));
  return Number.isInteger(slot) ? slot : undefined;
}
