import type { Config } from "@plinth/resource";
import type { Note, Notes } from "./notes.ts";
import type { Lookup } from "./interpolate.ts";
import type { Part } from "./part.ts";
import type { Values } from "./values.ts";

export type Condition = "started" | "ready" | "completed";

/** An image that is made before the app can run. */
export interface ImageBuild {
  readonly service: string;
  /** Absolute, or a URL of a repository. */
  readonly context: string;
  /** Relative to the context, or absolute. */
  readonly dockerfile?: string;
  /** The Dockerfile's text, where it is no file. */
  readonly inline?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  /** By name: directories and images that it may copy from. */
  readonly contexts: Readonly<Record<string, string>>;
}

/** A file of another form as Plinth's own config. */
export interface Translated {
  readonly config: Config;
  /** In the order in which a reader meets them. */
  readonly notes: readonly Note[];
  readonly builds: readonly ImageBuild[];
  /** Absolute: what services see and is not there yet, to be made before they start. */
  readonly folders: readonly string[];
  /** Services of which the file does not say on which port they listen: their images may. */
  readonly portless: ReadonlySet<string>;
  /** Those of them of which it does not say how they are checked, either. */
  readonly unchecked: ReadonlySet<string>;
  /** What a key of the config was made of, for places. */
  readonly origin: (path: readonly (string | number)[]) => Part | undefined;
  /** The service that a note is about. */
  readonly serviceOf: (note: Note) => string | undefined;
  /** Every file that was read, for frames. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What the parts of a translation work with. */
export interface Translating {
  readonly notes: Notes;
  readonly values: Values;
  readonly root: Part;
  readonly app: string;
  /** Where the config stands: paths in it are relative to this. */
  readonly directory: string;
  /** The environment over the file .env. */
  readonly lookup: Lookup;
  /** The names of services that are brought over, by their Compose names. */
  readonly names: ReadonlyMap<string, string>;
  readonly folders: Set<string>;
  readonly portless: Set<string>;
  readonly unchecked: Set<string>;
}

/** One service of a Compose file. */
export interface ComposeService {
  /** As the file calls it. */
  readonly key: string;
  /** As Plinth does. */
  readonly name: string;
  readonly part: Part;
}
