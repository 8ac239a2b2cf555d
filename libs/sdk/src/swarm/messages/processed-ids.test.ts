import fc from 'fast-check';
import { randomInteger, seededRandom, type Random } from '@multiswarm/core';
import { KeptProcessed, PROCESSED_KNOWN, ProcessedIds, type Effect, type Place } from './processed-ids';

const PIECE = 125;
const at = (seq: number, line = 'normal', delayed = false): Place => ({ line, delayed, seq, atMs: seq });
const effect = (seq: number, more: Partial<Effect> = {}): Effect => ({
  ...{ id: `a.m-${seq}`, place: at(seq), ...more },
});
/** As whoever reads it from the stream has it. */
const stored = (ids: ProcessedIds): ProcessedIds =>
  ProcessedIds.of(KeptProcessed.parse(JSON.parse(JSON.stringify(ids.kept))));
const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, n) => from + n);
const with2500 = (): ProcessedIds => stored(ProcessedIds.none().with(numbers(2_500).map((n) => effect(n))));

test('a message that comes again is known however many came after it, and what is new is not taken for one', () => {
  const known = with2500();
  for (const seq of [1, 1_200, 1_600, 2_500]) expect(known.of(effect(seq))).toBe('repeated');
  expect(known.of(effect(2_501))).toBe('new');
  expect(known.of(effect(1, { id: 'a.other', place: at(1, 'low') }))).toBe('new'); // it has waited in its own line
  expect(known.of({ id: 'a.other', place: undefined })).toBe('new');
  const later = { ...at(1), atMs: 3_000 };
  expect(known.of(effect(1, { id: 'a.other', place: later }))).toBe('new'); // the stream counts from one again
});

test('of what was delayed, or given up and sent again, it is told where nobody knows any more', () => {
  const delayed = numbers(2_500).map((n) => effect(n, { place: at(n, 'normal', true) }));
  const known = stored(ProcessedIds.none().with(delayed));
  expect(known.of(delayed[0]!)).toBe('unknown');
  expect(known.of(delayed[2_400]!)).toBe('repeated');
  expect(known.of(effect(3_000, { id: 'a.first', unsureFrom: 1 }))).toBe('unknown');
  expect(known.of(effect(3_000, { id: 'a.first', unsureFrom: 2_400 }))).toBe('new');
  expect(with2500().of(effect(3_000, { id: 'a.first', unsureFrom: 1 }))).toBe('unknown');
  expect(with2500().of(effect(3_000, { id: 'a.first' }))).toBe('new');
});

test('what it writes is small, and the thousand newest are known by their ids wherever they come from', () => {
  const known = with2500();
  const { processed, reaches } = known.kept;
  expect(processed.length).toBeLessThan((PROCESSED_KNOWN + PIECE) * 12);
  expect(processed.length).toBeGreaterThanOrEqual(PROCESSED_KNOWN * 12);
  expect(JSON.stringify(reaches).length).toBeLessThan(400);
  const elsewhere = (seq: number): string => known.of(effect(seq, { place: at(9_000) }));
  expect(numbers(PROCESSED_KNOWN, 1_501).every((seq) => elsewhere(seq) === 'repeated')).toBe(true);
  expect(elsewhere(1)).toBe('new');
  const older = ProcessedIds.of(KeptProcessed.parse({ processed }));
  expect(older.of(effect(2_500))).toBe('repeated');
});

interface Letter {
  id: string;
  place: Place;
  unsureFrom?: number;
}

/** Messages of one conversation on their way, with all that goes wrong: each step is drawn. */
class Mail {
  private seq = 0;
  private nowMs = 1;
  private readonly lines = new Map<string, Letter[]>();
  private readonly delayed: Letter[] = [];
  private readonly again: Letter[] = [];
  private readonly dead: { letter: Letter; isUnsure: boolean }[] = [];
  private ids = ProcessedIds.none();
  private made = 0;
  readonly effects = new Map<string, number>();
  /** Those that have to be in the state by now. */
  readonly due = new Set<string>();

  constructor(private readonly random: Random) {}

  run(steps: number): void {
    for (let n = 0; n < steps; n += 1) this.step(randomInteger(this.random, 1_000));
    for (const line of this.lines.keys()) while ((this.lines.get(line)?.length ?? 0) > 0) this.hand(line);
  }

  private step(draw: number): void {
    if (draw < 480) this.store({ id: `a.${(this.made += 1)}` }, draw < 10);
    else if (draw < 940) this.hand(['high', 'normal', 'normal', 'low'][draw % 4]!);
    else if (draw < 970)
      this.take(this.pick(this.again)); // comes again, whenever
    else if (draw < 985) this.redrive();
    else if (draw < 998) this.hand('delayed');
    else this.setBack();
  }

  private pick<T>(from: T[], remove = false): T | undefined {
    if (from.length === 0) return undefined;
    const index = randomInteger(this.random, from.length);
    return remove ? from.splice(index, 1)[0] : from[index];
  }

  private store(letter: Omit<Letter, 'place'>, delayed = false): void {
    this.seq += 1;
    this.nowMs += randomInteger(this.random, 2);
    const line = ['high', 'normal', 'normal', 'low'][randomInteger(this.random, 4)]!;
    const place = { line, delayed, seq: this.seq, atMs: this.nowMs + (delayed ? 50 : 0) };
    const waiting = delayed ? this.delayed : (this.lines.get(line) ?? []);
    waiting.push({ ...letter, place });
    if (!delayed) this.lines.set(line, waiting);
  }

  /** The next of a line is handed over: it has its effect and is gone, or comes again, or is given up before or after that. */
  private hand(line: string): void {
    const letter = line === 'delayed' ? this.pick(this.delayed, true) : this.lines.get(line)?.shift();
    if (letter === undefined) return;
    const fate = randomInteger(this.random, 100);
    if (fate < 4) return void this.dead.push({ letter, isUnsure: fate < 2 });
    this.take(letter);
    if (fate < 8) this.again.push(letter);
    else if (fate < 10) this.dead.push({ letter, isUnsure: true });
    // What is delayed or unsure may be refused; all else may not.
    if (!letter.place.delayed && letter.unsureFrom === undefined) this.due.add(letter.id);
  }

  private take(letter: Letter | undefined): void {
    if (letter === undefined) return;
    const told = this.ids.of(letter);
    if (told === 'unknown') expect(letter.place.delayed || letter.unsureFrom !== undefined).toBe(true);
    if (told !== 'new') return;
    this.effects.set(letter.id, (this.effects.get(letter.id) ?? 0) + 1);
    this.ids = this.ids.with([letter]);
    if (randomInteger(this.random, 50) === 0) this.ids = stored(this.ids);
  }

  private redrive(): void {
    const found = this.pick(this.dead, true);
    if (found === undefined) return;
    const { letter, isUnsure } = found;
    const from = letter.unsureFrom ?? (isUnsure ? letter.place.seq : undefined);
    // It keeps its priority.
    const { id, place } = letter;
    this.seq += 1;
    const waiting = this.lines.get(place.line) ?? [];
    this.lines.set(place.line, waiting);
    const again = { line: place.line, delayed: false, seq: this.seq, atMs: this.nowMs };
    waiting.push({ id, place: again, ...(from === undefined ? {} : { unsureFrom: from }) });
  }

  /** The server was killed and has lost what it had stored last: its numbers go to others, which are stored later. */
  private setBack(): void {
    this.nowMs += 1;
    this.seq = Math.max(0, this.seq - randomInteger(this.random, 2_000));
    for (const [line, waiting] of this.lines)
      this.lines.set(
        line,
        waiting.filter(({ place }) => place.seq <= this.seq),
      );
  }
}

test('whatever comes again, is given up and sent again, or gets the number of another one: nothing has two effects, and nothing that came in its order has none', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const mail = new Mail(seededRandom(seed));
      mail.run(6_000);
      expect([...mail.effects].filter(([, count]) => count > 1)).toEqual([]);
      expect([...mail.due].filter((id) => !mail.effects.has(id))).toEqual([]);
    }),
    { numRuns: 15 },
  );
});
