import {
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Event, EventGap } from '@multiswarm/contracts';
import { Fault } from '../faults';
import { readBlocks, type ScanOptions } from './blocks';
import { Continuity } from './continuity';
import type { ArchiveLine, End } from './format';
import { resumeArchive } from './resume';
import { ArchiveWriter } from './writer';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => jest.restoreAllMocks());

let count = 0;
const fresh = (ending: string): string => join(directory, `${(count += 1)}${ending}`);
const HEADER = { createdAt: '2026-01-01T00:00:00.000Z', source: 'http://here', filter: {} };
const GAP: EventGap = { v: 1, reason: 'dropped', from: 2, to: 5, detail: 'messages 2 to 5' };

function event(root: string, seq: number, data?: Event['data']): Event {
  const one = { v: 1, seq, at: seq * 10, type: 'task.progress', namespace: 'default', root } as const;
  return data === undefined ? one : { ...one, data };
}

type Step =
  | { kind: 'event'; root: string; data: Event['data'] }
  | { kind: 'recovered'; root: string; data: Event['data'] }
  | { kind: 'gap' }
  | { kind: 'checkpoint' };

const root = fc.constantFrom('t0-a', 't1-b', 'w2-c');
/** Any text that JSON can have, halves of surrogate pairs and line ends among it. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '\n', '\u2028', '\udfff"'));
const data = fc.option(fc.dictionary(fc.string(), text), { nil: undefined });
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('event' as const), root, data }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('recovered' as const), root, data }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('gap' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const) }) },
  ),
  { maxLength: 40 },
);
const ending = fc.constantFrom('.jsonl', '.jsonl.gz');

type Told = [Event | EventGap, string | undefined];

/** Writes steps from one on; places in the stream are their numbers. */
async function write(writer: ArchiveWriter, given: readonly Step[], from = 0): Promise<void> {
  for (const [index, step] of given.entries()) {
    if (index < from) continue;
    if (step.kind === 'checkpoint') await writer.checkpoint();
    else if (step.kind === 'gap') writer.gap(GAP, String(index));
    else
      await writer.event(
        event(step.root, index + 1, step.data),
        step.kind === 'event' ? String(index) : undefined,
      );
  }
}

const expected = (given: readonly Step[]): Told[] =>
  given.flatMap((step, index): Told[] => {
    if (step.kind === 'checkpoint') return [];
    if (step.kind === 'gap') return [[GAP, String(index)]];
    return [[event(step.root, index + 1, step.data), step.kind === 'event' ? String(index) : undefined]];
  });

async function read(path: string, options?: ScanOptions): Promise<{ told: Told[]; end: End | undefined }> {
  const lines: ArchiveLine[] = [];
  let end: End | undefined;
  for await (const block of readBlocks(path, options)) {
    for (const line of block.lines) lines.push(line);
    end = block.end;
  }
  const told = lines.map((line): Told => {
    if (line.kind === 'event') return [line.event, line.id];
    if (line.kind === 'gap') return [line.gap, line.id];
    throw new Error(`${line.kind} among the lines of a block`);
  });
  return { told, end };
}

async function archiveOf(given: readonly Step[], name: string): Promise<string> {
  const path = fresh(name);
  const writer = await ArchiveWriter.create(path, HEADER);
  await write(writer, given);
  await writer.finish({ roots: 3, holes: 0 });
  await writer.close();
  return path;
}

async function faultOf(reading: Promise<unknown>): Promise<string> {
  const fault = await reading.then(
    () => undefined,
    (error: unknown) => error,
  );
  return fault instanceof Fault ? fault.code : `no fault, but ${String(fault)}`;
}

test('what is written is read again, in its order, to the last character', async () => {
  await fc.assert(
    fc.asyncProperty(steps, ending, async (given, name) => {
      const path = await archiveOf(given, name);
      const { told, end } = await read(path);
      // As JSON: that is what was written, and halves of surrogate pairs are compared as what they are.
      expect(JSON.stringify(told)).toBe(JSON.stringify(expected(given)));
      const events = given.filter(({ kind }) => kind === 'event' || kind === 'recovered').length;
      const recovered = given.filter(({ kind }) => kind === 'recovered').length;
      expect(end).toMatchObject({
        events,
        recovered,
        gaps: given.filter(({ kind }) => kind === 'gap').length,
      });
    }),
    { numRuns: 25 },
  );
});

test('an archive that was cut off anywhere says so, is read up to its last checkpoint, and is gone on with to the same end', async () => {
  await fc.assert(
    fc.asyncProperty(steps, ending, fc.nat(), async (given, name, at) => {
      const path = await archiveOf(given, name);
      const size = (await stat(path)).size;
      const whole = await readFile(path);
      const bytes = at % size;
      await truncate(path, bytes);
      expect(['archive-truncated', 'not-an-archive']).toContain(await faultOf(read(path)));
      const all = expected(given);
      const partial = await read(path, { partial: true }).catch(() => undefined);
      if (partial)
        expect(JSON.stringify(partial.told)).toBe(JSON.stringify(all.slice(0, partial.told.length)));
      if (!partial || partial.end) return;
      const { writer, position } = await resumeArchive(path, new Continuity());
      if (!writer) throw new Error('it is complete');
      // From histories nothing is found again, since they have no place: the stream is read again from the last place.
      const from = position === undefined ? 0 : Number(position) + 1;
      await write(
        writer,
        given.map((step) => (step.kind === 'recovered' ? { kind: 'checkpoint' } : step)),
        from,
      );
      await writer.finish({ roots: 3, holes: 0 });
      await writer.close();
      const placed = (told: readonly Told[]): Told[] => told.filter(([, id]) => id !== undefined);
      expect(JSON.stringify(placed((await read(path)).told))).toBe(JSON.stringify(placed(all)));
      expect(whole.length).toBeGreaterThan(0);
    }),
    { numRuns: 30 },
  );
});

test.each(['.jsonl', '.jsonl.gz'])('a single byte of a %s that is another one is found', async (name) => {
  const given: Step[] = ['x', 'y', undefined].flatMap((text): Step[] => [
    { kind: 'event', root: 't0-a', data: text === undefined ? undefined : { text } },
    { kind: 'gap' },
    { kind: 'checkpoint' },
  ]);
  const path = await archiveOf(given, name);
  const [before, bytes] = [await read(path), await readFile(path)];
  const flips = fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
    const changed = Buffer.from(bytes);
    const index = at % bytes.length;
    changed[index] = (changed[index] ?? 0) ^ flip;
    await writeFile(path, changed);
    const after = await read(path).catch((error: unknown) => error);
    if (after instanceof Fault) return;
    // Only bytes of gzip's own head, such as its time, say nothing about the text.
    expect(name).toBe('.jsonl.gz');
    expect(after).toEqual(before);
  });
  await fc.assert(flips, { numRuns: 150 });
});

const THREE_BLOCKS: readonly Step[] = ['x', 'y', 'z'].flatMap((text): Step[] => [
  { kind: 'event', root: 't0-a', data: { text: text.repeat(200) } },
  { kind: 'checkpoint' },
]);

async function resume(path: string): Promise<void> {
  const { writer } = await resumeArchive(path, new Continuity());
  await writer?.close();
}

test.each(['.jsonl', '.jsonl.gz'])(
  'a %s with whole blocks behind a byte that is another one is not gone on with, and stays as it is',
  async (name) => {
    const path = await archiveOf(THREE_BLOCKS, name);
    const bytes = await readFile(path);
    const starts: number[] = [];
    for await (const { checkpoint } of readBlocks(path)) if (checkpoint) starts.push(checkpoint.offset);
    const lastBlock = starts.at(-1) ?? 0;
    for (let index = 0; index < lastBlock; index += 23) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 0x10;
      await writeFile(path, changed);
      // Of some bytes of gzip's own head nothing depends: the archive is complete then.
      if ((await read(path).catch(() => undefined)) === undefined)
        expect(['archive-damaged', 'not-an-archive', 'archive-version']).toContain(
          await faultOf(resume(path)),
        );
      expect((await readFile(path)).equals(changed)).toBe(true);
    }
  },
);

test.each(['.jsonl', '.jsonl.gz'])(
  'a %s of which the last block was torn is gone on with behind the one before, and loses nothing of that',
  async (name) => {
    const path = fresh(name);
    const writer = await ArchiveWriter.create(path, HEADER);
    await write(writer, THREE_BLOCKS.slice(0, -1));
    const whole = (await stat(path)).size;
    await writer.checkpoint();
    await writer.close();
    const bytes = await readFile(path);
    for (const [from, to] of [
      [0, 15],
      [20, 40],
      [0, Infinity],
    ] as const) {
      const torn = Buffer.from(bytes);
      torn.fill(0, whole + from, Math.min(whole + to, bytes.length));
      await writeFile(path, torn);
      expect(JSON.stringify((await read(path, { partial: true })).told)).toBe(
        JSON.stringify(expected(THREE_BLOCKS.slice(0, 4))),
      );
      const { writer: resumed, position } = await resumeArchive(path, new Continuity());
      expect((await stat(path)).size).toBe(whole);
      if (!resumed) throw new Error('it is complete');
      await write(resumed, THREE_BLOCKS, Number(position) + 1);
      await resumed.finish({ roots: 1, holes: 0 });
      await resumed.close();
      expect(JSON.stringify((await read(path)).told)).toBe(JSON.stringify(expected(THREE_BLOCKS)));
    }
  },
);

test('a .jsonl.gz that was torn in the last bytes of a block, behind all of its text, is gone on with and loses nothing', async () => {
  const path = fresh('.jsonl.gz');
  const writer = await ArchiveWriter.create(path, HEADER);
  const first = writer.bytes;
  await write(writer, THREE_BLOCKS);
  await writer.close();
  const bytes = await readFile(path);
  const positions = new Set<string | undefined>();
  for (const end of [first, bytes.length])
    for (let missing = 1; missing <= 20; missing += 1)
      for (const rest of missing > 8 ? [''] : ['', '\0'.repeat(missing)]) {
        await writeFile(path, Buffer.concat([bytes.subarray(0, end - missing), Buffer.from(rest)]));
        // Of the first block, where more than the checksum of gzip was torn, there may be nothing to go on with.
        const resuming = resumeArchive(path, new Continuity());
        const resumed = end === first && missing > 9 ? await resuming.catch(() => undefined) : await resuming;
        if (!resumed) continue;
        if (!resumed.writer) throw new Error('it is complete');
        if (end > first) positions.add(resumed.position);
        await write(resumed.writer, THREE_BLOCKS, Number(resumed.position ?? -1) + 1);
        await resumed.writer.finish({ roots: 1, holes: 0 });
        await resumed.writer.close();
        expect(JSON.stringify((await read(path)).told)).toBe(JSON.stringify(expected(THREE_BLOCKS)));
      }
  expect([...positions]).toEqual(['4', '2']); // the block as long as all its text is there, otherwise the one before
});

const FULL = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

/** What each open file is asked with: one of its methods may be made to fail. */
async function fileMethods(): Promise<FileHandle> {
  const file = await open(directory, 'r');
  await file.close();
  return Object.getPrototypeOf(file) as FileHandle;
}

test.each(['.jsonl', '.jsonl.gz'])(
  'a %s to which a write has failed takes nothing more, also when there is room again, and is gone on with to the same end',
  async (name) => {
    const methods = await fileMethods();
    for (const method of ['write', 'datasync'] as const) {
      const path = fresh(name);
      const writer = await ArchiveWriter.create(path, HEADER);
      await write(writer, THREE_BLOCKS.slice(0, 2));
      await write(writer, THREE_BLOCKS.slice(0, 3), 2);
      const full = jest.spyOn(methods, method).mockRejectedValueOnce(FULL);
      await expect(writer.checkpoint()).rejects.toBe(FULL);
      full.mockRestore();
      await expect(write(writer, THREE_BLOCKS.slice(0, 5), 4)).rejects.toBe(FULL);
      expect(() => writer.gap(GAP, '9')).toThrow(FULL);
      await expect(writer.checkpoint()).rejects.toBe(FULL);
      await expect(writer.finish({ roots: 1, holes: 0 })).rejects.toBe(FULL);
      await writer.close();
      const { writer: resumed, position } = await resumeArchive(path, new Continuity());
      if (!resumed) throw new Error('it is complete');
      await write(resumed, THREE_BLOCKS, Number(position) + 1);
      await resumed.finish({ roots: 1, holes: 0 });
      await resumed.close();
      expect(JSON.stringify((await read(path)).told)).toBe(JSON.stringify(expected(THREE_BLOCKS)));
    }
  },
);

test('a file of which the header could not be written is not there, and one that is begun anew stays until it is', async () => {
  const methods = await fileMethods();
  const failing = async (work: () => Promise<unknown>): Promise<void> => {
    const full = jest.spyOn(methods, 'write').mockRejectedValueOnce(FULL);
    await expect(work()).rejects.toBe(FULL);
    full.mockRestore();
  };
  const before = await readdir(directory);
  await failing(() => ArchiveWriter.create(fresh('.jsonl'), HEADER));
  expect(await readdir(directory)).toEqual(before);
  const path = fresh('.jsonl');
  const header = { archive: 'multiswarm.events', version: 1, ...HEADER } as const;
  await writeFile(path, `${JSON.stringify(header)}\n`);
  await failing(() => resume(path));
  expect((await readFile(path)).toString()).toBe(`${JSON.stringify(header)}\n`);
  await resume(path);
  expect(await faultOf(read(path))).toBe('archive-truncated'); // the header, and behind it a checkpoint
  expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('what was compressed anew is read, and not gone on with, since nobody knows where its blocks end; uncompressed it is', async () => {
  const path = fresh('.jsonl.gz');
  const writer = await ArchiveWriter.create(path, HEADER);
  await write(writer, THREE_BLOCKS);
  await writer.close();
  const text = gunzipSync(await readFile(path));
  await writeFile(path, gzipSync(text));
  const before = await readFile(path);
  expect((await read(path, { partial: true })).told).toHaveLength(3);
  expect(await faultOf(resume(path))).toBe('archive-damaged');
  expect((await readFile(path)).equals(before)).toBe(true);
  await writeFile(path, text);
  await resume(path);
  expect((await readFile(path)).equals(text)).toBe(true);
});

test.each([
  ['an empty file', '', 'not-an-archive'],
  ['a text', 'hello\nyou\n', 'not-an-archive'],
  ['a text without a line', 'hello', 'not-an-archive'],
  ['JSON that is something else', '{"v":1}\n', 'not-an-archive'],
  [
    'an archive of a version that is not known',
    '{"archive":"multiswarm.events","version":2}\n',
    'archive-version',
  ],
  ['a version that is none', '{"archive":"multiswarm.events","version":"x"}\n', 'archive-version'],
  ['a header and nothing more', '{"archive":"multiswarm.events","version":1}\n', 'archive-truncated'],
  ['a line of something else', '{"archive":"multiswarm.events","version":1}\n{"v":2}\n', 'archive-damaged'],
  ['two headers', '{"archive":"multiswarm.events","version":1}\n'.repeat(2), 'archive-damaged'],
  [
    'a checksum that is none',
    '{"archive":"multiswarm.events","version":1}\n{"checkpoint":{"events":0,"offset":0,"sha256":"0"}}\n',
    'archive-damaged',
  ],
])('%s is refused as what it is', async (_name, content, code) => {
  const path = fresh('.jsonl');
  await writeFile(path, content);
  expect(await faultOf(read(path))).toBe(code);
});

test('a file that is not there, and gzip that is cut off before its first line, are said to be so', async () => {
  expect(await faultOf(read(join(directory, 'nothing')))).toBe('file');
  const path = await archiveOf([], '.jsonl.gz');
  await truncate(path, 5);
  expect(await faultOf(read(path))).toBe('not-an-archive');
});

test('what stands behind the end is told', async () => {
  const path = await archiveOf([{ kind: 'gap' }], '.jsonl');
  await writeFile(path, '{}\n', { flag: 'a' });
  expect(await faultOf(read(path))).toBe('archive-damaged');
});

test('two archives of the same events are the same, compressed or not; the name of a file says nothing about what it is', async () => {
  const given: Step[] = [
    { kind: 'event', root: 't0-a', data: undefined },
    { kind: 'checkpoint' },
    { kind: 'gap' },
  ];
  const [plain, compressed] = [await archiveOf(given, '.jsonl'), await archiveOf(given, '.jsonl.gz')];
  const lines = (bytes: Buffer): string[] =>
    bytes
      .toString()
      .split('\n')
      .filter((line) => !line.includes('offset') && !line.includes('"end"'));
  expect(lines(gunzipSync(await readFile(compressed)))).toEqual(lines(await readFile(plain)));
  const renamed = fresh('.txt');
  await writeFile(renamed, await readFile(compressed));
  expect((await read(renamed)).told).toEqual((await read(plain)).told);
});

test('a file that is there already is not written over', async () => {
  const path = await archiveOf([], '.jsonl');
  await expect(ArchiveWriter.create(path, HEADER)).rejects.toMatchObject({ code: 'EEXIST' });
});
