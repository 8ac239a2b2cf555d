export interface BreakerRules {
  /** Failures in a row, of whatever messages, after which it opens. */
  failures: number;
  /** How long it stays open the first time; twice as long each time that a try fails. */
  openMs: number;
  longestMs: number;
}

export const BREAKER_RULES: BreakerRules = { failures: 10, openMs: 2_000, longestMs: 60_000 };

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * The circuit breaker of one recipient (Nygard, "Release It!", 2007): where every handler fails, the recipient is given nothing for a
 * while, then one message; what waits meanwhile costs no try. Times are monotonic milliseconds, given by the caller.
 */
export class Breaker {
  private inRow = 0;
  private openings = 0;
  private openUntilMs: number | undefined;
  private trying = false;
  private opened = false;

  constructor(private readonly rules: BreakerRules) {}

  state(nowMs: number): BreakerState {
    if (this.openUntilMs === undefined) return 'closed';
    return nowMs < this.openUntilMs ? 'open' : 'half-open';
  }

  /** When it lets one through again; undefined where it is closed. */
  get opensAtMs(): number | undefined {
    return this.openUntilMs;
  }

  /** Messages that may be handed over now. */
  allows(nowMs: number): number {
    const state = this.state(nowMs);
    if (state === 'closed') return Infinity;
    return state === 'half-open' && !this.trying ? 1 : 0;
  }

  /** One was handed over. */
  given(nowMs: number): void {
    if (this.state(nowMs) === 'half-open') this.trying = true;
  }

  /** One came back without having been tried. */
  untried(): void {
    this.trying = false;
  }

  succeeded(): void {
    this.inRow = this.openings = 0;
    this.trying = false;
    this.openUntilMs = undefined;
  }

  /** @returns whether it has opened by this */
  failed(nowMs: number): boolean {
    this.inRow += 1;
    const wasTrying = this.trying;
    this.trying = false;
    if (this.openUntilMs === undefined ? this.inRow < this.rules.failures : !wasTrying) return false;
    this.openUntilMs = nowMs + Math.min(this.rules.longestMs, this.rules.openMs * 2 ** this.openings);
    this.openings += 1;
    this.opened = true;
    return true;
  }

  /** Whether it has opened since this was asked last. */
  takeOpening(): boolean {
    const { opened } = this;
    this.opened = false;
    return opened;
  }
}
