/** Every way an operation can fail that its caller can do something about. */
export type FaultCode =
  | "invalid" // the input is wrong; sending it again will not help
  | "unauthorized" // no credential, or a wrong one
  | "forbidden" // a known caller may not do this
  | "not-found"
  | "conflict" // somebody else was faster, or the resource is already there
  | "gone" // a revision that has been compacted away
  | "too-large"
  | "exhausted" // a limit, a quota or the disk is full
  | "unavailable" // not now; later perhaps
  | "timeout"
  | "unsupported" // this machine cannot do it
  | "corrupt";

const retryable: Record<FaultCode, boolean> = {
  invalid: false,
  unauthorized: false,
  forbidden: false,
  "not-found": false,
  conflict: true,
  gone: false,
  "too-large": false,
  exhausted: true,
  unavailable: true,
  timeout: true,
  unsupported: false,
  corrupt: false,
};

export interface FaultOptions extends ErrorOptions {
  /** What to do next, as one sentence for the user. */
  readonly hint?: string;
}

/** A failure the caller can do something about. Messages name the deed, quote the value, then say the state. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  readonly hint: string | undefined;

  constructor(code: FaultCode, message: string, options?: FaultOptions) {
    super(message, options);
    this.code = code;
    this.hint = options?.hint;
  }

  get retryable(): boolean {
    return retryable[this.code];
  }
}

/** The sentence to show for anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
