import { authService, clusterService, healthService, maintenanceService } from "@plinth/etcd";
import {
  electionService,
  kvService,
  leaseService,
  lockService,
  reflectionService,
  watchService,
} from "@plinth/etcd";
import { implement, type Implementation } from "@plinth/grpc";
import type { Authority } from "./authority.ts";

/**
 * Who may call a method at all while users count: anyone; who has said who it is; or, with "checks", whoever the
 * method's own code lets, which looks at the keys. A method that is not named is the root role's.
 */
type Rule = "anyone" | "known" | "checks";

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [authService.authenticate.path, "anyone"],
  [authService.status.path, "anyone"],
  [healthService.check.path, "anyone"],
  [healthService.watch.path, "anyone"],
  // What it tells is public anyway.
  [reflectionService.v1.path, "anyone"],
  [reflectionService.v1alpha.path, "anyone"],
  [clusterService.list.path, "known"],
  [maintenanceService.status.path, "known"],
  [kvService.compact.path, "known"],
  [leaseService.grant.path, "known"],
  [maintenanceService.alarm.path, "checks"],
  [authService.userGet.path, "checks"],
  [authService.roleGet.path, "checks"],
  ...[kvService.range, kvService.put, kvService.deleteRange, kvService.txn].map(checks),
  ...[leaseService.revoke, leaseService.keepAlive, leaseService.timeToLive, leaseService.leases].map(checks),
  ...[watchService, lockService, electionService].flatMap((service) => Object.values(service).map(checks)),
]);

function checks({ path }: { readonly path: string }): [string, Rule] {
  return [path, "checks"];
}

/** The implementation behind its rule. */
export function guarded(authority: Authority, { method, handler }: Implementation): Implementation {
  const rule = rules.get(method.path);
  if (rule === "anyone" || rule === "checks") return { method, handler };
  return implement(method, (call) => {
    const access = authority.accessOf(call);
    if (rule === "known") access.known();
    else access.root();
    return handler(call);
  });
}
