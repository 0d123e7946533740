import { API_VERSION, type Kind, kinds } from "./kinds.ts";
import { type Route, routes } from "./routes.ts";
import { type DefinitionName, referenceOf, type Schema, schemas } from "./schema.ts";

type Json = Readonly<Record<string, unknown>>;

/** All definitions a definition needs, itself included. */
function reachable(name: DefinitionName, found: Set<DefinitionName> = new Set()): Set<DefinitionName> {
  if (found.has(name)) return found;
  found.add(name);
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const reference = referenceOf(value);
    if (reference !== undefined) reachable(reference, found);
    for (const part of Object.values(value)) visit(part);
  };
  visit(schemas[name]);
  return found;
}

/** One definition as a JSON Schema document that needs no other, for editors and other languages. */
export function jsonSchema(name: DefinitionName): Json {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `https://plinth.dev/schemas/v1/${name}.json`,
    $ref: `#/$defs/${name}`,
    $defs: Object.fromEntries([...reachable(name)].map((each) => [each, schemas[each]])),
  };
}

const component = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const content = (type: string, schema: Json | undefined): Json => ({
  [type]: schema === undefined ? {} : { schema },
});

/** OpenAPI keeps definitions elsewhere than JSON Schema does. */
function asComponent(schema: Schema): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

const typeMeta = (kind: string): Json => ({ apiVersion: { const: API_VERSION }, kind: { const: kind } });

function kindComponents(kind: Kind): Json {
  const { kind: name, spec, status, description } = kind;
  return {
    [name]: {
      type: "object",
      description,
      properties: {
        ...typeMeta(name),
        metadata: component("Metadata"),
        spec: component(spec),
        status: component(status),
      },
      required: ["apiVersion", "kind", "metadata", "spec"],
      additionalProperties: false,
    },
    [`${name}List`]: {
      type: "object",
      properties: {
        ...typeMeta(`${name}List`),
        metadata: { type: "object", properties: { resourceVersion: { type: "string" } } },
        items: { type: "array", items: component(name) },
      },
      required: ["apiVersion", "kind", "metadata", "items"],
    },
  };
}

const statusSchema: Json = {
  type: "object",
  description: "Why a request failed.",
  properties: {
    apiVersion: { const: "v1" },
    kind: { const: "Status" },
    status: { const: "Failure" },
    code: { type: "integer" },
    reason: { type: "string" },
    message: { type: "string" },
    details: {
      type: "object",
      properties: {
        causes: {
          type: "array",
          items: {
            type: "object",
            properties: Object.fromEntries(
              ["field", "message", "expected", "received", "suggestion"].map((key) => [
                key,
                { type: "string" },
              ]),
            ),
          },
        },
        hint: { type: "string", description: "What to do next." },
      },
    },
  },
  required: ["apiVersion", "kind", "status", "code", "reason", "message"],
};

/** What a successful answer of a route holds; undefined where the route's summary says it in words. */
function responseSchema(name: string, kind: Kind | undefined): Json | undefined {
  if (kind !== undefined) return component(name === "list" ? `${kind.kind}List` : kind.kind);
  if (name === "rollback") return component("App");
  return name === "setSecretValue" ? component("Secret") : undefined;
}

function operation(name: string, route: Route, kind: Kind | undefined): Json {
  const { path, query = {}, body, responseType = "application/json" } = route;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)]
      .map((match) => match[1]!)
      .filter((parameter) => parameter !== "plural")
      .map((parameter) => ({ name: parameter, in: "path", required: true, schema: { type: "string" } })),
    ...Object.entries(query).map(([parameter, description]) => ({
      name: parameter,
      in: "query",
      description,
      schema: { type: "string" },
    })),
  ];
  const bodySchema = body?.definition ?? (body?.contentType === "application/json" ? kind?.kind : undefined);
  return {
    operationId: kind === undefined ? name : `${name}${kind.kind}`,
    summary: route.summary,
    ...(route.access === "anyone" && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        description: body.description,
        content: content(body.contentType, bodySchema === undefined ? undefined : component(bodySchema)),
      },
    }),
    responses: {
      [name === "create" ? "201" : name === "login" ? "303" : "200"]: {
        description: "Done.",
        content: content(responseType, responseSchema(name, kind)),
      },
      default: {
        description: "Refused or failed.",
        content: content("application/json", component("Status")),
      },
    },
  };
}

/** The API as an OpenAPI 3.1 document. */
export function openApi(version = "0.1.0"): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    const perKind = route.path.includes("{plural}");
    const served = perKind
      ? Object.values(kinds).filter((kind) => kind.writable || !route.writableOnly)
      : [undefined];
    for (const kind of served) {
      const path = route.path.replace("{plural}", kind?.plural ?? "");
      paths[path] ??= {};
      paths[path][route.method.toLowerCase()] = operation(name, route, kind);
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Plinth",
      version,
      description: "Kubernetes API conventions: list, watch, optimistic concurrency, Status errors.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://127.0.0.1:7080" }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "plinth_session_7080" },
      },
      schemas: {
        ...Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, asComponent(schema)])),
        ...Object.assign({}, ...Object.values(kinds).map(kindComponents)),
        Status: statusSchema,
      },
    },
  };
}
