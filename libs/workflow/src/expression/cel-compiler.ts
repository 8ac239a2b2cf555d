import type { ASTNode } from '@marcbachmann/cel-js';
import type { JsonValue } from '@multiswarm/contracts';
import { FUNCTIONS, METHODS } from './cel-functions';
import { compileMacro, isMacro } from './cel-macros';
import { BINARY } from './cel-operators';
import type { Evaluate, Scope } from './cel-scope';
import { absorbable, ExpressionError } from './expression-error';
import { isJsonObject, kindOf, type JsonObject } from './json-equals';
import { SyntaxFault } from './syntax-fault';

/** What a condition looks at. */
export interface Reads {
  readonly steps: Set<string>;
  /** `item` or `index`. */
  item: boolean;
}

/** Turns a syntax tree into functions. What it does not know it refuses, so nothing of the library is ever evaluated. */
export class CelCompiler {
  readonly reads: Reads = { steps: new Set(), item: false };

  constructor(private readonly text: string) {}

  /** @param locals the variables of the macros around it. */
  compile(node: ASTNode, locals: readonly string[]): Evaluate {
    const evaluate = this.translate(node, locals);
    return (scope) => {
      scope.meter.spend(1);
      return evaluate(scope);
    };
  }

  source(node: ASTNode): string {
    return this.text.slice(node.start, node.end);
  }

  private translate(node: ASTNode, locals: readonly string[]): Evaluate {
    switch (node.op) {
      case 'value':
        return literal(node);
      case 'id':
        return this.name(node, node.args, locals);
      case '.':
        return this.field(node, node.args[0], node.args[1], locals);
      case '[]':
        return this.element(node, node.args[0], node.args[1], locals);
      case 'call':
        return this.call(node, node.args[0], undefined, node.args[1], locals);
      case 'rcall':
        return this.call(node, node.args[0], node.args[1], node.args[2], locals);
      case 'list':
        return listOf(node.args.map((element) => this.compile(element, locals)));
      case 'map':
        return objectOf(
          node.args.map(([key, value]) => [this.compile(key, locals), this.compile(value, locals)] as const),
        );
      case '?:':
        return this.choice(node.args, locals);
      case '&&':
        return this.logical(node.args, locals, false);
      case '||':
        return this.logical(node.args, locals, true);
      case '!_': {
        const operand = this.boolean(node.args, locals);
        return (scope) => !operand(scope);
      }
      case '-_': {
        const operand = this.compile(node.args, locals);
        return (scope) => negative(operand(scope));
      }
      default:
        return this.binary(node, locals);
    }
  }

  private name(node: ASTNode, name: string, locals: readonly string[]): Evaluate {
    if (locals.includes(name)) return (scope) => localValue(scope, name);
    switch (name) {
      case 'run':
        // Interfaces have no index signature; these are JSON.
        return (scope) => scope.context.run;
      case 'item':
      case 'index':
        this.reads.item = true;
        return ({ context }) => {
          const value = context[name];
          if (value === undefined)
            throw new ExpressionError(`there is no ${name}: only items of a map have one`);
          return value;
        };
      case 'steps':
        throw new SyntaxFault(
          "write steps.<id> or steps['<id>']: which steps are looked at must be known before",
          node.start,
        );
      default:
        throw new SyntaxFault(`there is no ${name}, only run, steps, item and index`, node.start);
    }
  }

  private field(node: ASTNode, of: ASTNode, name: string, locals: readonly string[]): Evaluate {
    if (isSteps(of, locals)) return this.step(name);
    const object = this.compile(of, locals);
    return (scope) => fieldOf(object(scope), name, () => this.source(of));
  }

  private element(node: ASTNode, of: ASTNode, at: ASTNode, locals: readonly string[]): Evaluate {
    if (isSteps(of, locals) && at.op === 'value' && typeof at.args === 'string') return this.step(at.args);
    const whole = this.compile(of, locals);
    const key = this.compile(at, locals);
    return (scope) => elementOf(whole(scope), key(scope), () => this.source(of));
  }

  private step(id: string): Evaluate {
    this.reads.steps.add(id);
    return ({ context }) => {
      if (!Object.hasOwn(context.steps, id)) throw new ExpressionError(`there is no step ${id}`);
      return context.steps[id] as unknown as JsonObject; // as of `run`
    };
  }

  private call(
    node: ASTNode,
    name: string,
    receiver: ASTNode | undefined,
    given: readonly ASTNode[],
    locals: readonly string[],
  ): Evaluate {
    if (isMacro(name, receiver)) return compileMacro(this, node, name, receiver, given, locals);
    const known = receiver === undefined ? FUNCTIONS : METHODS;
    const found = Object.hasOwn(known, name) ? known[name] : undefined;
    if (found === undefined) throw new SyntaxFault(noSuchFunction(name), node.start);
    const [of, argument, ...more] = [...(receiver === undefined ? [] : [receiver]), ...given].map((each) =>
      this.compile(each, locals),
    );
    const count = given.length + (receiver === undefined ? 0 : 1);
    if (of === undefined || count !== found.arity || more.length > 0)
      throw new SyntaxFault(
        `${name} takes ${found.arity - (receiver === undefined ? 0 : 1)} arguments`,
        node.start,
      );
    return (scope) => found.call(scope.meter, of(scope), argument === undefined ? null : argument(scope));
  }

  private choice(
    [asked, then, otherwise]: readonly [ASTNode, ASTNode, ASTNode],
    locals: readonly string[],
  ): Evaluate {
    const condition = this.boolean(asked, locals);
    const [yes, no] = [this.compile(then, locals), this.compile(otherwise, locals)];
    return (scope) => (condition(scope) ? yes(scope) : no(scope));
  }

  /** As CEL has it: what decides decides, also where the other side cannot be evaluated. */
  private logical(
    sides: readonly [ASTNode, ASTNode],
    locals: readonly string[],
    decisive: boolean,
  ): Evaluate {
    const [left, right] = [this.boolean(sides[0], locals), this.boolean(sides[1], locals)];
    return (scope) => {
      let fault: ExpressionError | undefined;
      try {
        if (left(scope) === decisive) return decisive;
      } catch (error) {
        fault = absorbable(error, scope.meter);
      }
      if (right(scope) === decisive) return decisive;
      if (fault !== undefined) throw fault;
      return !decisive;
    };
  }

  boolean(node: ASTNode, locals: readonly string[]): (scope: Scope) => boolean {
    const evaluate = this.compile(node, locals);
    return (scope) => {
      const value = evaluate(scope);
      if (typeof value === 'boolean') return value;
      throw new ExpressionError(`${this.source(node)} is ${kindOf(value)}, where true or false is needed`);
    };
  }

  private binary(node: ASTNode, locals: readonly string[]): Evaluate {
    const compute = Object.hasOwn(BINARY, node.op) ? BINARY[node.op] : undefined;
    if (compute === undefined) throw new SyntaxFault(`${node.op} is not available`, node.start);
    const [first, second] = node.args as readonly [ASTNode, ASTNode]; // all of these operators have two sides
    const [left, right] = [this.compile(first, locals), this.compile(second, locals)];
    return (scope) => compute(left(scope), right(scope), scope.meter);
  }
}

function isSteps(node: ASTNode, locals: readonly string[]): boolean {
  return node.op === 'id' && node.args === 'steps' && !locals.includes('steps');
}

function noSuchFunction(name: string): string {
  if (name === 'matches') return 'there are no regular expressions: their cost has no limit';
  return `there is no function ${name}`;
}

function literal(node: ASTNode & { op: 'value' }): Evaluate {
  const { args: given } = node;
  const value = typeof given === 'bigint' ? Number(given) : given;
  if (typeof value === 'object' && value !== null)
    throw new SyntaxFault('only texts, numbers, true, false and null are available', node.start);
  return () => value;
}

function localValue(scope: Scope, name: string): JsonValue {
  let local = scope.local;
  while (local !== undefined && local.name !== name) local = local.outer;
  return local?.value ?? null;
}

function listOf(elements: readonly Evaluate[]): Evaluate {
  return (scope) => elements.map((element) => element(scope));
}

function objectOf(entries: readonly (readonly [Evaluate, Evaluate])[]): Evaluate {
  return (scope) => {
    const made: JsonObject = Object.create(null) as JsonObject; // so that any key is a key like others
    for (const [key, value] of entries) {
      const name = key(scope);
      if (typeof name !== 'string')
        throw new ExpressionError(`a key is ${kindOf(name)}, where a text is needed`);
      made[name] = value(scope);
    }
    return made;
  };
}

function fieldOf(value: JsonValue, name: string, source: () => string): JsonValue {
  if (!isJsonObject(value))
    throw new ExpressionError(`${source()} is ${kindOf(value)}, which has no field ${name}`);
  if (!Object.hasOwn(value, name)) throw new ExpressionError(`${source()} has no field ${name}`);
  return value[name] ?? null;
}

function elementOf(value: JsonValue, key: JsonValue, source: () => string): JsonValue {
  if (typeof key === 'string') return fieldOf(value, key, source);
  if (!Array.isArray(value) || typeof key !== 'number')
    throw new ExpressionError(`${source()} is ${kindOf(value)}, which has no element at ${kindOf(key)}`);
  const found = Number.isInteger(key) && key >= 0 ? value[key] : undefined;
  if (found === undefined)
    throw new ExpressionError(`${source()} has no element ${key}: it has ${value.length}`);
  return found;
}

function negative(value: JsonValue): number {
  if (typeof value !== 'number') throw new ExpressionError(`- does not fit ${kindOf(value)}`);
  return -value;
}
