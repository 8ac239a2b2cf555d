import type { Resources } from '@multiswarm/contracts';

/**
 * Resources in whole thousandths (of a core, a MiB, a GPU). Sums of integers are exact, so what was added is what is
 * taken away again; with fractions, 0.1 + 0.2 - 0.1 would leave a core that nobody holds.
 */
export interface ResourceVector {
  readonly cpu: number;
  readonly memoryMb: number;
  readonly gpu: number;
}

export const RESOURCE_KINDS = ['cpu', 'memoryMb', 'gpu'] as const satisfies readonly (keyof Resources)[];
export const NO_RESOURCES: ResourceVector = { cpu: 0, memoryMb: 0, gpu: 0 };

const THOUSANDTHS = 1000;

/** What is not named is zero. */
export function toVector(resources: Resources | undefined): ResourceVector {
  if (resources === undefined) return NO_RESOURCES;
  return {
    cpu: Math.round((resources.cpu ?? 0) * THOUSANDTHS),
    memoryMb: Math.round((resources.memoryMb ?? 0) * THOUSANDTHS),
    gpu: Math.round((resources.gpu ?? 0) * THOUSANDTHS),
  };
}

export function plus(a: ResourceVector, b: ResourceVector): ResourceVector {
  return { cpu: a.cpu + b.cpu, memoryMb: a.memoryMb + b.memoryMb, gpu: a.gpu + b.gpu };
}

export function minus(a: ResourceVector, b: ResourceVector): ResourceVector {
  return { cpu: a.cpu - b.cpu, memoryMb: a.memoryMb - b.memoryMb, gpu: a.gpu - b.gpu };
}

/** Whether `asked` fits into `left`, kind by kind. What is not asked for fits anywhere, also where a kind is overdrawn. */
export function fits(asked: ResourceVector, left: ResourceVector): boolean {
  return (
    (asked.cpu === 0 || asked.cpu <= left.cpu) &&
    (asked.memoryMb === 0 || asked.memoryMb <= left.memoryMb) &&
    (asked.gpu === 0 || asked.gpu <= left.gpu)
  );
}

/** Whether any kind of `after` is more than in `before`. */
export function grew(before: ResourceVector, after: ResourceVector): boolean {
  return RESOURCE_KINDS.some((kind) => after[kind] > before[kind]);
}

export function atLeastZero(a: ResourceVector): ResourceVector {
  return { cpu: Math.max(0, a.cpu), memoryMb: Math.max(0, a.memoryMb), gpu: Math.max(0, a.gpu) };
}
