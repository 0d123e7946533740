import { Fault } from "@plinth/fault";
import type { Backend } from "@plinth/store";
import type { Context } from "../command.ts";
import { withStore } from "./kv-store.ts";
import { leaseIdOf } from "./request.ts";
import { keyJson, leaseText, printLine } from "./shown.ts";

/** A lease is renewed so many times in its time: one answer may be lost. */
const RENEWALS_PER_TTL = 3;

export async function run(context: Context): Promise<void> {
  const verb = context.words[2];
  await withStore(context, async ({ backend }) => {
    if (verb === "grant") return grant(context, backend);
    if (verb === "list") return list(context, backend);
    const id = leaseIdOf(context, context.required("LEASE"));
    if (verb === "revoke") return revoke(context, backend, id);
    return verb === "timetolive" ? timeToLive(context, backend, id) : keepAlive(context, backend, id);
  });
}

async function grant(context: Context, backend: Backend): Promise<void> {
  const { output, json, signal } = context;
  const { id, grantedTtl } = await backend.grantLease(0n, Number(context.required("TTL")), { signal });
  if (json) output.json({ lease: leaseText(id), ttl: grantedTtl });
  else output.result(`lease ${leaseText(id)} granted with TTL(${grantedTtl}s)`);
}

async function revoke({ output, json, signal }: Context, backend: Backend, id: bigint): Promise<void> {
  await backend.revokeLease(id, { signal });
  if (json) output.json({ lease: leaseText(id), revoked: true });
  else output.result(`lease ${leaseText(id)} revoked`);
}

async function timeToLive(context: Context, backend: Backend, id: bigint): Promise<void> {
  const { output, json, signal } = context;
  const withKeys = context.is("keys");
  const { ttl, grantedTtl, keys } = await backend.lease(id, withKeys, { signal });
  const lease = leaseText(id);
  if (json) {
    const attached = withKeys && { keys: keys.map(keyJson) };
    return output.json({ lease, expired: ttl < 0, grantedTtl, ttl, ...attached });
  }
  if (ttl < 0) return output.result(`lease ${lease} already expired`);
  const begin = `lease ${lease} granted with TTL(${grantedTtl}s), remaining(${ttl}s)`;
  if (!withKeys) return output.result(begin);
  await printLine(context, Buffer.from(`${begin}, attached keys([${keys.join(" ")}])`, "latin1"));
}

async function list({ output, json, signal }: Context, backend: Backend): Promise<void> {
  const leases = (await backend.leases({ signal })).map(leaseText);
  if (json) return output.json(leases);
  output.result(`found ${leases.length} leases`);
  for (const lease of leases) output.result(lease);
}

/** Once, or again and again until interrupted; Fault `gone` when it is over. */
async function keepAlive(context: Context, backend: Backend, id: bigint): Promise<void> {
  const { clock, output, json, signal } = context;
  const lease = leaseText(id);
  for (let timeoutMs: number | undefined; ;) {
    const options = { signal, ...(timeoutMs !== undefined && { timeoutMs }) };
    const ttl = await backend.keepLeaseAlive(id, options).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "lease-not-found")) throw error;
      throw new Fault("gone", `Lease ${lease} has expired or was revoked`, { cause: error });
    });
    if (json) output.event({ lease, ttl });
    else output.result(`lease ${lease} keepalived with TTL(${ttl})`);
    if (context.is("once")) return;
    await clock.sleep((ttl * 1000) / RENEWALS_PER_TTL, signal);
    // Until then an attempt may still help.
    timeoutMs = ttl * 1000 * (1 - 1 / RENEWALS_PER_TTL);
  }
}
