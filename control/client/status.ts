import { Fault, type FaultCode } from "@plinth/fault";

/** One thing wrong with one field of what was sent. */
export interface Cause {
  readonly field?: string;
  readonly message: string;
  readonly expected?: string;
  readonly received?: string;
  readonly suggestion?: string;
}

interface Status {
  readonly kind: "Status";
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: { readonly causes?: readonly Cause[]; readonly hint?: string };
}

/** The API's answer to a call that failed. */
export class StatusFault extends Fault {
  readonly httpStatus: number;
  readonly reason: string;
  readonly causes: readonly Cause[];

  constructor(httpStatus: number, body: Status | undefined, fallback: string) {
    const hint = body?.details?.hint;
    super(codeOf(httpStatus), body?.message ?? fallback, hint === undefined ? {} : { hint });
    this.httpStatus = httpStatus;
    this.reason = body?.reason ?? "Unknown";
    this.causes = body?.details?.causes ?? [];
  }
}

const codes: Readonly<Record<number, FaultCode>> = {
  400: "invalid",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  405: "forbidden",
  408: "timeout",
  409: "conflict",
  410: "gone",
  413: "too-large",
  415: "invalid",
  421: "forbidden",
  422: "invalid",
  429: "exhausted",
  501: "unsupported",
  502: "unavailable",
  503: "unavailable",
  504: "timeout",
  507: "exhausted",
};

function codeOf(httpStatus: number): FaultCode {
  return codes[httpStatus] ?? "corrupt";
}

/** The fault a Status object (or anything else sent with an error status) stands for. */
export function faultFromStatus(httpStatus: number, body: string): StatusFault {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  const isStatus = typeof parsed === "object" && parsed !== null && (parsed as Status).kind === "Status";
  const status = isStatus ? (parsed as Status) : undefined;
  return new StatusFault(
    status?.code ?? httpStatus,
    status,
    `Plinth answered with HTTP status ${httpStatus}`,
  );
}
