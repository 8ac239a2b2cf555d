import { usageFault } from '../faults';
import { scalarOf, type Scalar } from './conditions';

/** For options that may be given several times, or once with commas. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [
    ...before,
    ...value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ];
}

/** `k=v` as an entry; what stands after the first `=` belongs to the value. */
export function splitPair(option: string, text: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw usageFault(`${option} ${text}: expected key=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

export function collectPair(
  option: string,
): (text: string, before?: Record<string, string>) => Record<string, string> {
  return (text, before = {}) => {
    const [key, value] = splitPair(option, text);
    return { ...before, [key]: value };
  };
}

/**
 * Attributes are typed: `gpu_memory=40` is a number ("at least"), `spot=true` a flag, everything else text. A key given
 * several times is a list: the swarm offers each of its values.
 */
export function collectAttribute(
  text: string,
  before: Record<string, Scalar | Scalar[]> = {},
): Record<string, Scalar | Scalar[]> {
  const [key, word] = splitPair('--attribute', text);
  const value = scalarOf(word);
  const known = Object.hasOwn(before, key) ? before[key] : undefined;
  if (known === undefined) return { ...before, [key]: value };
  return { ...before, [key]: [...(Array.isArray(known) ? known : [known]), value] };
}

export function integerOption(name: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw usageFault(`${name} must be a whole number from ${least} to ${most}, not "${text}"`);
  };
}

export function numberOption(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
    throw usageFault(`${name} must be a number, 0 or more, not "${text}"`);
  };
}

/** Whole numbers, 0 or more: an option that may be given several times, or once with commas. */
export function repeatedInteger(name: string): (text: string, before?: readonly number[]) => number[] {
  const one = integerOption(name, 0, Number.MAX_SAFE_INTEGER);
  return (text, before = []) => [...before, ...collect(text).map(one)];
}
