/** Which requests a tap shows; what is left out matches all. */
export interface TapFilter {
  /** The app called. */
  readonly app?: string;
  /** The service that calls; "ingress" for what comes from outside. */
  readonly from?: string;
  /** The service called. */
  readonly to?: string;
  readonly method?: string;
  /** What the path begins with. */
  readonly path?: string;
  /** "503", or a class such as "5xx". */
  readonly status?: string;
  /** Requests per second shown at most. Default: 100. */
  readonly maxRps?: number;
  /** Paths with their query strings, which may carry secrets. Default: false. */
  readonly query?: boolean;
}

interface TapBegin {
  /** Names the request in its later events. */
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  readonly callerApp: string;
  readonly caller: string;
  readonly app: string;
  readonly callee: string;
  /** Where the client's connection comes from. */
  readonly client: string;
}

/** What a tap tells. Headers and bodies are never among it. */
export type TapEvent =
  | (TapBegin & {
      readonly type: "request";
      readonly protocol: "HTTP/1.1" | "HTTP/2" | "gRPC";
      /** Of the callee's routes the one that took it, or "default". */
      readonly route: string;
      readonly method: string;
      readonly authority: string;
      readonly path: string;
    })
  | {
      readonly type: "response";
      readonly id: string;
      readonly status: number;
      /** From the request's head to the response's. */
      readonly latencyUs: number;
      /** Which instance answered; null when the proxy did. */
      readonly instance: string | null;
      readonly address: string | null;
    }
  | {
      readonly type: "end";
      readonly id: string;
      readonly durationUs: number;
      /** Of the body, as framed. */
      readonly responseBytes: number;
      readonly grpcStatus: number | null;
      /** Times the request was sent again. */
      readonly retries: number;
      /** The proxy's code when it made the answer itself, or the answer broke off. */
      readonly error: string | null;
    }
  /** A connection whose bytes pass through unread. */
  | (TapBegin & { readonly type: "open"; readonly protocol: "TCP" })
  | {
      readonly type: "close";
      readonly id: string;
      readonly durationUs: number;
      readonly instance: string | null;
      readonly address: string | null;
      /** From the client, and to it. */
      readonly readBytes: number;
      readonly writeBytes: number;
      readonly error: string | null;
    }
  /** Not shown since the last such event: requests above the rate, and events that the reader was too slow for. */
  | { readonly type: "missed"; readonly overRate: number; readonly dropped: number };
