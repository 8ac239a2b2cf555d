import { hash } from 'node:crypto';
import { z } from 'zod';

/** Messages of one conversation that its state knows by their ids, at least. */
export const PROCESSED_KNOWN = 1_000;
/** Of SHA-256 in base64url: 72 bits, so that two of a thousand messages are taken for one with a probability of 10^-16. */
const CHARS = 12;
/** Ids that are forgotten together: how far they reached is kept once for all of them. */
const TOGETHER = 125;

/** Where a message was stored: in its line of the conversation, which is handled in order. */
export interface Place {
  /** Its priority. */
  line: string;
  /** It was to be handed over later than it was stored, and so perhaps behind others that were stored after it. */
  delayed: boolean;
  seq: number;
  /** Epoch ms: when it was stored; of a delayed one, before when it was not to be handed over. */
  atMs: number;
}

/** A message, as a state knows it. */
export interface Effect {
  id: string;
  /** Undefined where it was sent at most once: it is stored nowhere. */
  place: Place | undefined;
  /** It was given up once, and may have had its effect from this place on: a sequence of the same line. */
  unsureFrom?: number | undefined;
  /** Its id as it is kept, once that was worked out. */
  key?: string | undefined;
}

/** How far a line has come: the highest sequence, and the latest time. */
const Reach = z.tuple([z.number(), z.number()]);
const Reaches = z.record(z.string(), Reach);
type Reaches = z.infer<typeof Reaches>;
type Reach = z.infer<typeof Reach>;

export const KeptProcessed = z.object({
  processed: z.string(),
  /** How many ids of `processed`, from its beginning, and how far the lines have come with them; what is left over has no reaches. */
  reaches: z.array(z.tuple([z.number(), Reaches])).default([]),
  /** How far lines had come with the ids that are not known any more. */
  forgotten: Reaches.default({}),
});
export type KeptProcessed = z.infer<typeof KeptProcessed>;

/** Ids that came one after the other, as one text. */
interface Piece {
  ids: string;
  reaches: Reaches;
  /** The same ids, of a piece that grows no more, once somebody has asked. */
  keys?: Set<string>;
}

/**
 * Which messages are in a state: the newest by their ids, all before them by how far their lines had come. A line is handed over in order, and
 * nothing of it goes past a message before that is done with, so whatever comes again from before there has had its effect, or never will under
 * its number. It is written with each state, so it is small: a text of few characters for each id, and two numbers for each line now and then.
 *
 * P1. What is in the state is never told to be new.
 * P2. What is not in the state is never told to be a repetition, as long as lines are in order.
 * P3. Where neither is known, that is told: of what does not come in its order (delayed, or sent again after it was given up) and would be among
 *     the ids that were forgotten.
 */
export class ProcessedIds {
  private constructor(
    private readonly pieces: readonly Piece[],
    private readonly forgotten: Reaches,
  ) {}

  static none(): ProcessedIds {
    return new ProcessedIds([], {});
  }

  static of({ processed, reaches, forgotten }: KeptProcessed): ProcessedIds {
    const pieces: Piece[] = [];
    let at = 0;
    for (const [count, reached] of reaches) {
      pieces.push({ ids: processed.slice(at, at + count * CHARS), reaches: reached });
      at += count * CHARS;
    }
    if (at < processed.length) pieces.push({ ids: processed.slice(at), reaches: {} });
    return new ProcessedIds(pieces, forgotten);
  }

  get kept(): KeptProcessed {
    return {
      processed: this.pieces.map(({ ids }) => ids).join(''),
      reaches: this.pieces.map(({ ids, reaches }) => [ids.length / CHARS, reaches]),
      forgotten: this.forgotten,
    };
  }

  of(effect: Effect): 'new' | 'repeated' | 'unknown' {
    if (this.has(keyOf(effect))) return 'repeated'; // P1
    const { place, unsureFrom } = effect;
    if (place === undefined) return 'new';
    const { seq, atMs, delayed, line } = place;
    const [reached, reachedMs] = this.forgotten[nameOf(place)] ?? NOWHERE;
    // A stream that was set back gives a number to another message, which is stored later: P2.
    if (seq <= reached && atMs <= reachedMs) return delayed ? 'unknown' : 'repeated';
    if (unsureFrom === undefined) return 'new';
    const [prompt, late] = [false, true].map((each) => this.forgotten[nameOf({ line, delayed: each })]);
    return unsureFrom <= Math.max(prompt?.[0] ?? 0, late?.[0] ?? 0) ? 'unknown' : 'new'; // P3
  }

  with(effects: readonly Effect[]): ProcessedIds {
    const pieces = [...this.pieces];
    let last = pieces.pop() ?? fresh();
    if (!isFull(last)) last = { ids: last.ids, reaches: { ...last.reaches } };
    for (const effect of effects) {
      if (isFull(last)) {
        pieces.push(last);
        last = fresh();
      }
      last.ids += keyOf(effect);
      if (effect.place !== undefined) reach(last.reaches, effect.place);
    }
    pieces.push(last);
    return new ProcessedIds(...forgetting(pieces, this.forgotten));
  }

  private has(key: string): boolean {
    return this.pieces.some((piece) => (isFull(piece) ? keysOf(piece).has(key) : includes(piece.ids, key)));
  }
}

const NOWHERE: Reach = [0, 0];

function fresh(): Piece {
  return { ids: '', reaches: {} };
}

function isFull({ ids }: Piece): boolean {
  return ids.length >= TOGETHER * CHARS;
}

function keysOf(piece: Piece): Set<string> {
  if (piece.keys !== undefined) return piece.keys;
  piece.keys = new Set();
  for (let at = 0; at < piece.ids.length; at += CHARS) piece.keys.add(piece.ids.slice(at, at + CHARS));
  return piece.keys;
}

function includes(ids: string, key: string): boolean {
  for (let at = ids.indexOf(key); at >= 0; at = ids.indexOf(key, at + 1)) if (at % CHARS === 0) return true;
  return false;
}

/** The oldest pieces go as long as enough is known without them: how far their lines had come is kept. */
function forgetting(pieces: Piece[], forgotten: Reaches): [Piece[], Reaches] {
  let known = pieces.reduce((sum, { ids }) => sum + ids.length, 0);
  let all = forgotten;
  for (let first = pieces[0]; first !== undefined; first = pieces[0]) {
    known -= first.ids.length;
    if (known < PROCESSED_KNOWN * CHARS) break;
    all = merged(all, first.reaches);
    pieces.shift();
  }
  return [pieces, all];
}

function nameOf({ line, delayed }: Pick<Place, 'line' | 'delayed'>): string {
  return delayed ? `${line} delayed` : line;
}

function reach(reaches: Reaches, place: Place): void {
  const name = nameOf(place);
  const [seq, atMs] = reaches[name] ?? NOWHERE;
  if (place.seq > seq || place.atMs > atMs)
    reaches[name] = [Math.max(seq, place.seq), Math.max(atMs, place.atMs)];
}

function merged(before: Reaches, more: Reaches): Reaches {
  const all = { ...before };
  for (const [name, [seq, atMs]] of Object.entries(more)) {
    const [reached, reachedMs] = all[name] ?? NOWHERE;
    all[name] = [Math.max(reached, seq), Math.max(reachedMs, atMs)];
  }
  return all;
}

function keyOf(effect: Effect): string {
  return (effect.key ??= hash('sha256', effect.id, 'base64url').slice(0, CHARS));
}
