/** Calls of functions. */
import type { ResolvedArgument } from "../checker/checked.ts";
import { Kind, Part } from "../checker/kind.ts";
import type { Expression, FunctionCall, Query } from "../parser/ast.ts";
import type { Parameter } from "../stdlib/define.ts";
import type { Emitter } from "./emitter.ts";
import { isScalar, scalarLiteral, stringLiteral } from "./literals.ts";
import type { Generator, Operand, Telling } from "./generate.ts";
import { changes, isShared } from "./sharing.ts";

export function writeCall(generator: Generator, call: FunctionCall): Operand {
  const { emitter, checked } = generator;
  const { definition, run, arguments: given } = checked.callOf(call);
  const prefix = stringLiteral(`function call error for "${call.name}" at ${generator.placeOf(call)}: `);
  const telling: Telling = (failure) => `failureOfCall(${failure}, ${prefix})`;
  const paths = definition.parameters.map(({ isPath }, index) =>
    isPath === true ? given[index] : undefined,
  );
  const plain = given.map((argument, index) => (paths[index] === undefined ? argument : undefined));
  const values = generator.toldAs(telling, () => writeArguments(generator, call, plain));

  const inputs: string[] = [];
  let removed: { root: Query["root"]; path: Query["path"] } | undefined;
  for (const [index, parameter] of definition.parameters.entries()) {
    const argument = paths[index];
    if (argument === undefined) {
      inputs.push(values[index]?.code ?? defaultOf(parameter, emitter));
      continue;
    }
    const query = argument.value as Query;
    const root = generator.rootOf(query.root);
    const from =
      root?.variable ??
      generator.toldAs(telling, () => generator.stable(generator.expression(query.root as Expression))).code;
    inputs.push(from, emitter.constant(query.path));
    if (definition.removesPath === true && parameter.isPath === true && root !== undefined) removed = query;
  }
  if (removed !== undefined)
    return writeRemoval(generator, removed, `${emitter.constant(run)}(${inputs.join(", ")})`);
  if (call.closure !== undefined) {
    const isKept = (definition.returns & (Part.array | Part.object)) !== 0;
    inputs.push(generator.closure(call.closure, isKept));
  }
  while (inputs.at(-1) === "undefined") inputs.pop();

  const code = `${emitter.constant(run)}(${inputs.join(", ")})`;
  const result = generator.stable({ code, isStable: false });
  // Also where the types say that it cannot: arithmetic that would be NaN fails all the same.
  failIfCallFailed(generator, result.code, telling);
  return result;
}

/** What a function gets for an argument that is not given. */
function defaultOf({ default: value }: Parameter, emitter: Emitter): string {
  if (value === undefined) return "undefined";
  return isScalar(value) ? scalarLiteral(value, emitter) : emitter.constant(value);
}

function failIfCallFailed(generator: Generator, name: string, telling: Telling): void {
  generator.emitter.block(`if (${name} instanceof Failure)`, () => generator.fail(telling(name)));
}

/** The arguments' operands, each seen to be of what its parameter takes. */
function writeArguments(
  generator: Generator,
  call: FunctionCall,
  given: readonly (ResolvedArgument | undefined)[],
): (Operand | undefined)[] {
  const { closure } = call;
  const present = given.flatMap((argument) => (argument === undefined ? [] : [argument]));
  const operands = generator.operands(
    present.map(({ value }) => value),
    (value) => {
      // What a closure changes in place must not be what is gone through.
      const isExposed =
        closure !== undefined &&
        isShared(value, generator.checked) &&
        changes(closure.block, generator.checked);
      return isExposed ? generator.kept(value) : generator.expression(value);
    },
  );
  const checked = operands.map((operand, index) => {
    const { checkedFor } = present[index]!;
    if (checkedFor === 0) return operand;
    const held = generator.stable(operand);
    const expected = stringLiteral(Kind.ofParts(checkedFor).toString());
    generator.emitter.block(`if (!(${isOf(held.code, checkedFor)}))`, () =>
      generator.fail(`unexpected(${expected}, ${held.code})`),
    );
    return held;
  });
  let next = 0;
  return given.map((argument) => (argument === undefined ? undefined : checked[next++]));
}

/** JavaScript that tells whether a value is of one of these bits of `Part`. */
function isOf(name: string, parts: number): string {
  const tests: string[] = [];
  if (parts & Part.bytes) tests.push(`typeof ${name} === "string" || ${name} instanceof Uint8Array`);
  if (parts & Part.integer) tests.push(`isInteger(${name})`);
  if (parts & Part.float) tests.push(`isFloat(${name})`);
  if (parts & Part.boolean) tests.push(`typeof ${name} === "boolean"`);
  if (parts & Part.timestamp) tests.push(`${name} instanceof Timestamp`);
  if (parts & Part.regex) tests.push(`${name} instanceof Regex`);
  if (parts & Part.null) tests.push(`${name} === null`);
  if (parts & Part.array) tests.push(`Array.isArray(${name})`);
  if (parts & Part.object) tests.push(`isObject(${name})`);
  return tests.join(" || ");
}

/** A call that removes a part of the event, its metadata or a variable, and yields what it was. */
function writeRemoval(
  generator: Generator,
  { root, path }: Pick<Query, "root" | "path">,
  code: string,
): Operand {
  const { emitter } = generator;
  const { variable, target } = generator.rootOf(root)!;
  if (generator.isJournaled && target !== undefined)
    emitter.line(`journal.noteAlong(target, ${stringLiteral(target)}, ${emitter.constant(path)});`);
  const result = generator.stable({ code: path.length === 0 ? variable : code, isStable: false });
  if (path.length === 0) {
    const emptied = `emptyOf(${variable})`;
    emitter.line(
      target === undefined ? `${variable} = ${emptied};` : `target.${target} = ${variable} = ${emptied};`,
    );
  }
  return result;
}
