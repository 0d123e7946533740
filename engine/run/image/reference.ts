import { resolve } from "node:path";
import { Fault } from "@plinth/fault";
import { type Digest, isDigest } from "./digest.ts";

/** Where an image is, as a user names it. */
export type Reference = RegistryReference | FileReference;

/** By the grammar of the distribution specification. */
export interface RegistryReference {
  readonly kind: "registry";
  /** Host and port, such as "docker.io" or "localhost:5000". */
  readonly registry: string;
  /** Such as "library/redis". */
  readonly repository: string;
  /** "latest" where neither tag nor digest is given. */
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
  /** What a short name was taken for, such as "redis:7" for "docker.io/library/redis:7". */
  readonly shortName: string | undefined;
}

/** A layout directory or an archive; `archive` is either kind, told by its content. */
export interface FileReference {
  readonly kind: "oci" | "oci-archive" | "docker-archive" | "archive";
  /** Absolute. */
  readonly path: string;
  /** Which of the images in it: a layout's ref.name, or an archive's name and tag. Default: the only one. */
  readonly name: string | undefined;
}

/** The distribution specification's bound on registry and repository together. */
const NAME_CHARACTERS_MAX = 255;
const DEFAULT_REGISTRY = "docker.io";
const DEFAULT_TAG = "latest";
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const HOST =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const FILE_KINDS: readonly FileReference["kind"][] = ["oci", "oci-archive", "docker-archive", "archive"];
const EXPECTED =
  "Expected NAME[:TAG][@DIGEST] of a registry, oci:DIRECTORY[:TAG], or archive:FILE[:NAME], such as redis:7 or oci:./images/redis.";

/** Reads what a user wrote; relative paths are taken from `directory`. Fault `invalid` that says what is wrong. */
export function parseReference(text: string, directory: string): Reference {
  const kind = FILE_KINDS.find((each) => text.startsWith(`${each}:`));
  if (kind !== undefined) return parseFile(text, kind, directory);
  return parseRegistry(text, text.startsWith("docker://") ? text.slice("docker://".length) : text);
}

/** The reference in full, as it is kept and shown; reading it again gives the same. */
export function referenceText(reference: Reference): string {
  if (reference.kind !== "registry") {
    return `${reference.kind}:${reference.path}${reference.name === undefined ? "" : `:${reference.name}`}`;
  }
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

function parseFile(text: string, kind: FileReference["kind"], directory: string): FileReference {
  const rest = text.slice(kind.length + 1);
  const colon = rest.indexOf(":");
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const name = colon === -1 ? undefined : rest.slice(colon + 1);
  if (path === "") throw wrong(text, "it names no path");
  if (path.includes("\0") || name === "") {
    throw wrong(text, name === "" ? "nothing follows its last colon" : "its path holds a zero byte");
  }
  return { kind, path: resolve(directory, path), name };
}

function parseRegistry(text: string, name: string): RegistryReference {
  if (name === "") throw wrong(text, "it is empty");
  const at = name.indexOf("@");
  const digestText = at === -1 ? undefined : name.slice(at + 1);
  if (digestText !== undefined && !isDigest(digestText)) {
    throw wrong(text, "what follows @ is no sha256 or sha512 digest in lower-case hexadecimal");
  }
  const named = at === -1 ? name : name.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) {
    throw wrong(text, `its tag ${JSON.stringify(tag)} is not one: letters, digits, _ . - and at most 128`);
  }
  const path = colon === -1 ? named : named.slice(0, colon);
  const components = path.split("/");
  const first = components[0]!;
  const hasRegistry = components.length > 1 && /[.:[A-Z]|^localhost$/.test(first);
  const registry = hasRegistry ? canonicalRegistry(first) : DEFAULT_REGISTRY;
  if (!HOST.test(registry)) throw wrong(text, `${JSON.stringify(registry)} is no host name`);
  const rest = hasRegistry ? components.slice(1) : components;
  const bad = rest.find((component) => !COMPONENT.test(component));
  if (bad !== undefined) {
    const why = /[A-Z]/.test(bad)
      ? "names are in lower case"
      : "letters, digits, and single . _ or - between";
    throw wrong(text, `its part ${JSON.stringify(bad)} is not a name: ${why}`);
  }
  const repository =
    registry === DEFAULT_REGISTRY && rest.length === 1 ? `library/${rest[0]!}` : rest.join("/");
  if (registry.length + 1 + repository.length > NAME_CHARACTERS_MAX) {
    throw wrong(text, `it is longer than ${NAME_CHARACTERS_MAX} characters`);
  }
  return {
    kind: "registry",
    registry,
    repository,
    tag: tag ?? (digestText === undefined ? DEFAULT_TAG : undefined),
    digest: digestText,
    shortName: hasRegistry ? undefined : name,
  };
}

/** The hub's older name stands for the same place. */
function canonicalRegistry(name: string): string {
  return name === "index.docker.io" ? DEFAULT_REGISTRY : name;
}

function wrong(text: string, why: string): Fault {
  return new Fault("invalid", `Cannot read the image name ${JSON.stringify(text)}: ${why}`, {
    hint: EXPECTED,
  });
}
