import { type Clock, isoTime } from "@plinth/clock";
import type { Registry } from "@plinth/registry";
import { type App, APP_LABEL, type Failure, type Release } from "@plinth/resource";
import { releaseDigest, type SecretVersions } from "./revision.ts";

/** Releases kept to return to: enough for a bad week, few enough to look through. */
const RELEASES_KEPT = 10;

/** The releases of all apps: finding, making, ending and forgetting them. */
export class Releases {
  readonly #registry: Registry;
  readonly #clock: Clock;

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** Newest first. */
  of(app: string): readonly Release[] {
    return this.#registry
      .list("Release", { [APP_LABEL]: app })
      .toSorted((a, b) => b.spec.number - a.spec.number);
  }

  find(app: string, number: number | undefined): Release | undefined {
    return number === undefined ? undefined : this.#registry.get("Release", releaseName(app, number));
  }

  /** The release of an app's spec as it stands: the one that was made from the same before, or a new one. */
  async ensure(app: App, secrets: SecretVersions): Promise<Release> {
    const name = app.metadata.name;
    const digest = releaseDigest(app.spec, secrets);
    const known = this.of(name);
    const same = known.find((release) => release.spec.digest === digest);
    if (same !== undefined) return same;
    const number = (known[0]?.spec.number ?? 0) + 1;
    return this.#registry.create("Release", {
      metadata: { name: releaseName(name, number), labels: { [APP_LABEL]: name } },
      spec: { app: name, number, digest, ...app.spec, secrets: { ...secrets } },
      status: { phase: "Progressing" },
    });
  }

  async begin(release: Release): Promise<void> {
    await this.#registry.updateStatus("Release", release.metadata.name, { phase: "Progressing" });
  }

  async succeed(release: Release): Promise<void> {
    for (const other of this.of(release.spec.app)) {
      const superseded = other.status?.phase === "Active" || other.status?.phase === "Progressing";
      if (other.spec.number !== release.spec.number && superseded) await this.#end(other, "Superseded");
    }
    await this.#end(release, "Active");
  }

  async supersede(release: Release): Promise<void> {
    await this.#end(release, "Superseded");
  }

  async fail(release: Release, failure: Failure): Promise<void> {
    await this.#registry.updateStatus("Release", release.metadata.name, {
      phase: "Failed",
      failure,
      finishedAt: isoTime(this.#clock.now()),
    });
  }

  /** Forgets the oldest beyond the number kept, but none that `needed` names. */
  async prune(app: string, needed: ReadonlySet<number>): Promise<void> {
    for (const release of this.of(app).slice(RELEASES_KEPT)) {
      if (!needed.has(release.spec.number)) await this.#registry.purge("Release", release.metadata.name);
    }
  }

  async #end(release: Release, phase: "Active" | "Superseded"): Promise<void> {
    if (release.status?.phase === phase) return;
    await this.#registry.updateStatus("Release", release.metadata.name, {
      phase,
      finishedAt: isoTime(this.#clock.now()),
    });
  }
}

export function releaseName(app: string, number: number): string {
  return `${app}.${number}`;
}
