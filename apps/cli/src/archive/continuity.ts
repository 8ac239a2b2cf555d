import type { Event } from '@multiswarm/contracts';

/** Roots that are remembered; beyond this the ones that were silent for longest are forgotten, and begin anew. */
const ROOTS = 1_000_000;

/**
 * `next`: it follows the one before. `late`: the first that was seen of its root, and not its first. `repeated`: seen before.
 * `after-hole`: those from `from` to before this one are missing.
 */
export type Standing = { kind: 'next' | 'late' | 'repeated' } | { kind: 'after-hole'; from: number };

/** Checks that the events of each root follow each other without a gap, over all files of an archive. */
export class Continuity {
  private readonly last = new Map<string, { seq: number; file: number }>();
  private readonly broken = new Set<string>();
  private file = 0;
  private seen = 0;
  private brokenHere = new Set<string>();

  constructor(private readonly limit = ROOTS) {}

  /** Roots of which events are missing between others. */
  get holes(): ReadonlySet<string> {
    return this.broken;
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
    const last = this.last.get(root)?.seq;
    if (last === undefined) return { kind: seq === 1 ? 'next' : 'late' };
    if (seq <= last) return { kind: 'repeated' };
    return seq === last + 1 ? { kind: 'next' } : { kind: 'after-hole', from: last + 1 };
  }

  /** Notes an event; one that leaves a hole before it makes its root a broken one. @returns how it stood */
  note(event: Event): Standing {
    const standing = this.standing(event);
    if (standing.kind === 'repeated') return standing;
    const { root, seq } = event;
    if (standing.kind === 'after-hole') {
      this.broken.add(root);
      this.brokenHere.add(root);
    }
    const { file } = this;
    if (this.last.get(root)?.file !== file) this.seen += 1;
    this.last.delete(root); // so that it becomes the last to be forgotten
    this.last.set(root, { seq, file });
    if (this.last.size > this.limit) this.forgetOldest();
    return standing;
  }

  private forgetOldest(): void {
    for (const root of this.last.keys()) {
      this.last.delete(root);
      return;
    }
  }
}
