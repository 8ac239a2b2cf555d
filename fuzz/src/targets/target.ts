import type fc from 'fast-check';

/** Something that takes requests. */
export interface Target<R = unknown> {
  /** As `--only` names it. */
  name: string;
  requests: fc.Arbitrary<R>;
  /** Sends one; resolves with what is wrong about the answer, if anything is. */
  readonly send: (request: R) => Promise<string | undefined>;
}

/** All targets of one face, and how to leave it. */
export interface Targets<R> {
  targets: Target<R>[];
  readonly close: () => void;
}
