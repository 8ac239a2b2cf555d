/** Messages that are remembered for later; what comes beyond is looked at when some of these have gone. */
const MOST = 1_000_000;
/** Removals are counted in steps of this. */
const STEP_MS = 1_000;
/**
 * In the text of a message quotes inside of texts are escaped: so this is met only where an event says its namespace, or where
 * its data have a field of that name, which at worst keeps the message longer.
 */
const NAMESPACES = /"namespace":"([^"\\]*)"/g;

/**
 * Which messages of the stream nobody may see any more, since all their events are older than their namespaces keep events. A
 * message carries the events of one commit, of whatever namespaces: it goes with the last of them.
 */
export class EventRemovals {
  private readonly byStep = new Map<number, number[]>();
  private count = 0;

  constructor(
    /** How long the events of a namespace are kept, ms; undefined: as long as the stream keeps them. */
    private readonly retentionMs: (namespace: string) => number | undefined,
    private readonly most = MOST,
  ) {}

  get isFull(): boolean {
    return this.count >= this.most;
  }

  /** @param at when the stream has stored it, epoch ms: its events are older */
  see(seq: number, at: number, text: string): void {
    let keepMs = 0;
    for (const [, namespace = ''] of text.matchAll(NAMESPACES)) {
      const retentionMs = this.retentionMs(namespace);
      if (retentionMs === undefined) return;
      keepMs = Math.max(keepMs, retentionMs);
    }
    if (keepMs === 0) return; // none of ours
    const step = Math.ceil((at + keepMs) / STEP_MS);
    const there = this.byStep.get(step);
    if (there) there.push(seq);
    else this.byStep.set(step, [seq]);
    this.count += 1;
  }

  /** Those whose time has passed, ascending; they are forgotten. */
  takeDue(now: number): number[] {
    const due: number[] = [];
    for (const [step, seqs] of this.byStep) {
      if (step * STEP_MS >= now) continue;
      for (const seq of seqs) due.push(seq);
      this.byStep.delete(step);
    }
    this.count -= due.length;
    return due.sort((a, b) => a - b);
  }
}
