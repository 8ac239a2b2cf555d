import type fc from 'fast-check';

/** Harmless requests that are kept of each target. */
export const HARMLESS = 2;

/** Something that takes requests. */
export interface Target<R = unknown> {
  /** As `--only` names it. */
  name: string;
  requests: fc.Arbitrary<R>;
  /** Some of those that were sent and have changed nothing: refused, or only read. */
  readonly harmless: readonly R[];
  /** Sends one; resolves with what is wrong about the answer, if anything is. */
  readonly send: (request: R) => Promise<string | undefined>;
}

/** All targets of one face, and how to leave it. */
export interface Targets<R> {
  targets: Target<R>[];
  readonly close: () => void;
}
