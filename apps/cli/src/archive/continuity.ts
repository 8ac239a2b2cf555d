import type { Event } from '@multiswarm/contracts';

/** Roots that are remembered; beyond this those of files before are forgotten, then the ones that were silent for longest, and begin anew. */
const ROOTS = 1_000_000;

/**
 * `next`: it follows the one before. `late`: the first that was seen of its root, and not its first. `repeated`: seen before.
 * `after-hole`: those from `from` to before this one are missing.
 */
export type Standing = { kind: 'next' | 'late' | 'repeated' } | { kind: 'after-hole'; from: number };

/**
 * Checks that the events of each root follow each other without a gap, over all files of an archive. Of an archive of one step the
 * numbers in between are those of other steps, and no hole.
 */
export class Continuity {
  private readonly last = new Map<string, { seq: number; file: number }>();
  /** Of files before, and not seen since: what came last is behind all of them, so they are the first to be forgotten. */
  private readonly recalled = new Map<string, number>();
  private readonly broken = new Set<string>();
  private file = 0;
  private seen = 0;
  private newestAt: number | undefined;
  private brokenHere = new Set<string>();

  /** @param only the root or the step of which alone the archive is */
  constructor(
    private readonly only?: string,
    private readonly limit = ROOTS,
  ) {}

  /** Roots of which events are missing between others. */
  get holes(): ReadonlySet<string> {
    return this.broken;
  }

  /** The latest time of what was noted, epoch ms. */
  get newest(): number | undefined {
    return this.newestAt;
  }

  /** What the present file has: roots, and those of them with a hole. One that was forgotten counts again. */
  get counts(): { roots: number; holes: number } {
    return { roots: this.seen, holes: this.brokenHere.size };
  }

  /** From here on a new file is counted; what was seen stays known. */
  nextFile(): void {
    this.file += 1;
    this.seen = 0;
    this.brokenHere = new Set();
  }

  /** How the event stands to what was seen of its root; nothing is noted. */
  standing({ root, seq }: Event): Standing {
    const last = this.last.get(root)?.seq ?? this.recalled.get(root);
    if (last === undefined) return { kind: seq === 1 ? 'next' : 'late' };
    if (seq <= last) return { kind: 'repeated' };
    const isStep = this.only !== undefined && this.only !== root;
    return isStep || seq === last + 1 ? { kind: 'next' } : { kind: 'after-hole', from: last + 1 };
  }

  /** Notes an event; one that leaves a hole before it makes its root a broken one. @returns how it stood */
  note(event: Event): Standing {
    const standing = this.standing(event);
    if (standing.kind === 'repeated') return standing;
    const { root, seq, at } = event;
    this.newestAt = Math.max(this.newestAt ?? at, at);
    if (standing.kind === 'after-hole') {
      this.broken.add(root);
      this.brokenHere.add(root);
    }
    const { file } = this;
    if (this.last.get(root)?.file !== file) this.seen += 1;
    this.last.delete(root); // so that it becomes the last to be forgotten
    this.last.set(root, { seq, file });
    this.recalled.delete(root);
    if (this.known > this.limit) this.forgetOldest();
    return standing;
  }

  /** Of a file before all that was noted: it is known, and counts for nothing. */
  recall({ root, seq, at }: Event): void {
    this.newestAt = Math.max(this.newestAt ?? at, at);
    const last = this.last.get(root);
    if (last) {
      last.seq = Math.max(last.seq, seq);
      return;
    }
    const recalled = this.recalled.get(root);
    if (recalled === undefined && this.known >= this.limit) return;
    this.recalled.set(root, Math.max(recalled ?? seq, seq));
  }

  private get known(): number {
    return this.last.size + this.recalled.size;
  }

  private forgetOldest(): void {
    const from = this.recalled.size > 0 ? this.recalled : this.last;
    for (const root of from.keys()) {
      from.delete(root);
      return;
    }
  }
}
