import { isRecord } from "./explain.ts";
import { type Problem, quoted } from "./problem.ts";
import type { DefinitionName } from "./schema.ts";
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
    servicesProblems(value["services"], ["services"], problems);
    ingressProblems(value, problems);
  }
  return problems;
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
  const { port, replicas } = value;
  if (typeof port === "number" && typeof replicas === "number" && replicas > 1) {
    problems.push({
      path: [...path, "replicas"],
      message: `a service with the fixed port ${port} can have one instance only`,
      expected: "1, or ${PORT} in the command instead of a fixed port",
      received: quoted(replicas),
    });
  }
}

function servicesProblems(value: unknown, path: Path, problems: Problem[]): void {
  if (!isRecord(value)) return;
  const portOwner = new Map<number, string>();
  for (const [name, service] of Object.entries(value)) {
    if (!isRecord(service)) continue;
    const place = [...path, name];
    serviceProblems(service, place, problems);
    const { port, calls } = service;
    if (typeof port === "number") {
      const owner = portOwner.get(port);
      if (owner === undefined) portOwner.set(port, name);
      else {
        problems.push({
          path: [...place, "port"],
          message: `the port ${port} is service ${quoted(owner)}'s already`,
          expected: "a port no other service has",
          received: String(port),
        });
      }
    }
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
        existence(callee, value, [...place, "calls", index], problems);
      }
    }
  }
}

function ingressProblems(app: Readonly<Record<string, unknown>>, problems: Problem[]): void {
  const { ingress, services } = app;
  if (!isRecord(ingress) || !isRecord(services)) return;
  for (const [host, target] of Object.entries(ingress))
    existence(target, services, ["ingress", host], problems);
}

/** Names listed in "expected one of". */
const NAMES_SHOWN = 20;

function existence(
  name: unknown,
  services: Readonly<Record<string, unknown>>,
  path: Path,
  problems: Problem[],
): void {
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
