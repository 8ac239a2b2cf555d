import type { Resources } from './requirements';

/**
 * Resources in whole thousandths (of a core, a MiB, a GPU, a counter). Sums of integers are exact, so what was added is what
 * is taken away again; with fractions, 0.1 + 0.2 - 0.1 would leave a core that nobody holds.
 *
 * `gpu` counts all GPUs, whatever their type; `others` counts those of each named type again (`gpu a100`), and the custom
 * counters (`custom licences`). Asked for two of any type and one a100, `gpu` is three and `gpu a100` one: it fits where
 * each type that is named has enough, and all together are enough, since any other GPU serves who named none.
 */
export interface ResourceVector {
  readonly cpu: number;
  readonly memoryMb: number;
  readonly gpu: number;
  /** Without zeros; undefined where there is none, as for most. */
  readonly others: ReadonlyMap<string, number> | undefined;
}

const BASIC_KINDS = ['cpu', 'memoryMb', 'gpu'] as const;
export const NO_RESOURCES: ResourceVector = { cpu: 0, memoryMb: 0, gpu: 0, others: undefined };

const THOUSANDTHS = 1000;
/** The word for GPUs whose type does not matter, or is not said. */
export const ANY_GPU = 'any';
const OF_GPU_TYPE = 'gpu ';
const OF_COUNTER = 'custom ';

/** What is not named is zero. */
export function toVector(resources: Resources | undefined): ResourceVector {
  if (resources === undefined) return NO_RESOURCES;
  const { cpu, memoryMb, gpu, custom } = resources;
  return {
    cpu: thousandths(cpu),
    memoryMb: thousandths(memoryMb),
    gpu: typeof gpu === 'object' ? sumOf(gpu) : thousandths(gpu),
    others: typeof gpu === 'object' || custom !== undefined ? othersOf(gpu, custom) : undefined,
  };
}

function thousandths(amount: number | undefined): number {
  return amount === undefined ? 0 : Math.round(amount * THOUSANDTHS);
}

function sumOf(gpus: Readonly<Record<string, number>>): number {
  return Object.values(gpus).reduce((sum, count) => sum + thousandths(count), 0);
}

function othersOf(gpu: Resources['gpu'], custom: Resources['custom']): ResourceVector['others'] {
  const others = new Map<string, number>();
  for (const [type, count] of typeof gpu === 'object' ? Object.entries(gpu) : [])
    if (type !== ANY_GPU) others.set(OF_GPU_TYPE + type, thousandths(count));
  for (const [name, amount] of Object.entries(custom ?? {}))
    others.set(OF_COUNTER + name, thousandths(amount));
  return withoutZeros(others);
}

/** As resources are written; kinds of which there is none are left out. GPUs whose type was not named are `any`. */
export function fromVector(vector: ResourceVector): Resources {
  const resources: Resources = {};
  const gpus = new Map<string, number>();
  const custom = new Map<string, number>();
  if (vector.cpu !== 0) resources.cpu = vector.cpu / THOUSANDTHS;
  if (vector.memoryMb !== 0) resources.memoryMb = vector.memoryMb / THOUSANDTHS;
  const any = vector.gpu - namedGpus(vector);
  for (const [kind, amount] of vector.others ?? []) {
    const isGpu = kind.startsWith(OF_GPU_TYPE);
    const [named, prefix] = isGpu ? [gpus, OF_GPU_TYPE] : [custom, OF_COUNTER];
    named.set(kind.slice(prefix.length), amount / THOUSANDTHS);
  }
  if (gpus.size === 0 && any !== 0) resources.gpu = any / THOUSANDTHS;
  else if (gpus.size > 0) {
    if (any !== 0) gpus.set(ANY_GPU, any / THOUSANDTHS);
    resources.gpu = Object.fromEntries(gpus);
  }
  if (custom.size > 0) resources.custom = Object.fromEntries(custom);
  return resources;
}

function namedGpus({ others }: ResourceVector): number {
  let sum = 0;
  for (const [kind, amount] of others ?? []) if (kind.startsWith(OF_GPU_TYPE)) sum += amount;
  return sum;
}

export function addVectors(a: ResourceVector, b: ResourceVector): ResourceVector {
  return combined(a, b, 1);
}

export function subtractVectors(a: ResourceVector, b: ResourceVector): ResourceVector {
  return combined(a, b, -1);
}

function combined(a: ResourceVector, b: ResourceVector, sign: 1 | -1): ResourceVector {
  return {
    cpu: a.cpu + sign * b.cpu,
    memoryMb: a.memoryMb + sign * b.memoryMb,
    gpu: a.gpu + sign * b.gpu,
    others: b.others === undefined ? a.others : combinedOthers(a.others, b.others, sign),
  };
}

function combinedOthers(
  a: ResourceVector['others'],
  b: NonNullable<ResourceVector['others']>,
  sign: 1 | -1,
): ResourceVector['others'] {
  const sums = new Map(a ?? []);
  for (const [kind, amount] of b) sums.set(kind, (sums.get(kind) ?? 0) + sign * amount);
  return withoutZeros(sums);
}

function withoutZeros(amounts: Map<string, number>): ResourceVector['others'] {
  for (const [kind, amount] of amounts) if (amount === 0) amounts.delete(kind);
  return amounts.size === 0 ? undefined : amounts;
}

/** Whether `asked` fits into `left`, kind by kind. What is not asked for fits anywhere, also where a kind is overdrawn. */
export function vectorFits(asked: ResourceVector, left: ResourceVector): boolean {
  return (
    (asked.cpu === 0 || asked.cpu <= left.cpu) &&
    (asked.memoryMb === 0 || asked.memoryMb <= left.memoryMb) &&
    (asked.gpu === 0 || asked.gpu <= left.gpu) &&
    (asked.others === undefined || fitsOthers(asked.others, left.others))
  );
}

function fitsOthers(asked: NonNullable<ResourceVector['others']>, left: ResourceVector['others']): boolean {
  for (const [kind, amount] of asked) if (amount > (left?.get(kind) ?? 0)) return false;
  return true;
}

/** Whether any kind of `after` is more than in `before`. */
export function vectorGrew(before: ResourceVector, after: ResourceVector): boolean {
  if (BASIC_KINDS.some((kind) => after[kind] > before[kind])) return true;
  if (before.others === after.others) return false;
  const kinds = new Set([...(before.others?.keys() ?? []), ...(after.others?.keys() ?? [])]);
  return [...kinds].some((kind) => (after.others?.get(kind) ?? 0) > (before.others?.get(kind) ?? 0));
}

export function vectorAtLeastZero(a: ResourceVector): ResourceVector {
  const others = new Map<string, number>();
  for (const [kind, amount] of a.others ?? []) if (amount > 0) others.set(kind, amount);
  return {
    cpu: Math.max(0, a.cpu),
    memoryMb: Math.max(0, a.memoryMb),
    gpu: Math.max(0, a.gpu),
    others: withoutZeros(others),
  };
}

/** Whether nothing is asked for. */
export function isEmptyVector({ cpu, memoryMb, gpu, others }: ResourceVector): boolean {
  return cpu === 0 && memoryMb === 0 && gpu === 0 && others === undefined;
}

export function isSameVector(a: ResourceVector, b: ResourceVector): boolean {
  if (a === b) return true;
  return (
    BASIC_KINDS.every((kind) => a[kind] === b[kind]) &&
    a.others?.size === b.others?.size &&
    [...(a.others ?? [])].every(([kind, amount]) => b.others?.get(kind) === amount)
  );
}

/**
 * Each kind of which there is any, by itself, with its amount in the units in which it was written: `gpu a100` and 2. GPUs
 * whose types are all named are not listed together again.
 */
export function partsOfVector(
  vector: ResourceVector,
): { kind: string; amount: number; part: ResourceVector }[] {
  const areAllNamed = vector.gpu === namedGpus(vector);
  const basic = BASIC_KINDS.filter((kind) => vector[kind] !== 0 && !(kind === 'gpu' && areAllNamed)).map(
    (kind) => ({
      kind: kind,
      amount: vector[kind] / THOUSANDTHS,
      part: { ...NO_RESOURCES, [kind]: vector[kind] },
    }),
  );
  const others = [...(vector.others ?? [])].map(([kind, amount]) => ({
    kind,
    amount: amount / THOUSANDTHS,
    part: { ...NO_RESOURCES, others: new Map([[kind, amount]]) },
  }));
  return [...basic, ...others];
}
