import type { ServiceSpec } from "@plinth/resource";
import { STOP_SIGNALS } from "./schema-bounds.ts";

type StopSignal = NonNullable<ServiceSpec["stopSignal"]>;

/** By number, as some images write it; the same on x86-64 and aarch64. */
const SIGNAL_NUMBERS: Readonly<Record<string, StopSignal>> = {
  "1": "SIGHUP",
  "2": "SIGINT",
  "3": "SIGQUIT",
  "9": "SIGKILL",
  "10": "SIGUSR1",
  "12": "SIGUSR2",
  "15": "SIGTERM",
  "28": "SIGWINCH",
};

/** As images and Compose files write it: by name, without its SIG or by number. Undefined for what is none. */
export function stopSignalOf(text: string): StopSignal | undefined {
  const name = text.toUpperCase();
  const full = SIGNAL_NUMBERS[name] ?? (name.startsWith("SIG") ? name : `SIG${name}`);
  return STOP_SIGNALS.find((one) => one === full);
}
