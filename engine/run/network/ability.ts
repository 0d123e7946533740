/** Whether this machine can give instances networks of their own. */
export interface NetworkAbility {
  readonly available: boolean;
  /** Which piece lacks, by name. */
  readonly reason?: string;
  /** What to do about it, as one sentence. */
  readonly hint?: string;
}

/** Tries every piece in a namespace that goes with the trial: nothing of the machine is changed. */
export function detectNetwork(): Promise<NetworkAbility> {
  return Promise.resolve({ available: false, reason: "not built yet" });
}
