import type { Route } from "./listener-target.ts";
import type { SourceIdentity } from "./snapshot.ts";

/** Routes to one callee by the address a caller dials from: that address is its identity. Made when first dialled. */
export class SourceRoutes {
  readonly #sources: Readonly<Record<string, SourceIdentity>>;
  readonly #make: (source: SourceIdentity) => Route;
  /** At most one per source, and gone with its snapshot. */
  readonly #routes: Map<string, Route> = new Map();

  constructor(sources: Readonly<Record<string, SourceIdentity>>, make: (source: SourceIdentity) => Route) {
    this.#sources = sources;
    this.#make = make;
  }

  /** Whether the address is an instance's; makes nothing. */
  knows(address: string): boolean {
    return Object.hasOwn(this.#sources, address);
  }

  /** Undefined for an address that is no instance's. */
  get(address: string): Route | undefined {
    const known = this.#routes.get(address);
    if (known !== undefined || !this.knows(address)) return known;
    const route = this.#make(this.#sources[address]!);
    this.#routes.set(address, route);
    return route;
  }
}
