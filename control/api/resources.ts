import {
  API_VERSION,
  type Kind,
  type KindName,
  kinds,
  nearestName,
  type Problem,
  quoted,
} from "@plinth/resource";
import { validate } from "@plinth/resource/validate";
import { Fault } from "@plinth/fault";
import type { Draft, Registry } from "@plinth/registry";
import { readJson } from "./body.ts";
import { type Exchange, sendJson } from "./exchange.ts";
import { PATCH_ATTEMPTS_MAX } from "./limits.ts";
import { mergePatch } from "./merge-patch.ts";
import { notFoundPath } from "./router.ts";
import { InvalidResource } from "./status.ts";

type AnyDraft = Draft<KindName>;

export function requireKind({ match, request }: Exchange): Kind {
  if (match.kind === undefined) throw notFoundPath(request.url ?? "");
  return match.kind;
}

/** `a=b,c=d` as a map; only equality is known here. */
export function parseLabelSelector(text: string | null): Readonly<Record<string, string>> | undefined {
  if (text === null || text === "") return undefined;
  const labels = new Map<string, string>();
  for (const part of text.split(",")) {
    const [, name, value] = /^\s*([\w./-]+)\s*==?\s*([\w.-]*)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      throw new Fault(
        "invalid",
        `Cannot use labelSelector ${quoted(text)}: expected name=value, joined by commas`,
      );
    }
    labels.set(name, value);
  }
  return Object.fromEntries(labels);
}

/** Everything wrong with a resource somebody sent. */
function resourceProblems(kind: Kind, value: unknown): Problem[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [
      {
        path: [],
        message: "it is not an object",
        expected: `a resource of kind ${kind.kind}`,
        received: quoted(value),
      },
    ];
  }
  const resource = value as Readonly<Record<string, unknown>>;
  const problems: Problem[] = [];
  const known = ["apiVersion", "kind", "metadata", "spec", "status"];
  for (const key of Object.keys(resource).filter((each) => !known.includes(each))) {
    const suggestion = nearestName(key, known);
    problems.push({
      path: [key],
      message: `unknown key ${quoted(key)}`,
      expected: `one of ${known.join(", ")}`,
      received: quoted(key),
      ...(suggestion && { suggestion }),
    });
  }
  for (const [key, expected] of [
    ["apiVersion", API_VERSION],
    ["kind", kind.kind],
  ] as const) {
    if (resource[key] === expected) continue;
    problems.push({
      path: [key],
      message: `wrong ${key}`,
      expected: quoted(expected),
      received: quoted(resource[key]),
    });
  }
  for (const [key, definition] of [
    ["metadata", "Metadata"],
    ["spec", kind.spec],
  ] as const) {
    for (const problem of validate(definition, resource[key])) {
      problems.push({ ...problem, path: [key, ...problem.path] });
    }
  }
  const { name } = (resource["metadata"] ?? {}) as { name?: unknown };
  // What users name becomes part of other names and of host names, so it is a DNS label.
  if (typeof name === "string") {
    for (const problem of validate("Name", name)) problems.push({ ...problem, path: ["metadata", "name"] });
  }
  return problems;
}

function checkResource(kind: Kind, value: unknown): AnyDraft {
  const problems = resourceProblems(kind, value);
  if (problems.length > 0) throw new InvalidResource(kind.kind, problems);
  const { metadata, spec } = value as AnyDraft;
  return { metadata, spec };
}

function checkName(kind: Kind, draft: AnyDraft, name: string): void {
  if (draft.metadata.name === name) return;
  throw new InvalidResource(kind.kind, [
    {
      path: ["metadata", "name"],
      message: "not the name in the path",
      expected: quoted(name),
      received: quoted(draft.metadata.name),
    },
  ]);
}

/** Reads, writes and deletes of plain resources. */
export class Resources {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  list(exchange: Exchange): void {
    const { kind } = requireKind(exchange);
    const labels = parseLabelSelector(exchange.query.get("labelSelector"));
    const { resourceVersion } = this.#registry;
    const items = this.#registry.list(kind, labels);
    sendJson(exchange.response, 200, {
      apiVersion: API_VERSION,
      kind: `${kind}List`,
      metadata: { resourceVersion },
      items,
    });
  }

  get(exchange: Exchange): void {
    sendJson(exchange.response, 200, this.#existing(requireKind(exchange), exchange.match.resourceName));
  }

  async create(exchange: Exchange): Promise<void> {
    const kind = requireKind(exchange);
    const draft = checkResource(kind, await this.#body(exchange));
    if (draft.metadata.resourceVersion !== undefined) {
      throw new InvalidResource(kind.kind, [
        {
          path: ["metadata", "resourceVersion"],
          message: "a new resource has no version yet",
          expected: "none",
          received: quoted(draft.metadata.resourceVersion),
        },
      ]);
    }
    if (isDryRun(exchange)) {
      if (this.#registry.get(kind.kind, draft.metadata.name) !== undefined) throw exists(kind, draft);
      sendJson(exchange.response, 201, asResource(kind, draft));
      return;
    }
    sendJson(exchange.response, 201, await this.#registry.create(kind.kind, draft));
  }

  async replace(exchange: Exchange): Promise<void> {
    const kind = requireKind(exchange);
    const { resourceName } = exchange.match;
    const draft = checkResource(kind, await this.#body(exchange));
    checkName(kind, draft, resourceName);
    const { resourceVersion } = draft.metadata;
    if (isDryRun(exchange)) {
      const current = this.#registry.get(kind.kind, resourceName);
      if (current !== undefined) checkVersion(kind, draft, current.metadata.resourceVersion);
      sendJson(exchange.response, 200, asResource(kind, draft));
      return;
    }
    for (let attempt = 1; ; attempt++) {
      try {
        sendJson(exchange.response, 200, await this.#registry.update(kind.kind, draft));
        return;
      } catch (error) {
        const isNew = error instanceof Fault && error.code === "not-found" && resourceVersion === undefined;
        if (!isNew) throw error;
      }
      try {
        sendJson(exchange.response, 201, await this.#registry.create(kind.kind, draft));
        return;
      } catch (error) {
        // Somebody else created it just now: theirs is replaced.
        const overtaken = error instanceof Fault && error.code === "conflict" && attempt < PATCH_ATTEMPTS_MAX;
        if (!overtaken) throw error;
      }
    }
  }

  async patch(exchange: Exchange): Promise<void> {
    const kind = requireKind(exchange);
    const { resourceName } = exchange.match;
    const patch = await readJson(exchange.request, exchange.response, ["application/merge-patch+json"]);
    for (let attempt = 1; ; attempt++) {
      const current = this.#existing(kind, resourceName);
      const draft = checkResource(kind, mergePatch(current, patch));
      checkName(kind, draft, resourceName);
      if (isDryRun(exchange)) {
        checkVersion(kind, draft, current.metadata.resourceVersion);
        sendJson(exchange.response, 200, asResource(kind, draft));
        return;
      }
      try {
        // The merged resource carries the version it was merged into, unless the patch names another.
        sendJson(exchange.response, 200, await this.#registry.update(kind.kind, draft));
        return;
      } catch (error) {
        const overtaken =
          error instanceof Fault &&
          error.code === "conflict" &&
          draft.metadata.resourceVersion === current.metadata.resourceVersion &&
          attempt < PATCH_ATTEMPTS_MAX;
        if (!overtaken) throw error;
      }
    }
  }

  async delete(exchange: Exchange): Promise<void> {
    const kind = requireKind(exchange);
    const { resourceName } = exchange.match;
    const before = this.#existing(kind, resourceName);
    if (!isDryRun(exchange)) await this.#registry.delete(kind.kind, resourceName);
    sendJson(exchange.response, 200, this.#registry.get(kind.kind, resourceName) ?? before);
  }

  async #body({ request, response }: Exchange): Promise<unknown> {
    return readJson(request, response, ["application/json"]);
  }

  #existing(kind: Kind, name: string): NonNullable<ReturnType<Registry["get"]>> {
    const resource = this.#registry.get(kind.kind, name);
    if (resource !== undefined) return resource;
    const names = this.#registry.list(kind.kind).map((each) => each.metadata.name);
    const near = nearestName(name, names);
    throw new Fault("not-found", `Cannot find ${kind.kind} ${quoted(name)}: there is none`, {
      ...(near !== undefined && { hint: `Did you mean "${near}"?` }),
    });
  }
}

function isDryRun({ query }: Exchange): boolean {
  const dryRun = query.get("dryRun");
  if (dryRun === null || dryRun === "All") return dryRun !== null;
  throw new Fault("invalid", `Cannot use dryRun=${quoted(dryRun)}: expected "All"`);
}

function exists(kind: Kind, draft: AnyDraft): Fault {
  return new Fault("conflict", `Cannot create ${kind.kind} "${draft.metadata.name}": it exists already`);
}

function checkVersion(kind: Kind, draft: AnyDraft, current: string | undefined): void {
  const { name, resourceVersion } = draft.metadata;
  if (resourceVersion === undefined || resourceVersion === current) return;
  throw new Fault(
    "conflict",
    `Cannot update ${kind.kind} "${name}": resourceVersion is "${current}" by now, not "${resourceVersion}"`,
  );
}

function asResource(kind: Kind, draft: AnyDraft): unknown {
  return { apiVersion: API_VERSION, kind: kinds[kind.kind].kind, ...draft };
}
