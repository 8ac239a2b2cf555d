import {
  LIMITS,
  MultiswarmError,
  StreamBatch,
  type AttemptDispatch,
  type AttemptReport,
  type JsonValue,
  type PayloadRef,
  type Progress,
  type Signal,
  type StreamEntry,
} from '@multiswarm/contracts';
import type { Printed } from '@multiswarm/bus';
import { deferred, ManualClock, seededRandom, systemIds } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { SDK_LIMITS } from '../limits';
import { Attempt, type Registration } from './attempt';
import type { StepAdder } from './step-adder';
import { StreamRoom } from './stream-room';
import type { StreamEnvironment } from './attempt-stream';
import { Messages } from './messages/messages';
import type { TaskContext } from './types';

const noTopics = (): never => {
  throw new Error('no attempt of these tests publishes');
};
const log = createLogger({ service: 'test', level: 'silent' });
const GRACE_MS = 1_000;

/** An attempt on a clock that stands still, with all that is heard of it. */
class Trial {
  readonly clock = new ManualClock();
  readonly progress: Progress[] = [];
  readonly reports: AttemptReport[] = [];
  ends = 0;
  readonly attempt: Attempt;
  ctx!: TaskContext;
  readonly stored = deferred<PayloadRef>();
  readonly fetched = deferred<JsonValue>();
  readonly said: { subject: string; entries: StreamEntry[] }[] = [];
  /** Resolves when what is said is stored. */
  stores: () => Promise<void> = () => Promise.resolve();
  readonly room = new StreamRoom();
  tries = 0;
  adds: StepAdder['add'] = () => Promise.resolve();
  readonly stream: StreamEnvironment = {
    ...{ clock: this.clock, random: seededRandom(1), log, room: this.room },
    bus: {
      publishStored: async (subject, body) => {
        const { entries } = StreamBatch.parse((body as Printed).toJSON());
        this.tries += 1;
        await this.stores();
        this.said.push({ subject, entries });
        return { seq: this.said.length, duplicate: false };
      },
    },
  };
  readonly payloads = { inputOf: () => this.fetched.promise, store: () => this.stored.promise };
  private readonly returned = deferred<unknown>();

  constructor(dispatch: Partial<AttemptDispatch> = {}, registration: Partial<Registration> = {}) {
    const handler = (_input: unknown, ctx: TaskContext): unknown => {
      this.ctx = ctx;
      return this.returned.promise;
    };
    this.attempt = new Attempt(
      {
        ...{
          taskId: 't0-00000001',
          attempt: 1,
          shard: 0,
          swarmId: 's',
          type: 'echo',
          namespace: 'n',
          priority: 'normal',
        },
        ...{
          input: {},
          resources: {},
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
        ...dispatch,
      },
      0,
      { handler, ...registration },
      {
        ...{ swarm: { id: 's', region: 'r' }, clock: this.clock, log, graceMs: GRACE_MS },
        messages: new Messages({
          topics: noTopics,
          swarmId: 's',
          namespace: 'n',
          clock: this.clock,
          ids: systemIds,
          log,
        }),
        payloads: this.payloads,
        stream: this.stream,
        adder: { add: (...given) => this.adds(...given) },
      },
      {
        onProgress: (_attempt, progress) => void this.progress.push(progress),
        onReport: (_attempt, report) => void this.reports.push(JSON.parse(report) as AttemptReport),
        onEnded: () => void (this.ends += 1),
      },
    );
    this.attempt.begin();
  }

  /** Lets what is said leave. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await settled();
  }

  async return(value: unknown): Promise<void> {
    this.returned.resolve(value);
    await settled();
  }
}

/** Lets every promise that is settled be followed up. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('an attempt', () => {
  test('that returns at once is reported and ended in the same turn', () => {
    const trial = new Trial({ input: { n: 1 } }, { handler: (input: unknown) => input });
    expect(trial.reports).toMatchObject([{ outcome: 'succeeded', output: { n: 1 } }]);
    expect(trial.ends).toBe(1);
  });

  test('is reported once and ends when its handler ends, however late that is', async () => {
    const trial = new Trial();
    trial.attempt.abort('cancelled', 'not needed');
    expect(trial.ctx.signal.aborted).toBe(true);
    trial.clock.advance(GRACE_MS);
    expect([trial.reports.map(({ outcome }) => outcome), trial.ends]).toEqual([['cancelled'], 0]);
    await trial.return('late');
    expect([trial.reports.length, trial.ends]).toEqual([1, 1]);
  });

  test('that was aborted before it began never calls its handler', () => {
    const handler = jest.fn();
    const clock = new ManualClock();
    const reports: string[] = [];
    const { attempt: model, payloads, stream } = new Trial();
    const attempt = new Attempt(
      model.dispatch,
      0,
      { handler },
      {
        ...{ swarm: { id: 's', region: 'r' }, clock, log, graceMs: 1 },
        messages: new Messages({
          topics: noTopics,
          swarmId: 's',
          namespace: 'n',
          clock,
          ids: systemIds,
          log,
        }),
        payloads,
        stream,
        adder: { add: () => Promise.resolve() },
      },
      {
        onProgress: () => undefined,
        onReport: (_attempt, report) => void reports.push(report),
        onEnded: () => undefined,
      },
    );
    attempt.abort('cancelled', 'not needed');
    attempt.begin();
    expect(handler).not.toHaveBeenCalled();
    expect(reports.map((report) => JSON.parse(report) as unknown)).toMatchObject([
      { outcome: 'cancelled', error: { message: 'cancelled on request: not needed' } },
    ]);
  });

  test('keeps what a handler took from its context together, also when it is spread or taken apart', async () => {
    const trial = new Trial();
    const { signal, usage, progress, log: taken, task } = { ...trial.ctx };
    usage({ inputTokens: 2 });
    progress(1);
    taken.info('fine');
    expect([task.id, signal]).toEqual(['t0-00000001', trial.ctx.signal]);
    await trial.return(1);
    expect(trial.reports).toMatchObject([{ usage: { inputTokens: 2 } }]);
  });
});

describe('what a handler says', () => {
  const texts = ({ said }: Trial): unknown[] =>
    said.flatMap(({ entries }) =>
      entries.map(({ message, output, fraction }) => message ?? output ?? fraction),
    );

  test('of one turn travels together, numbered, and nothing is sent where nothing is said', async () => {
    const trial = new Trial();
    await trial.return(1);
    expect(trial.said).toEqual([]);
    const talker = new Trial();
    talker.ctx.log.info('one', { n: 1 });
    talker.ctx.output('two');
    talker.ctx.progress(0.3);
    await talker.settle();
    expect(talker.said).toMatchObject([
      {
        subject: 'ms.v1.stream.t0-00000001.1',
        entries: [
          { seq: 1, kind: 'log', level: 'info', message: 'one', fields: { n: 1 } },
          { seq: 2, kind: 'output', output: 'two' },
          { seq: 3, kind: 'progress', fraction: 0.3 },
        ],
      },
    ]);
  });

  test('is stored before the end is reported', async () => {
    const trial = new Trial();
    const stored = deferred<void>();
    trial.stores = () => stored.promise;
    trial.ctx.log.warn('the last word');
    await trial.return(1);
    expect([trial.reports.length, trial.ends]).toEqual([0, 0]);
    stored.resolve();
    await trial.settle();
    expect([texts(trial), trial.reports.length, trial.ends]).toEqual([['the last word'], 1, 1]);
  });

  test('holds the report up for a while at most', async () => {
    const trial = new Trial();
    trial.stores = () => new Promise(() => undefined);
    trial.ctx.log.warn('nobody stores this');
    await trial.return(1);
    trial.clock.advance(SDK_LIMITS.STREAM_FLUSH_MS);
    await trial.settle();
    expect([trial.reports.length, trial.ends]).toEqual([1, 1]);
  });

  test('holds no report up where it cannot be stored', async () => {
    const trial = new Trial();
    trial.stores = () => Promise.reject(new MultiswarmError('bus-unavailable', 'away'));
    trial.ctx.log.warn('nobody stores this');
    await trial.settle();
    await trial.return(1);
    expect([trial.reports.length, trial.ends]).toEqual([1, 1]);
  });

  test.each([
    ['a while after the end', (trial: Trial) => trial.clock.advance(SDK_LIMITS.STREAM_ENDED_MS)],
    ['with the swarm', (trial: Trial) => trial.room.stop()],
  ])('is given up where it cannot be stored: %s', async (_when, giveUp) => {
    const trial = new Trial();
    trial.stores = () => Promise.reject(new MultiswarmError('bus-unavailable', 'away'));
    trial.ctx.log.warn('nobody stores this');
    await trial.settle();
    await trial.return(1);
    trial.clock.advance(10_000);
    await trial.settle();
    const before = trial.tries;
    expect(before).toBeGreaterThan(1);
    giveUp(trial);
    await trial.settle();
    const { tries } = trial;
    trial.clock.advance(60_000);
    await trial.settle();
    expect(trial.tries).toBe(tries);
  });

  test('takes no more than all of a swarm may', async () => {
    const trial = new Trial();
    trial.room.count(SDK_LIMITS.STREAM_TOTAL_BYTES);
    trial.ctx.log.warn('there is no room for this');
    await trial.settle();
    trial.room.count(-SDK_LIMITS.STREAM_TOTAL_BYTES);
    trial.ctx.log.warn('and for this there is');
    await trial.settle();
    expect(trial.said.flatMap(({ entries }) => entries.map(({ seq }) => seq))).toEqual([2]);
  });

  test('is bounded: what does not leave is dropped, the oldest first, and its numbers are missing', async () => {
    const trial = new Trial();
    const stored = deferred<void>();
    trial.stores = () => stored.promise;
    const line = 'x'.repeat(1_000);
    for (let n = 0; n < 1_000; n++) trial.ctx.log.info(`${n} ${line}`);
    await trial.settle();
    stored.resolve();
    await trial.return(1);
    await trial.settle();
    const seqs = trial.said.flatMap(({ entries }) => entries.map(({ seq }) => seq));
    expect(seqs.at(-1)).toBe(1_000);
    expect(seqs.length).toBeLessThan((1.5 * SDK_LIMITS.STREAM_BUFFER_BYTES) / line.length);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  test('is stored later where it cannot be stored at once, each entry once', async () => {
    const trial = new Trial();
    let failures = 2;
    trial.stores = () =>
      failures-- > 0 ? Promise.reject(new MultiswarmError('bus-unavailable', 'away')) : Promise.resolve();
    trial.ctx.log.info('one');
    await trial.settle();
    trial.ctx.log.info('two');
    for (let wait = 0; wait < 20; wait++) {
      trial.clock.advance(1_000);
      await trial.settle();
    }
    expect(texts(trial)).toEqual(['one', 'two']);
  });

  test.each([
    ['a long line', (ctx: TaskContext) => ctx.log.info('ä'.repeat(100_000))],
    ['a line of control characters', (ctx: TaskContext) => ctx.log.info('\u0000'.repeat(100_000))],
    ['large fields', (ctx: TaskContext) => ctx.log.info('x', { data: 'y'.repeat(100_000) })],
    ['fields that are no JSON', (ctx: TaskContext) => ctx.log.info('x', { big: 1n })],
    ['a long output', (ctx: TaskContext) => ctx.output('😀'.repeat(50_000))],
  ])('keeps to the size of an entry: %s', async (_name, say) => {
    const trial = new Trial();
    say(trial.ctx);
    await trial.return(1);
    await trial.settle();
    for (const { entries } of trial.said)
      for (const entry of entries)
        expect(Buffer.byteLength(JSON.stringify(entry))).toBeLessThanOrEqual(LIMITS.STREAM_ENTRY_BYTES);
    expect(trial.said.length).toBeGreaterThan(0);
  });

  test('an output that is text comes in parts that make the whole', async () => {
    const trial = new Trial();
    const text = 'a😀'.repeat(30_000);
    trial.ctx.output(text);
    await trial.return(1);
    await trial.settle();
    expect(texts(trial).join('')).toBe(text);
  });

  test.each([
    ['a large value', { rows: 'x'.repeat(LIMITS.STREAM_ENTRY_BYTES) }, 'body-too-large'],
    ['no JSON', () => 1, 'invalid-request'],
  ])('refuses an output that is %s', (_name, value, code) => {
    expect(() => new Trial().ctx.output(value as never)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

describe('what goes by reference', () => {
  const ref = { id: `n.${'0'.repeat(64)}`, bytes: 1_000_000 };
  const large = 'x'.repeat(LIMITS.TASK_OUTPUT_BYTES);

  test('an input is fetched before the handler is called', async () => {
    const trial = new Trial({ inputRef: ref }, { handler: (input: unknown) => input });
    await settled();
    expect(trial.reports).toEqual([]);
    trial.fetched.resolve({ n: 1 });
    await settled();
    expect(trial.reports).toMatchObject([{ outcome: 'succeeded', output: { n: 1 } }]);
  });

  test('an input that cannot be fetched fails the attempt with the code that says why', async () => {
    const handler = jest.fn();
    const trial = new Trial({ inputRef: ref }, { handler });
    trial.fetched.reject(new MultiswarmError('payload-not-found', 'gone'));
    await settled();
    expect(trial.reports).toMatchObject([
      { outcome: 'failed', error: { code: 'payload-not-found', retryable: false } },
    ]);
    expect([handler.mock.calls.length, trial.ends]).toEqual([0, 1]);
  });

  test('an output is stored before it is reported, and the slot is taken until then', async () => {
    const trial = new Trial();
    await trial.return(large);
    expect([trial.reports.length, trial.ends]).toEqual([0, 0]);
    trial.stored.resolve(ref);
    await settled();
    expect(trial.reports).toMatchObject([{ outcome: 'succeeded', outputRef: ref }]);
    expect(trial.reports[0]).not.toHaveProperty('output');
    expect(trial.ends).toBe(1);
  });

  test('an output that cannot be stored fails the attempt', async () => {
    const trial = new Trial();
    await trial.return(large);
    trial.stored.reject(new MultiswarmError('payload-store-full', 'no room'));
    await settled();
    expect(trial.reports).toMatchObject([
      { outcome: 'failed', error: { code: 'payload-store-full', retryable: true } },
    ]);
  });

  test('a cancellation while the output is stored counts, and the attempt ends once', async () => {
    const trial = new Trial();
    await trial.return(large);
    trial.attempt.abort('cancelled', 'not needed');
    trial.stored.resolve(ref);
    await settled();
    trial.clock.advance(GRACE_MS);
    expect([trial.reports.map(({ outcome }) => outcome), trial.ends]).toEqual([['cancelled'], 1]);
  });
});

describe('a silent handler', () => {
  test('is aborted after heartbeatMs and reported as timed out', async () => {
    const trial = new Trial({ heartbeatMs: 100 });
    trial.clock.advance(99);
    expect(trial.ctx.signal.aborted).toBe(false);
    trial.clock.advance(1);
    expect(trial.ctx.signal.reason).toMatchObject({ code: 'heartbeat-timeout' });
    await trial.return('too late');
    expect(trial.reports).toMatchObject([
      { outcome: 'timed-out', error: { code: 'heartbeat-timeout', retryable: true } },
    ]);
  });

  test.each([
    ['a heartbeat', (ctx: TaskContext) => ctx.heartbeat()],
    ['progress', (ctx: TaskContext) => ctx.progress(0.1)],
  ])('is one that gives no sign of life: %s is one', async (_name, sign) => {
    const trial = new Trial({ heartbeatMs: 100 });
    for (let round = 0; round < 5; round++) {
      trial.clock.advance(90);
      sign(trial.ctx);
    }
    trial.clock.advance(99);
    expect(trial.ctx.signal.aborted).toBe(false);
    trial.clock.advance(1);
    expect(trial.ctx.signal.aborted).toBe(true);
    await trial.return(1);
  });

  test('is left alone where the task sets no limit, and once it has ended', async () => {
    const trial = new Trial();
    trial.clock.advance(1e9);
    expect(trial.ctx.signal.aborted).toBe(false);
    const ended = new Trial({ heartbeatMs: 100 });
    await ended.return('in time');
    ended.clock.advance(1e9);
    expect(ended.reports).toMatchObject([{ outcome: 'succeeded' }]);
  });
});

describe('progress', () => {
  const seen = ({ progress }: Trial): unknown[] =>
    progress.map(({ fraction, message }) => message ?? fraction);

  test('is let through once in a second, and the last one always', async () => {
    const trial = new Trial();
    for (let step = 0; step <= 25; step++) {
      trial.ctx.progress(step / 100);
      trial.clock.advance(100);
    }
    expect(seen(trial)).toEqual([0, 0.09, 0.19]);
    await trial.return('done');
    expect(seen(trial)).toEqual([0, 0.09, 0.19, 0.25]);
    expect(trial.progress.at(-1)?.at).toBe(trial.clock.now() - 100);
  });

  test('that nothing follows is let through by itself a second later, and nothing after the end', async () => {
    const trial = new Trial();
    trial.ctx.progress(0.1);
    trial.ctx.progress(undefined, 'half');
    trial.clock.advance(LIMITS.PROGRESS_MS - 1);
    expect(seen(trial)).toEqual([0.1]);
    trial.clock.advance(1);
    expect(seen(trial)).toEqual([0.1, 'half']);
    await trial.return('done');
    trial.ctx.progress(1);
    trial.clock.advance(10_000);
    expect(seen(trial)).toEqual([0.1, 'half']);
  });

  test.each([[-0.1], [1.1], [Number.NaN], ['half']])('refuses a fraction of %p', (fraction) => {
    expect(() => new Trial().ctx.progress(fraction as number)).toThrow(
      expect.objectContaining({ code: 'invalid-request' }) as Error,
    );
  });

  test('keeps the beginning of a long message', () => {
    const trial = new Trial();
    trial.ctx.progress(undefined, 'x'.repeat(2 * LIMITS.PROGRESS_MESSAGE_CHARS));
    expect(trial.progress[0]?.message).toHaveLength(LIMITS.PROGRESS_MESSAGE_CHARS);
  });
});

describe('steps that a handler adds', () => {
  test('are added in the name of its attempt, and that is a sign of life', async () => {
    const trial = new Trial({ workflowId: 'w0-00000001', step: 'plan', heartbeatMs: 100 });
    const added: unknown[] = [];
    trial.adds = async (dispatch, steps) => {
      trial.clock.advance(60);
      added.push([dispatch.workflowId, dispatch.attempt, steps]);
    };
    const steps = { tasks: [{ id: 'write', task: 'write' }] };
    await trial.ctx.addSteps(steps);
    expect(added).toEqual([['w0-00000001', 1, steps]]);
    trial.clock.advance(60);
    expect(trial.ctx.signal.aborted).toBe(false);
    trial.clock.advance(60);
    expect(trial.ctx.signal.aborted).toBe(true);
  });
});

describe('signals', () => {
  const signal = (name: string, payload: number): Signal => ({ name, payload, at: payload });

  test('that came before and later ones reach the handlers of their name once each, in order', async () => {
    const first = [signal('go', 1), signal('other', 2), signal('go', 3)];
    const trial = new Trial({ signals: first });
    const seen: unknown[] = [];
    trial.ctx.onSignal('go', (payload) => void seen.push(payload));
    await settled();
    trial.attempt.signalled([...first, signal('go', 4)]);
    trial.attempt.signalled([...first, signal('go', 4)]);
    trial.attempt.signalled(first);
    await settled();
    expect(seen).toEqual([1, 3, 4]);
    expect(trial.ctx.signals.map(({ payload }) => payload)).toEqual([1, 2, 3, 4]);
  });

  test('come once each although the task forgets its oldest, all but one that it waited for', async () => {
    const all = Array.from({ length: 60 }, (_, n) => signal('go', Math.floor(n / 2)));
    const listAt = (length: number): Signal[] => [
      signal('approved', 0),
      ...all.slice(Math.max(0, length - LIMITS.TASK_SIGNALS + 1), length),
    ];
    const trial = new Trial({ signals: listAt(3) });
    const seen: unknown[] = [];
    trial.ctx.onSignal('go', (payload) => void seen.push(payload));
    trial.ctx.onSignal('approved', () => void seen.push('approved'));
    for (let length = 4; length <= all.length; length += 3) {
      trial.attempt.signalled(listAt(length));
      trial.attempt.signalled(listAt(length - 2));
    }
    trial.attempt.signalled(listAt(all.length));
    for (let turn = 0; turn < 70; turn++) await settled();
    expect(seen.filter((each) => each !== 'approved')).toEqual(all.map(({ payload }) => payload));
    expect(seen.filter((each) => each === 'approved')).toHaveLength(1);
  });

  test('are handled one after the other, whatever a handler throws', async () => {
    const trial = new Trial({ signals: [signal('go', 1), signal('go', 2)] });
    const seen: string[] = [];
    trial.ctx.onSignal('go', async (payload) => {
      seen.push(`begin ${JSON.stringify(payload)}`);
      await settled();
      seen.push(`end ${JSON.stringify(payload)}`);
      throw new Error('no');
    });
    for (let turn = 0; turn < 6; turn++) await settled();
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  test('do not reach a handler that was removed, nor any after the end', async () => {
    const trial = new Trial({ signals: [signal('go', 1)] });
    const handler = jest.fn();
    trial.ctx.onSignal('go', handler)();
    trial.ctx.onSignal('late', handler);
    await trial.return('done');
    trial.attempt.signalled([signal('go', 1), signal('late', 2)]);
    await settled();
    expect(handler).not.toHaveBeenCalled();
  });
});
