import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ProxyControl, type ProxyIdentities, type Snapshot } from "@plinth/connect";
import { Fault } from "@plinth/fault";

/** The control socket that each proxy has for itself: `c` and its pid. */
const OWN_SOCKET = /^c([0-9]+)$/;
/** A proxy that has little left to do answers at once; one that does not must not hold up the others. */
const ANSWER_TIMEOUT_MS = 2000;

/**
 * Proxies that have handed over and finish what they began, for minutes where that is a long download. They have to
 * know of new and leaving endpoints like the one in charge, or an instance would be stopped under their requests.
 */
export class DrainingProxies {
  readonly #directory: string;
  readonly #inCharge: () => number | undefined;

  /** `inCharge`: the pid of the proxy behind control.sock. */
  constructor(directory: string, inCharge: () => number | undefined) {
    this.#directory = directory;
    this.#inCharge = inCharge;
  }

  async putRoutes(snapshot: Snapshot, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const options = { signal, timeoutMs: ANSWER_TIMEOUT_MS };
    await this.#each(signal, (control) => control.putRoutes(snapshot, options));
  }

  async putIdentities(
    identities: ProxyIdentities,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    const options = { signal, timeoutMs: ANSWER_TIMEOUT_MS };
    await this.#each(signal, (control) => control.putIdentities(identities, options));
  }

  async drain(
    instances: readonly string[],
    drainMs: number,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    await this.#each(signal, (control) => control.drain(instances, drainMs, { signal }));
  }

  async #each(signal: AbortSignal, deed: (control: ProxyControl) => Promise<unknown>): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => {
      const pid = OWN_SOCKET.exec(name)?.[1];
      return pid !== undefined && Number(pid) !== this.#inCharge();
    });
    await Promise.all(
      names.map(async (name) => {
        const path = join(this.#directory, name);
        try {
          await deed(new ProxyControl(path));
        } catch (error) {
          signal.throwIfAborted();
          // It has ended meanwhile; one that was killed has left its socket behind.
          if (isRefused(error)) await rm(path, { force: true });
        }
      }),
    );
  }
}

function isRefused(error: unknown): boolean {
  return (
    error instanceof Fault && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ECONNREFUSED"
  );
}
