/** As swarms come, ms. */
const INTERVAL_MS = 2_000;
/** Heartbeats of a second, at most: swarms of larger fleets send fewer. */
const MOST_HEARTBEATS = 5_000;

/** How often each of so many swarms sends a heartbeat, ms. */
export function intervalOf(endpoints: number): number {
  return Math.max(INTERVAL_MS, (endpoints * 1_000) / MOST_HEARTBEATS);
}

/** What is placed, among how many. */
export interface Shape {
  readonly policy: string;
  readonly endpoints: number;
  /** Classes of requirements. */
  readonly classes: number;
  /** Each item wishes to be near its region. */
  readonly wishes: boolean;
}

/** What one run of one shape has shown. */
export interface Measured {
  /** µs for one placement. */
  readonly p50: number;
  readonly p99: number;
  readonly mean: number;
  /** µs for a heartbeat, and for an outcome, on average. */
  readonly heartbeat: number;
  readonly outcome: number;
  /** Share of the items that found no room. */
  readonly refused: number;
}

/** What a process that measures is asked. */
export type Question =
  | ({ kind: 'engine'; warmUp: number; placements: number } & Shape)
  | ({ kind: 'growth'; settle: number; placements: number } & Shape)
  | { kind: 'moleculer'; endpoints: number; choices: number };

/** What is left on the heap of so many placements, after collecting garbage, bytes for each. */
export interface Growth {
  readonly bytesEach: number;
  readonly heapMb: number;
}
