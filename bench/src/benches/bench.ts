import type { Options } from '../options';
import type { Figure } from '../report';

/** Runs one bench and hands over its figures; `progress` is for people who wait. */
export type Bench = (options: Options, progress: (line: string) => void) => Promise<Figure[]>;
