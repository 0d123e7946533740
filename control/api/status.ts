import { Fault, type FaultCode } from "@plinth/fault";
import { pathText, type Problem } from "@plinth/resource";

/** What only an HTTP server can refuse. */
type ProtocolCode = "bad-request" | "method-not-allowed" | "unsupported-media-type" | "headers-too-large";

/** The one place where failures become HTTP. */
const answers: Readonly<Record<FaultCode | ProtocolCode, readonly [code: number, reason: string]>> = {
  invalid: [422, "Invalid"],
  unauthorized: [401, "Unauthorized"],
  forbidden: [403, "Forbidden"],
  "not-found": [404, "NotFound"],
  conflict: [409, "Conflict"],
  gone: [410, "Expired"],
  "too-large": [413, "RequestEntityTooLarge"],
  exhausted: [429, "TooManyRequests"],
  unavailable: [503, "ServiceUnavailable"],
  timeout: [504, "Timeout"],
  unsupported: [501, "NotImplemented"],
  corrupt: [500, "InternalError"],
  "bad-request": [400, "BadRequest"],
  "method-not-allowed": [405, "MethodNotAllowed"],
  "unsupported-media-type": [415, "UnsupportedMediaType"],
  "headers-too-large": [431, "RequestHeaderFieldsTooLarge"],
};

/** A request refused for how it was sent. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ProtocolCode;
  /** Methods that would have been right. */
  readonly allow: readonly string[];

  constructor(code: ProtocolCode, message: string, allow: readonly string[] = []) {
    super(message);
    this.code = code;
    this.allow = allow;
  }
}

/** A value that does not match its definition. */
export class InvalidResource extends Fault {
  readonly problems: readonly Problem[];

  constructor(what: string, problems: readonly Problem[]) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    super("invalid", `${what} is not valid: ${first === undefined ? "" : sentence(first)}${more}`);
    this.problems = problems;
  }
}

function sentence({ path, message, expected, suggestion }: Problem): string {
  const place = path.length === 0 ? "" : `${pathText(path)}: `;
  return `${place}${message}; expected ${expected}${suggestion === undefined ? "" : `; did you mean "${suggestion}"?`}`;
}

export interface Cause {
  readonly field: string;
  readonly message: string;
  readonly expected: string;
  readonly received: string;
  readonly suggestion?: string;
}

/** Why a request failed, by the Kubernetes API conventions. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: "Failure";
  readonly message: string;
  readonly reason: string;
  readonly details?: { readonly causes?: readonly Cause[]; readonly hint?: string };
  readonly code: number;
}

/** The answer to a request that threw. What is nobody's fault but ours is not described to the client. */
export function statusOf(thrown: unknown): Status {
  const known = thrown instanceof Fault || thrown instanceof Refusal;
  const [code, reason] = answers[known ? thrown.code : "corrupt"];
  const causes =
    thrown instanceof InvalidResource
      ? thrown.problems.map(({ path, ...rest }) => ({ field: pathText(path), ...rest }))
      : undefined;
  const hint = thrown instanceof Fault ? thrown.hint : undefined;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: known ? thrown.message : "Cannot answer: an internal error, described in the daemon's log",
    reason,
    ...((causes || hint) && { details: { ...(causes && { causes }), ...(hint && { hint }) } }),
    code,
  };
}
