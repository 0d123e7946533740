import assert from "node:assert/strict";
import { test } from "node:test";
import { Compile } from "typebox/schema";
import { definitions } from "./definitions.ts";
import { jsonSchema, openApi } from "./derive.ts";
import { routes } from "./routes.ts";
import type { DefinitionName } from "./schema.ts";

test("jsonSchema() stands on its own: every reference is in it and it validates", () => {
  for (const name of Object.keys(definitions) as DefinitionName[]) {
    const schema = jsonSchema(name);
    const defined = Object.keys(schema["$defs"] as object);
    for (const [, target] of JSON.stringify(schema).matchAll(/"#\/\$defs\/(\w+)"/g)) {
      assert.ok(defined.includes(target!), `${name} lacks ${target}`);
    }
  }
  const config = Compile(jsonSchema("Config") as Parameters<typeof Compile>[0]);
  assert.ok(config.Check({ name: "a", services: { web: { command: ["x"] } } }));
  assert.ok(!config.Check({ name: "a", services: { web: { command: [] } } }));
});

test("openApi() has every route for every kind it serves, and every reference resolves", () => {
  const document = openApi();
  const paths = document["paths"] as Record<string, Record<string, { operationId: string }>>;
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map((each) => each.operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
  for (const { method, path } of Object.values(routes)) {
    const plain = path.replace("{plural}", "apps");
    assert.ok(paths[plain]?.[method.toLowerCase()], `${method} ${plain}`);
  }
  assert.equal(paths["/apis/plinth.dev/v1/services"]?.["post"], undefined);
  const { schemas } = document["components"] as { schemas: Record<string, unknown> };
  for (const [, target] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(Object.hasOwn(schemas, target!), `no schema ${target}`);
  }
  assert.ok(!JSON.stringify(document).includes("$defs"));
});
