/**
 * A program, its event and timezone in a URL's fragment, which browsers send to nobody: JSON, deflated, as base64url.
 * Fragments come from anybody: each part is bounded and checked, and what is wrong is told, never run.
 */
export interface Work {
  readonly program: string;
  /** JSON. */
  readonly event: string;
  readonly timezone: string;
}

export type LinkProblem = "too long" | "not a link to a program";

/** Longer addresses are cut by chats, mails and proxies. */
export const FRAGMENT_LENGTH_MAX = 32_000;
/** What deflates to a short fragment may be a thousand times as long. */
const JSON_BYTES_MAX = 1_000_000;
const PREFIX = "#vrl1=";

/** Undefined: it would be too long. */
export async function toFragment({ program, event, timezone }: Work): Promise<string | undefined> {
  const json = new Blob([JSON.stringify([program, event, timezone])]);
  if (json.size > JSON_BYTES_MAX) return undefined;
  const deflated = json.stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
  const fragment = PREFIX + bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return fragment.length > FRAGMENT_LENGTH_MAX ? undefined : fragment;
}

/** Undefined: the fragment says nothing of programs. */
export async function fromFragment(fragment: string): Promise<Work | LinkProblem | undefined> {
  if (!fragment.startsWith(PREFIX)) return undefined;
  if (fragment.length > FRAGMENT_LENGTH_MAX) return "too long";
  try {
    const bytes = Uint8Array.fromBase64(fragment.slice(PREFIX.length), { alphabet: "base64url" });
    const text = await inflated(bytes);
    return text === undefined ? "too long" : workOf(JSON.parse(text));
  } catch {
    return "not a link to a program";
  }
}

/** Undefined: it is longer than anything that is put in. */
async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > JSON_BYTES_MAX) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(part.value);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(await new Blob(chunks).arrayBuffer());
}

function workOf(parts: unknown): Work | LinkProblem {
  if (!Array.isArray(parts) || parts.length !== 3) return "not a link to a program";
  const [program, event, timezone] = parts as unknown[];
  if (typeof program !== "string" || typeof event !== "string" || typeof timezone !== "string")
    return "not a link to a program";
  return { program, event, timezone };
}
