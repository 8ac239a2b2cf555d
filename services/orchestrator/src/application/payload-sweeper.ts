import { every, type Cancel } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { PayloadSweep, type Swept, type SweepParts } from './payload-sweep';

/** Less than the time in which a commit that is under way is confirmed, or its owner replaced, would be too little between looks. */
export const LEAST_SWEEP_MS = 10_000;

/**
 * Sweeps again and again where it is this process's turn, which is wherever the scheduler is. Two that take turns at the same time
 * do no harm; one that takes over begins with a first look.
 */
export class PayloadSweeper {
  private sweep: PayloadSweep | undefined;
  private looking = false;
  /** Why there was no verdict at the last look: it is told once. */
  private why: string | undefined;
  private cancel: Cancel = () => undefined;

  constructor(
    private readonly parts: SweepParts & { logger: Logger; sweepMs: number },
    private readonly isOurTurn: () => boolean,
  ) {}

  start(): void {
    this.cancel = every(this.parts.clock, this.parts.sweepMs, () => void this.turn());
  }

  stop(): void {
    this.cancel();
  }

  private async turn(): Promise<void> {
    if (this.looking) return;
    if (!this.isOurTurn()) {
      this.sweep = undefined;
      return;
    }
    this.looking = true;
    try {
      this.sweep ??= new PayloadSweep(this.parts);
      const swept = await this.sweep.look();
      this.tell(swept);
    } catch (error) {
      this.parts.logger.warn('payloads were not swept', { error });
    } finally {
      this.looking = false;
    }
  }

  private tell(swept: Swept): void {
    const { logger } = this.parts;
    const { why } = swept;
    if (swept.payloads + swept.uploads > 0)
      logger.info('payloads that nobody refers to were removed', { ...swept });
    if (why !== undefined && why !== this.why) logger.warn('no payload is removed for now', { why });
    this.why = why;
  }
}
