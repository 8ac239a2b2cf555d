import type { Limit as LimitSetting } from '@multiswarm/contracts';
import type { Track } from './track';
import type { WaitingRoom } from './waiting-room';

/** A token that has come but for an error of floating point has come. */
const ROUNDING = 1e-6;

/** What one limit counts: attempts at the same time, and starts, which a bucket of tokens lets through. */
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
  private tokens = 0;
  private countedAt = 0;

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

  /**
   * A bucket fills from when starts are counted: whoever counted before may just have emptied it. When its size changes it
   * keeps what it has, as far as there is room.
   */
  set(setting: LimitSetting | undefined, now: number): void {
    const before = this.setting?.rate;
    this.refill(now);
    this.setting = setting;
    const rate = setting?.rate;
    if (rate) {
      const atMost = before ? this.tokens : ((now - this.countedSince) * rate.tasks) / rate.perMs;
      this.tokens = Math.min(rate.tasks, atMost);
    }
    this.countedAt = now;
  }

  /** How many more may start now. */
  free(now: number): number {
    if (!this.setting) return Infinity;
    this.refill(now);
    const slots = (this.setting.concurrency ?? Infinity) - this.running;
    const starts = this.setting.rate ? Math.floor(this.tokens + ROUNDING) : Infinity;
    return Math.max(0, Math.min(slots, starts));
  }

  start(now: number): void {
    this.refill(now);
    this.running += 1;
    this.tokens -= 1;
  }

  /** What was started came to nothing. */
  undo(): void {
    this.running -= 1;
    this.tokens = Math.min(this.tokens + 1, this.setting?.rate?.tasks ?? 0);
  }

  /** When the next start is let through, as far as the rate decides; undefined where it is not the rate. */
  nextTokenAt(now: number): number | undefined {
    const { rate, concurrency = Infinity } = this.setting ?? {};
    if (!rate || this.running >= concurrency) return undefined;
    this.refill(now);
    return this.tokens + ROUNDING >= 1 ? now : now + Math.ceil(((1 - this.tokens) * rate.perMs) / rate.tasks);
  }

  /** Whether forgetting it would forget starts that still count. */
  isSpent(now: number): boolean {
    this.refill(now);
    return this.running > 0 || this.tokens + ROUNDING < (this.setting?.rate?.tasks ?? 0);
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

  private refill(now: number): void {
    const rate = this.setting?.rate;
    if (rate)
      this.tokens = Math.min(rate.tasks, this.tokens + ((now - this.countedAt) * rate.tasks) / rate.perMs);
    this.countedAt = now;
  }
}
