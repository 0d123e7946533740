import type { TapEvent } from "@plinth/resource";
import type { Context } from "../command.ts";
import { tapFilter } from "../tap-filter.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { durationText } from "../terminal/quantities.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  for await (const event of client.tap(await tapFilter(context), { signal })) {
    const line = json ? JSON.stringify(event) : lineOf(event);
    await output.stdout.writeAll(`${line}\n`, signal);
  }
}

/** In the manner of Linkerd's tap: one line per event, what belongs together by its id. */
function lineOf(event: TapEvent): string {
  switch (event.type) {
    case "request": {
      const { route, method, authority, path } = event;
      return fields("req", {
        ...ends(event),
        route,
        ":method": method,
        ":authority": authority,
        ":path": path,
      });
    }
    case "response": {
      const { id, status, latencyUs, instance, address } = event;
      const from = instance === null ? "proxy" : `${instance}@${address}`;
      return fields("rsp", { id, ":status": String(status), latency: durationText(latencyUs), from });
    }
    case "end": {
      const { id, grpcStatus, durationUs, responseBytes, retries, error } = event;
      return fields("end", {
        id,
        ...(grpcStatus === null ? {} : { "grpc-status": String(grpcStatus) }),
        duration: durationText(durationUs),
        "response-length": `${responseBytes}B`,
        ...(retries === 0 ? {} : { retries: String(retries) }),
        ...(error === null ? {} : { error }),
      });
    }
    case "open":
      return fields("opn", ends(event));
    case "close": {
      const { id, durationUs, readBytes, writeBytes, instance, address, error } = event;
      return fields("cls", {
        id,
        duration: durationText(durationUs),
        read: `${readBytes}B`,
        written: `${writeBytes}B`,
        ...(instance === null ? {} : { from: `${instance}@${address}` }),
        ...(error === null ? {} : { error }),
      });
    }
    case "missed": {
      const { overRate, dropped } = event;
      return `… not shown: ${overRate} requests above the rate, ${dropped} events that came too fast`;
    }
  }
}

function ends(event: Extract<TapEvent, { client: string }>): Record<string, string> {
  const { id, client, callerApp, caller, app, callee, protocol } = event;
  return { id, src: `${callerApp}/${caller}@${client}`, dst: `${app}/${callee}`, protocol };
}

function fields(kind: string, values: Readonly<Record<string, string>>): string {
  const texts = Object.entries(values).map(([name, value]) => `${name}=${plainLine(value)}`);
  return `${kind} ${texts.join(" ")}`;
}
