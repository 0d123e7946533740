import { constants } from "node:os";
import { Fault } from "@plinth/fault";
import { killContainer } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";

export const run: RunCommand = async ({ words, flags, global, clock }) => {
  const signal = signalNumber(words[1] ?? "SIGTERM");
  await killContainer(words[0]!, signal, {
    containers: containersOf(global),
    clock,
    all: flags.isSet("all"),
  });
  return 0;
};

/** Names with and without SIG, in any case, or numbers. */
export function signalNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const upper = text.toUpperCase();
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  const signals: Readonly<Record<string, number>> = constants.signals;
  const number = Object.hasOwn(signals, name) ? signals[name] : realTimeSignal(name);
  if (number === undefined) throw new Fault("invalid", `unknown signal ${JSON.stringify(text)}`);
  return number;
}

const SIGRTMIN = 34;
const SIGRTMAX = 64;

function realTimeSignal(name: string): number | undefined {
  const [, from, plus, minus] = /^SIGRT(MIN|MAX)(?:\+(\d{1,2})|-(\d{1,2}))?$/.exec(name) ?? [];
  if (from === undefined) return undefined;
  const number = (from === "MIN" ? SIGRTMIN : SIGRTMAX) + Number(plus ?? 0) - Number(minus ?? 0);
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}
