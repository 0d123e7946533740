import type { App } from "@plinth/resource";
import type { ReactNode } from "react";
import { request } from "../api/request.ts";
import { Deed } from "./deed.tsx";

interface RollbackProps {
  readonly app: App;
  readonly to: number;
  readonly label?: string;
  readonly body: ReactNode;
}

/** Returns an app to an older release, once the user is sure. */
export function Rollback({ app, to, label = `Roll back to ${to}`, body }: RollbackProps): ReactNode {
  const { name } = app.metadata;
  return (
    <Deed
      label={label}
      act={() => request(`/apps/${encodeURIComponent(name)}/rollback`, { method: "POST", body: { to } })}
      confirm={{ title: `Roll ${name} back to release ${to}?`, body, yes: "Roll back" }}
    />
  );
}
