import type { ASTNode } from '@marcbachmann/cel-js';
import type { JsonValue } from '@multiswarm/contracts';
import { ANYTHING, either, elementOf, fieldOf, listOf, ofTypes, typesOf, type Shape } from '../schema/shape';
import {
  ARRAY,
  BOOLEAN,
  INTEGER,
  namesOf,
  NUMBER,
  OBJECT,
  STRING,
  typeOfValue,
  type Types,
} from '../schema/types';
import { SyntaxFault } from './syntax-fault';

type Locals = ReadonlyMap<string, Shape>;
const NO_LOCALS: Locals = new Map();

/** What functions and methods take (the value of a method first), and give. */
const SIGNATURES: Readonly<Record<string, { takes: readonly Types[]; gives: Types }>> = {
  size: { takes: [STRING | ARRAY | OBJECT], gives: INTEGER },
  int: { takes: [NUMBER | STRING], gives: INTEGER },
  double: { takes: [NUMBER | STRING], gives: NUMBER },
  string: { takes: [STRING | NUMBER | BOOLEAN], gives: STRING },
  timestamp: { takes: [STRING], gives: NUMBER },
  duration: { takes: [STRING], gives: NUMBER },
  startsWith: { takes: [STRING, STRING], gives: BOOLEAN },
  endsWith: { takes: [STRING, STRING], gives: BOOLEAN },
  contains: { takes: [STRING, STRING], gives: BOOLEAN },
  lowerAscii: { takes: [STRING], gives: STRING },
  upperAscii: { takes: [STRING], gives: STRING },
  trim: { takes: [STRING], gives: STRING },
};

/**
 * What is definitely wrong with the types of a condition: what cannot be true or false, or is no operand of what is done with it,
 * whatever the run gives.
 * @param context what is known of what the condition looks at
 */
export function typeFaultOf(node: ASTNode, text: string, context: Shape): string | undefined {
  try {
    new CelTypes(text, context).expect(node, BOOLEAN, NO_LOCALS);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxFault) return error.message;
    throw error;
  }
}

class CelTypes {
  constructor(
    private readonly text: string,
    private readonly context: Shape,
  ) {}

  expect(node: ASTNode, needed: Types, locals: Locals): Shape {
    const shape = this.of(node, locals);
    const types = typesOf(shape);
    if ((types & needed) === 0)
      throw new SyntaxFault(
        `${this.source(node)} is ${namesOf(types)}, where ${namesOf(needed)} is needed`,
        node.start,
      );
    return shape;
  }

  private of(node: ASTNode, locals: Locals): Shape {
    switch (node.op) {
      case 'value':
        return ofTypes(
          typeOfValue((typeof node.args === 'bigint' ? Number(node.args) : node.args) as JsonValue),
        ); // no other ones are compiled
      case 'id':
        return locals.get(node.args) ?? fieldOf(this.context, node.args);
      case '.':
        return this.child(node, node.args[0], node.args[1], locals);
      case '[]':
        return this.element(node, node.args[0], node.args[1], locals);
      case 'call':
        return this.call(node.args[0], node.args[1], locals);
      case 'rcall':
        return this.method(node.args[0], node.args[1], node.args[2], locals);
      case 'list':
        return listOf(
          node.args.length === 0 ? ANYTHING : either(node.args.map((each) => this.of(each, locals))),
        );
      case 'map':
        for (const [key, value] of node.args) {
          this.expect(key, STRING, locals);
          this.of(value, locals);
        }
        return ofTypes(OBJECT);
      case '?:':
        this.expect(node.args[0], BOOLEAN, locals);
        return either([this.of(node.args[1], locals), this.of(node.args[2], locals)]);
      case '&&':
      case '||':
        for (const side of node.args) this.expect(side, BOOLEAN, locals);
        return ofTypes(BOOLEAN);
      case '!_':
        this.expect(node.args, BOOLEAN, locals);
        return ofTypes(BOOLEAN);
      case '-_':
        this.expect(node.args, NUMBER, locals);
        return ofTypes(NUMBER);
      default:
        return this.binary(node, locals);
    }
  }

  private child(node: ASTNode, of: ASTNode, key: string | number, locals: Locals): Shape {
    const whole = this.of(of, locals);
    const found = typeof key === 'string' ? fieldOf(whole, key) : elementOf(whole, key);
    if (typesOf(found) === 0)
      throw new SyntaxFault(`${this.source(of)} can have nothing at ${key}`, node.pos);
    return found;
  }

  private element(node: ASTNode, of: ASTNode, at: ASTNode, locals: Locals): Shape {
    if (at.op === 'value' && typeof at.args === 'string') return this.child(node, of, at.args, locals);
    if (at.op === 'value' && typeof at.args === 'bigint')
      return this.child(node, of, Number(at.args), locals);
    this.expect(of, ARRAY | OBJECT, locals);
    this.expect(at, STRING | NUMBER, locals);
    return ANYTHING;
  }

  private call(name: string, given: readonly ASTNode[], locals: Locals): Shape {
    if (name !== 'has') return this.apply(name, given, locals);
    const [asked] = given;
    if (asked?.op === '.') this.of(asked.args[0], locals);
    return ofTypes(BOOLEAN);
  }

  private method(name: string, of: ASTNode, given: readonly ASTNode[], locals: Locals): Shape {
    const [variable, ...parts] = given;
    if (Object.hasOwn(SIGNATURES, name) || variable?.op !== 'id')
      return this.apply(name, [of, ...given], locals);
    const range = this.expect(of, ARRAY | OBJECT, locals);
    const element = elementIn(range);
    const inner = new Map(locals).set(variable.args, element);
    const [first, last] = [parts[0], parts.at(-1)];
    if (first !== undefined && (name !== 'map' || parts.length === 2)) this.expect(first, BOOLEAN, inner);
    if (name === 'filter') return listOf(element);
    return name === 'map' && last !== undefined ? listOf(this.of(last, inner)) : ofTypes(BOOLEAN);
  }

  private apply(name: string, given: readonly ASTNode[], locals: Locals): Shape {
    const signature = Object.hasOwn(SIGNATURES, name) ? SIGNATURES[name] : undefined;
    given.forEach((each, index) => this.expect(each, signature?.takes[index] ?? 0, locals));
    return ofTypes(signature?.gives ?? 0);
  }

  private binary(node: ASTNode, locals: Locals): Shape {
    const [first, second] = node.args as readonly [ASTNode, ASTNode]; // what is left has two sides
    const [left, right] = [typesOf(this.of(first, locals)), typesOf(this.of(second, locals))];
    const shared = left & right;
    switch (node.op) {
      case '==':
      case '!=':
        return ofTypes(BOOLEAN);
      case 'in':
        this.expect(second, ARRAY | OBJECT, locals);
        return ofTypes(BOOLEAN);
      case '<':
      case '<=':
      case '>':
      case '>=':
        if (!isBoth(left, right, NUMBER) && (shared & STRING) === 0) throw this.misfit(node, left, right);
        return ofTypes(BOOLEAN);
      case '+': {
        const sum = (isBoth(left, right, NUMBER) ? NUMBER : 0) | (shared & (STRING | ARRAY));
        if (sum === 0) throw this.misfit(node, left, right);
        return ofTypes(sum);
      }
      default:
        if (!isBoth(left, right, NUMBER)) throw this.misfit(node, left, right);
        return ofTypes(NUMBER);
    }
  }

  private misfit(node: ASTNode, left: Types, right: Types): SyntaxFault {
    return new SyntaxFault(`${node.op} does not fit ${namesOf(left)} and ${namesOf(right)}`, node.start);
  }

  private source(node: ASTNode): string {
    return this.text.slice(node.start, node.end);
  }
}

/** An integer may be compared with any number. */
function isBoth(left: Types, right: Types, types: Types): boolean {
  return (left & types) !== 0 && (right & types) !== 0;
}

/** What a macro goes through: the elements of a list, the keys of an object. */
function elementIn(range: Shape): Shape {
  const types = typesOf(range);
  if ((types & ARRAY) === 0) return ofTypes(STRING);
  return (types & OBJECT) === 0 ? elementOf(range) : ANYTHING;
}
