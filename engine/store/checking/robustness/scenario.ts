import type { Member } from "../member.ts";

/** A bug that etcd had, as a test of any server: it passes where the bug is not. */
export interface Scenario {
  /** Of etcd's repository. */
  readonly issue: number;
  /** What must hold. */
  readonly title: string;
  /** The member is shared: it serves when this begins, and must when it ends. Keys of `prefix` are the scenario's own. */
  run(member: Member, prefix: string): Promise<void>;
}
