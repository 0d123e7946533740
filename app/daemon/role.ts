import type { HostFrame } from "@plinth/discovery";
import type { Question } from "@plinth/hosts";
import type { SvidKeeper } from "@plinth/identity";
import type { Hosts, Topology } from "@plinth/release";
import type { ApiActions } from "@plinth/api";

/** What is a matter of the first host, or of one that has joined it. */
export interface Role {
  /** This host's name among others. */
  readonly name: string;
  /** As instances name it: undefined on the first host. */
  readonly host: string | undefined;
  readonly hosts: Hosts;
  readonly topology: Topology;
  readonly keeper: SvidKeeper;
  /** What only the first host can do. */
  readonly deeds: Pick<
    ApiActions,
    | "plan"
    | "rollback"
    | "admitCaller"
    | "revokeCaller"
    | "setSecretValue"
    | "deleteSecret"
    | "createJoinToken"
    | "forgetHost"
    | "identity"
    | "rotateRoot"
    | "expireCertificates"
    | "haltHost"
  >;
  /** Has another host do what only an instance's own host can. */
  ask(host: string, question: Question, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** The archive of an image that the first host keeps; undefined on that one. */
  image(digest: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** This host among others, for the proxy; undefined while it is alone. */
  frame(): HostFrame | undefined;
  /** Resolves once other hosts send an instance of ours nothing more, or after `drainMs`. */
  drainedElsewhere(instance: string, drainMs: number): Promise<void>;
  /** Something about the instances of an app has changed. */
  changed(app: string): void;
  /** Adopts what runs, then goes on until the signal. */
  start(): Promise<void>;
  stopped(): Promise<void>;
  /** Before all instances are stopped for good. */
  leave(): Promise<void>;
}
