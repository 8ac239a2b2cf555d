import type { JsonValue } from '@multiswarm/contracts';
import { ExpressionError } from './expression-error';
import { isJsonObject, jsonEquals, kindOf } from './json-equals';
import type { Meter } from './meter';

type Binary = (left: JsonValue, right: JsonValue, meter: Meter) => JsonValue;

/** There is one kind of number, that of JSON. */
export const BINARY: Readonly<Record<string, Binary>> = {
  '==': equal,
  '!=': (left, right, meter) => !equal(left, right, meter),
  '<': ordered('<', (order) => order < 0),
  '<=': ordered('<=', (order) => order <= 0),
  '>': ordered('>', (order) => order > 0),
  '>=': ordered('>=', (order) => order >= 0),
  '+': plus,
  '-': arithmetic('-', (left, right) => left - right),
  '*': arithmetic('*', (left, right) => left * right),
  '/': arithmetic('/', (left, right) => left / nonZero(right)),
  '%': arithmetic('%', (left, right) => left % nonZero(right)),
  in: contains,
};

function equal(left: JsonValue, right: JsonValue, meter: Meter): boolean {
  meter.weigh(left);
  meter.weigh(right);
  return jsonEquals(left, right);
}

function ordered(operator: string, holds: (order: number) => boolean): Binary {
  return (left, right, meter) => {
    if (typeof left === 'number' && typeof right === 'number') return holds(left - right);
    if (typeof left !== 'string' || typeof right !== 'string') throw misfit(operator, left, right);
    meter.spendText(left);
    return holds(left < right ? -1 : Number(left > right));
  };
}

function plus(left: JsonValue, right: JsonValue, meter: Meter): JsonValue {
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') {
    meter.spendText(left);
    meter.spendText(right);
    return left + right;
  }
  if (!Array.isArray(left) || !Array.isArray(right)) throw misfit('+', left, right);
  meter.spend(left.length + right.length);
  return [...left, ...right];
}

function arithmetic(operator: string, compute: (left: number, right: number) => number): Binary {
  return (left, right) => {
    if (typeof left !== 'number' || typeof right !== 'number') throw misfit(operator, left, right);
    return compute(left, right);
  };
}

function nonZero(divisor: number): number {
  if (divisor === 0) throw new ExpressionError('division by zero');
  return divisor;
}

function contains(left: JsonValue, right: JsonValue, meter: Meter): boolean {
  if (Array.isArray(right)) {
    meter.weigh(right);
    return right.some((element) => jsonEquals(left, element));
  }
  if (!isJsonObject(right) || typeof left !== 'string') throw misfit('in', left, right);
  return Object.hasOwn(right, left);
}

function misfit(operator: string, left: JsonValue, right: JsonValue): ExpressionError {
  return new ExpressionError(`${operator} does not fit ${kindOf(left)} and ${kindOf(right)}`);
}
