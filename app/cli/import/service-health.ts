import type { ServiceSpec } from "@plinth/resource";
import { FAILURES_MAX } from "../schema-bounds.ts";
import { checkKeys } from "./keys.ts";
import { type Part, child, isList } from "./part.ts";
import { durationMs, durationText } from "./quantities.ts";
import { refusePlaces } from "./service-command.ts";
import { HEALTHCHECK_KEYS } from "./service-keys.ts";
import { saysPorts } from "./service-ports.ts";
import type { ComposeService, Translating } from "./translated.ts";

/** Compose's defaults. */
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 30_000;
const RETRIES = 3;
const START_INTERVAL_MS = 5000;
/** Without a start period a start is looked at so often, and given at least so long. */
const WATCH_MS = 1000;
const START_MS_MIN = 30_000;

/** `healthcheck`; without one, Plinth's own probe of the port, if there is one. */
export function healthOf(service: ComposeService, context: Translating): Partial<ServiceSpec> {
  const { notes, values } = context;
  const part = child(service.part, "healthcheck");
  checkKeys(part, HEALTHCHECK_KEYS, notes, values);
  const listens = saysPorts(service, context);
  const test = child(part, "test");
  const isOff = values.flag(child(part, "disable")) === true || isNone(test);
  // An image's own check is asked where nothing is said: turning it off has to be said.
  if (isOff) return { health: listens ? { ready: { tcp: true } } : false };
  if (test === undefined) {
    if (part !== undefined) {
      const instead = "say `test`, too";
      notes.ignored(part, "the image's own check is asked in its own time", instead);
      return {};
    }
    if (listens) return {};
    context.unchecked.add(service.name);
    return { health: false };
  }
  const exec = execOf(test, context);
  return exec === undefined ? {} : { health: probes(part!, exec, context) };
}

function probes(part: Part, exec: string[], context: Translating): NonNullable<ServiceSpec["health"]> {
  const intervalMs = durationIn(part, "interval", context) || INTERVAL_MS;
  const timeout = durationText(durationIn(part, "timeout", context) || TIMEOUT_MS);
  const retries = Math.min(context.values.integer(child(part, "retries")) || RETRIES, FAILURES_MAX);
  const startMs = durationIn(part, "start_period", context);
  const startIntervalMs = durationIn(part, "start_interval", context) || START_INTERVAL_MS;
  const patienceMs = retries * intervalMs;
  const hasPeriod = startMs > 0;
  const everyMs = hasPeriod ? Math.min(startIntervalMs, intervalMs) : Math.min(WATCH_MS, intervalMs);
  const failures = Math.ceil(
    (hasPeriod ? startMs + patienceMs : Math.max(START_MS_MIN, patienceMs)) / everyMs,
  );
  return {
    startup: {
      exec,
      period: durationText(everyMs),
      timeout,
      failureThreshold: Math.min(failures, FAILURES_MAX),
    },
    ready: { exec, period: durationText(intervalMs), timeout, failureThreshold: retries },
  };
}

const isNone = (test: Part | undefined): boolean =>
  isList(test) && test.value.length === 1 && test.value[0]!.value === "NONE";

function execOf(test: Part, { notes, values }: Translating): string[] | undefined {
  const words = isList(test) ? values.texts(test) : ["CMD-SHELL", values.text(test) ?? ""];
  const [how, ...rest] = words;
  if (how === "CMD" && rest.length > 0) return checked(rest);
  if (how === "CMD-SHELL" && rest.length === 1 && rest[0] !== "") return checked(["/bin/sh", "-c", rest[0]!]);
  notes.wrong(test, 'a text, or a list that begins with "CMD", "CMD-SHELL" or "NONE"');
  return undefined;

  function checked(exec: string[]): string[] {
    for (const word of exec) refusePlaces(word, test, notes);
    return exec;
  }
}

/** Nought where nothing is said. */
export function durationIn(part: Part | undefined, key: string, { notes, values }: Translating): number {
  const given = child(part, key);
  const text = values.text(given, "a length of time");
  if (text === undefined) return 0;
  const ms = durationMs(text);
  if (ms === undefined) notes.wrong(given!, 'a length of time such as "30s" or "1m30s"');
  return ms ?? 0;
}
