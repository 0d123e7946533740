import { readFileSync } from "node:fs";
import { Fault, messageOf } from "@plinth/fault";
import { parseDurationMs } from "@plinth/resource";
import { openClient, OutcomeUnknownError, type StoreClient, type TlsOptions, toFault } from "@plinth/store";
import { chooseApp } from "../app-name.ts";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";

/** etcdctl's. */
const TIMEOUT_DEFAULT = "5s";
/** How a call's error ends whose connection did. */
const CUT_TEXT = "the connection was lost";
/** Soon enough to be no pause, seldom enough to be no load. */
const RETRY_MS = 200;
const URL_VARIABLE = "PLINTH_STORE_URL";

/** Opens the store that a command is about, and turns what the store refuses into Faults. */
export async function withStore<Result>(
  context: Context,
  body: (store: StoreClient) => Promise<Result>,
): Promise<Result> {
  const tls = tlsOf(context);
  const timeoutMs = parseDurationMs(context.text("timeout") ?? TIMEOUT_DEFAULT);
  const url = await urlOf(context, timeoutMs);
  await using store = openClient(url, { timeoutMs, ...(tls !== undefined && { tls }) });
  try {
    return await body(store);
  } catch (error) {
    const fault = faultOf(error);
    // A server that wants TLS, or a certificate, says no more than this.
    const isCut = fault instanceof Fault && fault.code === "unavailable" && fault.message.endsWith(CUT_TEXT);
    if (!isCut || context.text("store") !== undefined) throw fault;
    const wants = url.startsWith("etcds:") ? "a certificate of yours: --cert and --key" : "TLS: etcds://";
    throw new Fault(fault.code, fault.message, { cause: fault, hint: `The server may want ${wants}.` });
  }
}

/** By --url, else by --store, else by $PLINTH_STORE_URL, else the only store of the app. */
async function urlOf(context: Context, timeoutMs: number): Promise<string> {
  const { client, signal, words } = context;
  const url = context.text("url");
  const named = context.text("store");
  if (url !== undefined && named !== undefined) {
    throw new UsageFault("Cannot use both --url and --store: they name two stores", words);
  }
  if (url !== undefined) return url;
  const inherited = process.env[URL_VARIABLE];
  if (named === undefined && inherited !== undefined && inherited !== "") return inherited;
  const [first = "", second] = named?.split("/", 2) ?? [];
  const app = await chooseApp(context, second === undefined ? undefined : first);
  const stores = Object.keys(app.spec.services).filter((name) => app.spec.services[name]?.store === true);
  const store = second ?? (named === undefined ? stores[0] : first);
  if (store === undefined || (named === undefined && stores.length > 1)) {
    throw new UsageFault(`App "${app.metadata.name}" has ${stores.length} stores`, words, {
      hint:
        stores.length === 0
          ? "A store elsewhere is reached by its URL, with --url."
          : `Name one of them with --store: ${stores.join(", ")}.`,
    });
  }
  if (!stores.includes(store)) {
    throw new UsageFault(`App "${app.metadata.name}" has no store "${store}"`, words, {
      hint: stores.length === 0 ? "It has none." : `Its stores: ${stores.join(", ")}.`,
      mistyped: { word: store, among: stores },
    });
  }
  const deadlineMs = context.clock.monotonic() + timeoutMs;
  for (;;) {
    try {
      return (await client.storeAccess(app.metadata.name, store, { signal })).url;
    } catch (error) {
      // As a server that does not answer yet: just after `plinth start` it is about to.
      const isPassing = error instanceof Fault && error.code === "unavailable";
      if (!isPassing || context.clock.monotonic() >= deadlineMs) throw error;
      await context.clock.sleep(RETRY_MS, signal);
    }
  }
}

function tlsOf(context: Context): TlsOptions | undefined {
  const [ca, cert, key] = ["cacert", "cert", "key"].map((flag) => fileOf(context, flag));
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageFault("Cannot use --cert without --key, or --key without --cert", context.words);
  }
  if (ca === undefined && cert === undefined) return undefined;
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

function fileOf(context: Context, flag: string): Buffer | undefined {
  const path = context.text(flag);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Fault("invalid", `Cannot read --${flag} "${path}": ${messageOf(error)}`, { cause: error });
  }
}

/** What the store refused, in the words of this program. */
export function faultOf(error: unknown): unknown {
  if (error instanceof OutcomeUnknownError) {
    return new Fault("timeout", error.message, {
      cause: error,
      hint: "Read the keys to see whether it did.",
    });
  }
  if (error instanceof Fault && error.code === "unauthorized" && error.hint === undefined) {
    const hint = error.message.startsWith("Cannot connect")
      ? "Name the certificates to check it by: --cacert FILE."
      : "Name a user in the URL: etcd://USER:PASSWORD@HOST.";
    return new Fault(error.code, error.message, { cause: error, hint });
  }
  return toFault(error);
}
