import type { Limit as LimitSetting } from '@multiswarm/contracts';
import { StartWindow } from './start-window';
import type { Track } from './track';
import type { WaitingRoom } from './waiting-room';

type RateSetting = NonNullable<LimitSetting['rate']>;

/**
 * What one limit counts: attempts at the same time, and the starts of the last window. A bucket of tokens would let through
 * up to twice as many in a window: all that it holds, and what flows in meanwhile.
 */
export class Limit {
  running = 0;
  /** Tracks and attempts that name it, by way of their sets. */
  users = 0;
  setting: LimitSetting | undefined;
  /** Place among those that wait for a token. */
  tokenAt = -1;
  dueAt = Infinity;
  /** That of a namespace: it has been found used up, and nothing of the namespace goes. */
  isHolding = false;
  private readonly starts = new StartWindow();

  constructor(
    readonly namespace: string,
    /** Undefined: it is for the whole namespace. */
    readonly key: string | undefined,
    /** Those that wait for it; those of a namespace's own limit wait in their turns. */
    readonly room: WaitingRoom<Track>,
    /** Since when starts are counted. */
    private readonly countedSince: number,
  ) {}

  get isAwaited(): boolean {
    return this.isHolding || this.room.size > 0;
  }

  /** What has been started under the setting before counts on, where that had a rate too. */
  set(setting: LimitSetting | undefined): void {
    this.setting = setting;
  }

  /** How many more may start now. */
  free(now: number): number {
    const { rate, concurrency = Infinity } = this.setting ?? {};
    const slots = concurrency - this.running;
    if (!rate) return Math.max(0, slots);
    if (now < this.knownFrom(rate)) return 0;
    this.starts.dropUntil(now - rate.perMs);
    return Math.max(0, Math.min(slots, rate.tasks - this.starts.size));
  }

  start(now: number): void {
    this.running += 1;
    if (this.setting?.rate) this.starts.add(now);
  }

  /** What was started came to nothing. */
  undo(): void {
    this.running -= 1;
    this.starts.undo();
  }

  /** When the next start is let through, as far as the rate decides; undefined where it is not the rate. */
  nextTokenAt(now: number): number | undefined {
    const { rate, concurrency = Infinity } = this.setting ?? {};
    if (!rate || this.running >= concurrency) return undefined;
    this.starts.dropUntil(now - rate.perMs);
    const last = this.starts.nth(this.starts.size - rate.tasks + 1);
    return Math.max(now, this.knownFrom(rate), last === undefined ? now : last + rate.perMs);
  }

  /** Whether forgetting it would forget starts that still count. */
  isSpent(now: number): boolean {
    const rate = this.setting?.rate;
    if (rate) this.starts.dropUntil(now - rate.perMs);
    return this.running > 0 || (rate !== undefined && this.starts.size > 0);
  }

  /** Why it lets nobody through, for those who wait. */
  describe(now: number, wallNow: number): string {
    const what = this.key === undefined ? `namespace "${this.namespace}"` : `limit "${this.key}"`;
    const { concurrency, rate } = this.setting ?? {};
    if (concurrency !== undefined && this.running >= concurrency)
      return `${what} allows ${concurrency} at the same time, and ${this.running} are placed or running`;
    const at = new Date(wallNow + (this.nextTokenAt(now) ?? now) - now).toISOString();
    return `${what} allows ${rate?.tasks ?? 0} starts in ${rate?.perMs ?? 0} ms, which are used up: the next one at ${at}`;
  }

  /** Whoever counted before may have let through all that a window allows, just before. */
  private knownFrom({ perMs }: RateSetting): number {
    return this.countedSince + perMs;
  }
}
