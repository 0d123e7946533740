/** Requests to the API, on the origin that served this page and with its session cookie. */

const ROOT = "/apis/plinth.dev/v1";

/** A request the API refused, or that never reached it (`code` 0). */
export class ApiFault extends Error {
  override readonly name = "ApiFault";
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PATCH";
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

async function refusal(response: Response): Promise<ApiFault> {
  const text = await response.text();
  try {
    const { message } = JSON.parse(text) as { message?: string };
    if (message) return new ApiFault(response.status, message);
  } catch {
    // Not a Status object: say what is known.
  }
  return new ApiFault(response.status, `The API answered ${response.status} ${response.statusText}`.trim());
}

/** The response once its head is there; a Status other than success is thrown. */
export async function open(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = "GET", body, signal } = options;
  const init: RequestInit = { method, credentials: "same-origin", cache: "no-store" };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    init.headers = { "content-type": type };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(`${ROOT}${path}`, init);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ApiFault(0, "The daemon does not answer", { cause });
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** The answer's JSON, believed to be what the path answers with. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the path is known to answer
export async function request<Answer>(path: string, options?: RequestOptions): Promise<Answer> {
  const response = await open(path, options);
  return (await response.json()) as Answer;
}
