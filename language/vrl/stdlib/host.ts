/** What a program needs of its host beyond the event. What is missing is refused at compile time with that reason. */
import type { Failure } from "../runtime/failure.ts";
import type { Value, VrlObject } from "../runtime/value.ts";

export interface Host {
  /** Nanoseconds since 1970-01-01T00:00:00Z. */
  now(): bigint;
  /** Random bytes that nobody can guess. */
  randomBytes(length: number): Uint8Array;
  /** A float of 0 (included) to 1 (excluded). */
  random(): number;
  /** The environment's variable; undefined: not set. Absent: the host tells none. */
  environmentVariable?(name: string): string | undefined;
  hostname?(): string | undefined;
  /** The name of the machine's own timezone, for the timezone `local`. */
  readonly localTimezone: string;
  log?(level: LogLevel, value: Value): void;
  /** Files that a program names (descriptors, dictionaries, grammars); throws where they cannot be read. */
  readFile?(path: string): Uint8Array;
  /** The text of ua-parser's `regexes.yaml`, which tells user agents apart; throws where it cannot be read. */
  userAgentRules?(): string;
  /** Secrets of the event, by name; absent: there are none. */
  readonly secrets?: Secrets;
  readonly tables?: EnrichmentTables;
  readonly network?: Network;
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

export interface Secrets {
  get(name: string): string | undefined;
  set(name: string, secret: string): void;
  remove(name: string): void;
}

/** Tables a program looks events up in. */
export interface EnrichmentTables {
  names(): readonly string[];
  find(table: string, condition: VrlObject, options: FindOptions): readonly VrlObject[];
}

export interface FindOptions {
  readonly caseSensitive: boolean;
  readonly select: readonly string[] | undefined;
  readonly wildcard: Value | undefined;
}

/** Answers at once: programs do not wait. What needs the network needs a host that waits for it. */
export interface Network {
  /** The answer in the shape that `dns_lookup` yields. */
  resolve?(query: DnsQuery): VrlObject | Failure;
  /** The name of an IP address. */
  reverse?(address: string): string | Failure;
  /** The answer's body. */
  request?(request: HttpRequest): string | Failure;
}

export interface DnsQuery {
  readonly name: string;
  /** Like `A`. */
  readonly type: string;
  /** Like `IN`. */
  readonly class: string;
  readonly options: DnsOptions;
}

/** What is undefined is the host's to choose. */
export interface DnsOptions {
  /** Addresses, each with its port. */
  readonly servers: readonly string[] | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly attempts: number | undefined;
  readonly ndots: number | undefined;
  readonly aa_only: boolean | undefined;
  readonly tcp: boolean | undefined;
  readonly recurse: boolean | undefined;
  readonly rotate: boolean | undefined;
}

export interface HttpRequest {
  readonly url: string;
  /** In upper case. */
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
}
