/** How many requests failed since the page opened, by who made them. */
import { type ReactNode, useSyncExternalStore } from "react";
import { open } from "../api/request.ts";
import { eachLine } from "../api/lines.ts";
import { count } from "../format.ts";
import { INGRESS } from "../graph/topology.ts";
import { Observable } from "../model/observable.ts";
import { useTraffic } from "../session.tsx";

/** The mesh counts what goes through it; what finds no proxy, only the load generator knows. */
const unseen = new Observable(0);

/** How many requests of the load generator have failed since it started, as each line that it writes says. */
export async function failuresOfLoad(): Promise<number> {
  let total = 0;
  await eachLine(await open("/apps/shop/log?service=loadgen&tail=1"), (lines) => {
    for (const line of lines) total = Number(/failures_total\\?":(\d+)/.exec(line)?.[1] ?? total);
  });
  return total;
}

export function addUnseen(failures: number): void {
  unseen.set(unseen.get() + failures);
}

export function FailedRequests(): ReactNode {
  const { counted } = useTraffic();
  const lost = useSyncExternalStore(unseen.subscribe, unseen.get);
  let [requests, failures] = [lost, lost];
  const parts: ReactNode[] = [];
  for (const [key, sum] of counted) {
    const [caller] = key.split("→");
    if (caller !== INGRESS && key !== "loadgen→storefront") continue;
    requests += sum.requests;
    failures += sum.failures;
    parts.push(
      <li key={key}>
        {caller === INGRESS ? "you and other visitors" : "the load generator"}:{" "}
        <b className={sum.failures > 0 ? "text-bad" : ""}>{count(sum.failures)}</b> of {count(sum.requests)}
      </li>,
    );
  }
  return (
    <div className={failures > 0 ? "counter bad" : "counter good"}>
      <output aria-label="Failed requests since this page opened">{count(failures)}</output>
      <p>
        failed requests of {count(requests)}
        <br />
        <span className="soft">since this page opened</span>
      </p>
      <ul className="plain soft small">
        {parts}
        {lost > 0 && (
          <li>
            the load generator, while there was no proxy: <b className="text-bad">{count(lost)}</b>
          </li>
        )}
      </ul>
    </div>
  );
}
