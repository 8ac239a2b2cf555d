import type { ASTNode } from '@marcbachmann/cel-js';
import type { JsonValue } from '@multiswarm/contracts';
import type { CelCompiler } from './cel-compiler';
import type { Evaluate, Local, Scope } from './cel-scope';
import { absorbable, ExpressionError } from './expression-error';
import { isJsonObject, kindOf } from './json-equals';
import { SyntaxFault } from './syntax-fault';

const COMPREHENSIONS = ['all', 'exists', 'exists_one', 'filter', 'map'];

export function isMacro(name: string, receiver: ASTNode | undefined): boolean {
  return receiver === undefined ? name === 'has' : COMPREHENSIONS.includes(name);
}

export function compileMacro(
  compiler: CelCompiler,
  node: ASTNode,
  name: string,
  receiver: ASTNode | undefined,
  given: readonly ASTNode[],
  locals: readonly string[],
): Evaluate {
  if (receiver === undefined) return compileHas(compiler, node, given, locals);
  const [variable, ...parts] = given;
  if (variable?.op !== 'id' || parts.length < 1 || parts.length > (name === 'map' ? 2 : 1))
    throw new SyntaxFault(
      `${name} takes a variable and an expression, such as ${name}(x, x > 1)`,
      node.start,
    );
  if (variable.args === 'run' || variable.args === 'steps')
    throw new SyntaxFault(`${variable.args} cannot be the name of a variable`, variable.start);
  const over = compiler.compile(receiver, locals);
  const inner = [...locals, variable.args];
  const round = roundOf(compiler, name, parts, inner);
  return (scope) =>
    round(
      scope,
      variable.args,
      elementsOf(over(scope), scope, () => compiler.source(receiver)),
    );
}

/** Whether a field is there. What is no object has no fields. */
function compileHas(
  compiler: CelCompiler,
  node: ASTNode,
  given: readonly ASTNode[],
  locals: readonly string[],
): Evaluate {
  const [asked] = given;
  if (given.length !== 1 || asked?.op !== '.')
    throw new SyntaxFault('has takes a field, such as has(steps.a.output.title)', node.start);
  const [of, name] = asked.args;
  if (of.op === 'id' && of.args === 'steps' && !locals.includes('steps')) {
    compiler.reads.steps.add(name);
    return ({ context }) => Object.hasOwn(context.steps, name);
  }
  const object = compiler.compile(of, locals);
  return (scope) => {
    const value = object(scope);
    return isJsonObject(value) && Object.hasOwn(value, name);
  };
}

/** Of an object its keys, as CEL has it. */
function elementsOf(value: JsonValue, scope: Scope, source: () => string): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  if (!isJsonObject(value))
    throw new ExpressionError(`${source()} is ${kindOf(value)}, where a list or an object is needed`);
  const keys = Object.keys(value);
  scope.meter.spend(keys.length);
  return keys;
}

type Round = (scope: Scope, variable: string, elements: readonly JsonValue[]) => JsonValue;

function roundOf(
  compiler: CelCompiler,
  name: string,
  parts: readonly ASTNode[],
  locals: readonly string[],
): Round {
  const last = parts.at(-1) as ASTNode; // there is one, or there are two
  if (name === 'map') {
    const [condition] = parts.length === 2 ? parts : [];
    const keep = condition === undefined ? () => true : compiler.boolean(condition, locals);
    const change = compiler.compile(last, locals);
    return (scope, variable, elements) => {
      const results: JsonValue[] = [];
      eachOf(scope, variable, elements, (inner) => {
        if (keep(inner)) results.push(change(inner));
      });
      return results;
    };
  }
  const holds = compiler.boolean(last, locals);
  switch (name) {
    case 'filter':
      return (scope, variable, elements) => {
        const results: JsonValue[] = [];
        eachOf(scope, variable, elements, (inner, element) => {
          if (holds(inner)) results.push(element);
        });
        return results;
      };
    case 'exists_one':
      return (scope, variable, elements) => {
        let count = 0;
        eachOf(scope, variable, elements, (inner) => {
          if (holds(inner)) count += 1;
        });
        return count === 1;
      };
    default:
      return (scope, variable, elements) => quantified(scope, variable, elements, holds, name === 'exists');
  }
}

function eachOf(
  scope: Scope,
  variable: string,
  elements: readonly JsonValue[],
  visit: (scope: Scope, element: JsonValue) => void,
): void {
  const local: Local = { name: variable, value: null, outer: scope.local };
  const inner: Scope = { context: scope.context, meter: scope.meter, local };
  for (const element of elements) {
    scope.meter.spend(1);
    local.value = element;
    visit(inner, element);
  }
}

/** One element decides, also where others cannot be evaluated. */
function quantified(
  scope: Scope,
  variable: string,
  elements: readonly JsonValue[],
  holds: (scope: Scope) => boolean,
  decisive: boolean,
): boolean {
  const local: Local = { name: variable, value: null, outer: scope.local };
  const inner: Scope = { context: scope.context, meter: scope.meter, local };
  let fault: ExpressionError | undefined;
  for (const element of elements) {
    scope.meter.spend(1);
    local.value = element;
    try {
      if (holds(inner) === decisive) return decisive;
    } catch (error) {
      const absorbed = absorbable(error, scope.meter);
      fault ??= absorbed;
    }
  }
  if (fault !== undefined) throw fault;
  return !decisive;
}
