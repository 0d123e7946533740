import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What stands in a package.json, as far as a package is made of it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
}

export function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}

/** The repository's own packages, by name and by folder. */
export class Workspace {
  readonly #byName = new Map<string, { directory: string; manifest: Manifest }>();

  constructor() {
    for (const path of globSync("{foundation,protocol,language,engine,control,app}/*/package.json")) {
      const manifest = readManifest(path);
      this.#byName.set(manifest.name, { directory: dirname(path), manifest });
    }
  }

  /** The file behind a specifier such as "@plinth/run/oci"; undefined: no package of ours. */
  door(specifier: string): string | undefined {
    const [, name = "", rest = ""] = /^(@[^/]+\/[^/]+|[^/@][^/]*)(\/.*)?$/.exec(specifier) ?? [];
    const found = this.#byName.get(name);
    if (found === undefined) return undefined;
    const door = found.manifest.exports?.[`.${rest}`];
    if (door === undefined) throw new Error(`Cannot resolve "${specifier}": ${name} has no such door`);
    return join(found.directory, door);
  }

  /** The manifest of the package that a file lies in. */
  manifestOf(file: string): Manifest {
    const directory = file.split("/", 2).join("/");
    for (const found of this.#byName.values()) if (found.directory === directory) return found.manifest;
    throw new Error(`Cannot pack "${file}": it lies in no package`);
  }
}
