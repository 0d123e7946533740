/** Follows live requests that the mesh sees. */
import type { TapEvent, TapFilter } from "@plinth/resource";
import { eachLine } from "./lines.ts";
import { open } from "./request.ts";

/** Resolves when the server ends the stream; rejects when it breaks. */
export async function followTap(
  filter: TapFilter,
  onEvents: (events: readonly TapEvent[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) query.set(name, String(value));
  const response = await open(`/tap?${query}`, { signal });
  await eachLine(response, (lines) => onEvents(lines.map((line) => JSON.parse(line) as TapEvent)));
}
