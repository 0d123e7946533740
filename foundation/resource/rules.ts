import { isIPv4 } from "node:net";
import { isRecord } from "./explain.ts";
import { type Problem, quoted } from "./problem.ts";
import { routeProblems } from "./route-rules.ts";
import { sandboxProblems } from "./sandbox-rules.ts";
import type { DefinitionName } from "./schema.ts";
import { serviceSetProblems } from "./service-set-rules.ts";
import { nearestName } from "./suggest.ts";

type Path = readonly (string | number)[];

/** What must hold beyond the schema. Values may be misshapen: the schema's own complaint is enough about those. */
export function semanticProblems(definition: DefinitionName, value: unknown): Problem[] {
  const problems: Problem[] = [];
  if (definition === "Probe") probeProblems(value, [], problems);
  if (definition === "Health") healthProblems(value, [], problems);
  if (definition === "ServiceSpec") serviceProblems(value, [], problems);
  if (definition === "Services") servicesProblems(value, [], problems);
  if (
    (definition === "Config" || definition === "AppSpec" || definition === "ReleaseSpec") &&
    isRecord(value)
  ) {
    const stores = isRecord(value["stores"]) ? value["stores"] : {};
    servicesProblems(value["services"], ["services"], problems, stores);
    storesProblems(stores, value["services"], problems);
    ingressProblems(value, problems);
  }
  if (definition === "SessionRequest" && isRecord(value)) sessionProblems(value, problems);
  return problems;
}

const sessionDeeds = ["command", "read", "write"];

function sessionProblems(value: Readonly<Record<string, unknown>>, problems: Problem[]): void {
  const asked = sessionDeeds.filter((deed) => Object.hasOwn(value, deed));
  const expected = `exactly one of ${sessionDeeds.join(", ")}`;
  if (asked.length !== 1)
    problems.push({
      path: [],
      message: asked.length === 0 ? "the session does nothing" : `the session does ${asked.length} things`,
      expected,
      received: asked.length === 0 ? "none of them" : asked.join(", "),
    });
}

const questions = ["http", "tcp", "exec"];

function probeProblems(value: unknown, path: Path, problems: Problem[]): void {
  if (!isRecord(value)) return;
  const asked = questions.filter((question) => Object.hasOwn(value, question));
  if (asked.length === 1) return;
  problems.push({
    path,
    message: asked.length === 0 ? "the probe asks nothing" : `the probe asks ${asked.length} questions`,
    expected: "exactly one of http, tcp, exec",
    received: asked.length === 0 ? "none of them" : asked.join(", "),
  });
}

function healthProblems(value: unknown, path: Path, problems: Problem[]): void {
  if (!isRecord(value)) return;
  for (const name of ["startup", "ready", "live"]) {
    if (Object.hasOwn(value, name)) probeProblems(value[name], [...path, name], problems);
  }
}

function serviceProblems(value: unknown, path: Path, problems: Problem[]): void {
  if (!isRecord(value)) return;
  healthProblems(value["health"], [...path, "health"], problems);
  if (value["address"] !== undefined) externalProblems(value["health"], [...path, "health"], problems);
  egressProblems(value["egress"], [...path, "egress"], problems);
  routeProblems(value["routes"], value["protocol"], [...path, "routes"], problems);
  sandboxProblems(value, path, problems);
}

/** What is asked of a program that Plinth does not run can only be asked over the network. */
function externalProblems(health: unknown, path: Path, problems: Problem[]): void {
  if (!isRecord(health)) return;
  for (const [name, probe] of Object.entries(health)) {
    const isInside = isRecord(probe) && probe["exec"] !== undefined;
    if (name !== "live" && !isInside) continue;
    problems.push({
      path: [...path, name],
      message: isInside
        ? "no command can be run in it: it runs by itself"
        : "it cannot be restarted: it runs by itself",
      expected: "`ready` or `startup`, with `http` or `tcp`",
      received: quoted(probe),
    });
  }
}

function egressProblems(value: unknown, path: Path, problems: Problem[]): void {
  if (!isRecord(value)) return;
  for (const list of ["allow", "deny"]) {
    const entries = value[list];
    if (!Array.isArray(entries)) continue;
    for (const [index, entry] of entries.entries()) {
      const received = typeof entry === "string" ? quoted(entry) : "";
      const place = [...path, list, index];
      if (typeof entry === "string" && /^[0-9.]+(\/[0-9]+)?$/.test(entry)) {
        const [address = "", bits = "32"] = entry.split("/");
        if (isIPv4(address) && Number(bits) <= 32) continue;
        const expected = 'an address such as "192.0.2.7" or a block such as "192.0.2.0/24"';
        problems.push({
          path: place,
          message: `${received} is no IPv4 address or block`,
          expected,
          received,
        });
      } else if (typeof entry === "string" && /(^|\.)internal$/.test(entry)) {
        const expected = "a host outside of the mesh; `calls` says which services are called";
        problems.push({ path: place, message: `${received} is a name of the mesh`, expected, received });
      }
    }
  }
}

type Named = Readonly<Record<string, unknown>>;

function servicesProblems(value: unknown, path: Path, problems: Problem[], stores: Named = {}): void {
  if (!isRecord(value)) return;
  problems.push(...serviceSetProblems(value, path));
  for (const [name, service] of Object.entries(value)) {
    if (!isRecord(service)) continue;
    const place = [...path, name];
    serviceProblems(service, place, problems);
    const { calls, after } = service;
    for (const earlier of isRecord(after) ? Object.keys(after) : [])
      existence(earlier, { ...value, ...stores }, [...place, "after", earlier], problems);
    if (!Array.isArray(calls)) continue;
    for (const [index, callee] of calls.entries()) {
      if (callee === name) {
        problems.push({
          path: [...place, "calls", index],
          message: `service ${quoted(name)} calls itself`,
          expected: "another service",
          received: quoted(callee),
        });
      } else {
        existence(callee, { ...value, ...stores }, [...place, "calls", index], problems);
      }
    }
  }
}

function storesProblems(stores: Named, services: unknown, problems: Problem[]): void {
  for (const [name, store] of Object.entries(stores)) {
    if (isRecord(services) && Object.hasOwn(services, name)) {
      problems.push({
        path: ["stores", name],
        message: `a service has the name ${quoted(name)} already`,
        expected: "a name of its own",
        received: quoted(name),
      });
    }
    if (!isRecord(store) || store["url"] === undefined) continue;
    const { url, ...others } = store;
    if (typeof url === "string" && !/^etcd:\/\/[^/?#\s]/.test(url)) {
      problems.push({
        path: ["stores", name, "url"],
        message: "not a store's URL",
        expected: 'such as "etcd://10.0.0.1:2379,10.0.0.2:2379"',
        received: quoted(url),
      });
    }
    for (const other of Object.keys(others)) {
      problems.push({
        path: ["stores", name, other],
        message: `${quoted(other)} says nothing about a cluster that somebody else runs`,
        expected: "url alone",
        received: quoted(other),
      });
    }
  }
}

function ingressProblems(app: Named, problems: Problem[]): void {
  const { ingress, services } = app;
  if (!isRecord(ingress) || !isRecord(services)) return;
  for (const [host, target] of Object.entries(ingress))
    existence(target, services, ["ingress", host], problems);
}

/** Names listed in "expected one of". */
const NAMES_SHOWN = 20;

function existence(name: unknown, services: Named, path: Path, problems: Problem[]): void {
  if (typeof name !== "string" || Object.hasOwn(services, name)) return;
  const names = Object.keys(services);
  const suggestion = nearestName(name, names);
  problems.push({
    path,
    message: `there is no service ${quoted(name)}`,
    expected: `one of ${names.slice(0, NAMES_SHOWN).map(quoted).join(", ")}`,
    received: quoted(name),
    ...(suggestion && { suggestion }),
  });
}
