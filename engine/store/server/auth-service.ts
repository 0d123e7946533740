import { authService } from "@plinth/etcd";
import { implement, type Implementation } from "@plinth/grpc";
import { refusal } from "./refusal.ts";
import type { Serving } from "./serving.ts";

/** etcd's while nothing was ever set up. */
const AUTH_REVISION = 1n;

/** Users and roles are not kept: it is off, says so, and every other method is UNIMPLEMENTED. */
export function authImplementation({ member }: Serving): Implementation[] {
  return [
    implement(authService.status, async (call) => {
      await call.request();
      return { header: member.header(), enabled: false, authRevision: AUTH_REVISION };
    }),
    implement(authService.authenticate, async (call) => {
      await call.request();
      throw refusal("authNotEnabled");
    }),
  ];
}
