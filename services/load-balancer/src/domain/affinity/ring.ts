/**
 * Which member a key belongs to: multi-probe consistent hashing (Appleton and O'Reilly, "Multi-probe consistent hashing",
 * 2015). Each member has one place on a ring of 32-bit numbers; a key is hashed several times, and belongs to the member that
 * is the next one behind any of these probes, the nearest of all. With 21 probes the fullest member has about 1.05 times its
 * fair share of keys, from one number per member instead of the hundreds that virtual nodes take.
 *
 * R1. A member that comes or goes moves only keys that come to it, or were its own.
 * R2. The same members have the same keys, in whatever order they came, and in every process.
 */
const PROBES = 21;
const ROOM = 16;

export class Ring {
  private places = new Uint32Array(ROOM);
  private members = new Int32Array(ROOM);
  private count = 0;
  /** The nearest place behind each probe, and how far it is: written anew by each look-up. */
  private readonly starts = new Int32Array(PROBES);
  private readonly gaps = new Float64Array(PROBES);

  get size(): number {
    return this.count;
  }

  /** @param name decides its place @param member a number by which it is known */
  add(name: string, member: number): void {
    const place = hash(name, 0);
    const at = this.firstBehind(place, member);
    if (this.count === this.places.length) this.grow();
    this.places.copyWithin(at + 1, at, this.count);
    this.members.copyWithin(at + 1, at, this.count);
    this.places[at] = place;
    this.members[at] = member;
    this.count += 1;
  }

  /** Returns whether it was there. */
  remove(name: string, member: number): boolean {
    const place = hash(name, 0);
    const at = this.firstBehind(place, member);
    if (at === this.count || this.places[at] !== place || this.members[at] !== member) return false;
    this.places.copyWithin(at, at + 1, this.count);
    this.members.copyWithin(at, at + 1, this.count);
    this.count -= 1;
    return true;
  }

  /**
   * The member of a key that can take it; -1 where nobody can. Where the owner of a key cannot, the owner of its next nearest
   * probe is asked, and at last everybody in the order of the ring: in O(log n) unless most cannot.
   */
  holder(key: string, canTake: (member: number) => boolean): number {
    if (this.count === 0) return -1;
    const first = this.probe(key);
    if (canTake(this.members[first] as number)) return this.members[first] as number;
    return this.nextHolder(first, canTake);
  }

  /** Looks up all probes; returns the position of the nearest. */
  private probe(key: string): number {
    // Two hashes make as many as are needed (Kirsch and Mitzenmacher, 2006).
    const base = hash(key, 1);
    const step = hash(key, 2) | 1;
    let nearest = 0;
    let least = Infinity;
    for (let probe = 0; probe < PROBES; probe += 1) {
      const place = (base + Math.imul(step, probe)) >>> 0;
      const behind = this.firstBehind(place, -1);
      const at = behind === this.count ? 0 : behind;
      const gap = ((this.places[at] as number) - place) >>> 0;
      this.starts[probe] = at;
      this.gaps[probe] = gap;
      if (gap < least) {
        least = gap;
        nearest = at;
      }
    }
    return nearest;
  }

  private nextHolder(first: number, canTake: (member: number) => boolean): number {
    const order = Array.from(this.starts.keys()).sort(
      (a, b) => (this.gaps[a] as number) - (this.gaps[b] as number),
    );
    for (const probe of order) {
      const member = this.members[this.starts[probe] as number] as number;
      if (canTake(member)) return member;
    }
    for (let step = 1; step < this.count; step += 1) {
      const member = this.members[(first + step) % this.count] as number;
      if (canTake(member)) return member;
    }
    return -1;
  }

  /** The first position whose place, and then member, is not before; `count` where there is none. */
  private firstBehind(place: number, member: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = this.places[middle] as number;
      if (there < place || (there === place && (this.members[middle] as number) < member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private grow(): void {
    const places = new Uint32Array(this.places.length * 2);
    const members = new Int32Array(this.members.length * 2);
    places.set(this.places);
    members.set(this.members);
    this.places = places;
    this.members = members;
  }
}

/** 32 bits: FNV-1a, and the finalizer of MurmurHash3 (Appleby), since names of swarms differ in their last letters. */
function hash(text: string, seed: number): number {
  let value = (0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)) | 0;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** How much more than the mean one member may be loaded with keys of its own (Mirrokni, Thorup and Zadimoghaddam, 2016). */
export const BOUND = 1.25;
/** Share of its slots that a holder may always use: nobody queues behind it, so evenness alone is no reason to leave it. */
const ALWAYS = 0.5;

/**
 * Whether a member stays within its bound with one more attempt: no more than BOUND times the mean share of busy slots, rounded
 * up to whole slots, and half of its own in any case.
 * @param meanLoad busy share of all slots, 0 to 1
 */
export function isWithinBound(busy: number, slots: number, meanLoad: number): boolean {
  return busy + 1 <= Math.ceil(slots * Math.max(ALWAYS, BOUND * meanLoad));
}
