import { MultiswarmError, toMessage, MessageSubmission, type JsonValue } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { foldFirst, type FoldParts } from './fold';
import { Handlers } from './handlers';
import { failureOf, type Arrived } from './inbox';
import { ProcessedIds } from './processed-ids';

type States = FoldParts['states'];
type Known = Awaited<ReturnType<States['read']>>;

const TOO_LARGE = new MultiswarmError('state-too-large', 'it would have too many bytes');

/** One state, by compare-and-set; what is to go wrong is set from outside. */
class OneState implements States {
  readonly domain = 'hub';
  /** Characters of a state. */
  most = Infinity;
  known: Known = { state: null, processed: ProcessedIds.none(), revision: 0 };
  fault: Partial<Record<'read' | 'assertLatest' | 'write', Error>> = {};

  read(): Promise<Known> {
    return this.fault.read
      ? Promise.reject(this.fault.read)
      : Promise.resolve({ ...this.known, state: structuredClone(this.known.state) });
  }

  assertLatest(): Promise<void> {
    return this.fault.assertLatest ? Promise.reject(this.fault.assertLatest) : Promise.resolve();
  }

  write(...[, before, state, effects]: Parameters<States['write']>): Promise<void> {
    if (this.fault.write) return Promise.reject(this.fault.write);
    if (JSON.stringify(state).length > this.most) return Promise.reject(TOO_LARGE);
    const processed = before.processed.with(effects);
    // As the stream keeps it: a text, which nobody can change afterwards.
    const kept = JSON.parse(JSON.stringify(state)) as JsonValue;
    this.known = { state: kept, processed, revision: before.revision + 1 };
    return Promise.resolve();
  }
}

const unused = (): never => {
  throw new Error('not settled here');
};

function arrived(seq: number, data: JsonValue, replyTo?: string): Arrived {
  const submission = MessageSubmission.parse({
    ...{ from: 'a', to: 'b', kind: 'add', data, qos: 'exactly-once', conversation: 'c' },
    ...(replyTo === undefined ? {} : { replyTo }),
  });
  const made = { id: `m-${'0'.repeat(8)}${seq}`, acceptedAtMs: 1_000, traceparent: undefined };
  const settling = { ...{ seq, storedAtMs: seq, generation: { epoch: 1, count: 1 } } };
  const calls = { ack: unused, nak: unused, release: unused };
  return { message: toMessage(submission, made), settling: { ...settling, ...calls } };
}

function adding(handler?: (sum: number, data: number) => number): Handlers {
  const handlers = new Handlers();
  const add = handler ?? ((sum, data) => sum + data);
  const folding = {
    initial: () => 0,
    handler: (sum: JsonValue, { data }: { data: JsonValue }) => add(sum as number, data as number),
  };
  handlers.addFolding({ kind: 'add' }, folding);
  return handlers;
}

function parts(states: States, given: Partial<FoldParts> = {}): FoldParts {
  return {
    ...{ states, handlers: adding(), clock: systemClock, inTime: (work) => work },
    answer: () => Promise.resolve(),
    ...given,
  };
}

const FULL = new MultiswarmError('mailbox-full', 'it holds 20 of 20');
const AWAY = new MultiswarmError('bus-unavailable', 'the state of a conversation cannot be reached');

test('an answer that cannot be sent is no failure of the handler: the effect stays, once, and may have been', async () => {
  const states = new OneState();
  const told: JsonValue[] = [];
  let isFull = true;
  const answer: FoldParts['answer'] = (_, say) => {
    if (isFull) return Promise.reject(FULL);
    told.push(say());
    return Promise.resolve();
  };
  const asked = [arrived(1, 2), arrived(2, 3, 'asker'), arrived(3, 4)];
  const { done, failed } = await foldFirst(asked, parts(states, { answer }));
  expect([done, states.known.state]).toEqual([1, 9]);
  expect(failureOf(failed)).toEqual({
    cause: 'not-acknowledged',
    message: 'its answer could not be sent: mailbox-full: it holds 20 of 20',
    blameless: true,
  });
  isFull = false;
  expect(await foldFirst(asked.slice(1), parts(states, { answer }))).toEqual({ done: 2 });
  expect([told, states.known.state]).toEqual([[9], 9]);
});

test.each(['read', 'assertLatest', 'write'] as const)(
  'where the state is not reached, a message has not failed: it may be in it (%s)',
  async (call) => {
    const states = new OneState();
    states.fault = { [call]: AWAY };
    const refuse = (): never => {
      throw new Error('cannot');
    };
    const handlers = call === 'assertLatest' ? adding(refuse) : adding();
    const { done, failed } = await foldFirst([arrived(1, 2)], parts(states, { handlers }));
    expect([done, failureOf(failed)]).toMatchObject([0, { cause: 'not-acknowledged' }]);
  },
);

test('a state that is written by others again and again is open, too; one whose handler throws is looked up and has failed', async () => {
  const states = new OneState();
  states.fault = { write: new MultiswarmError('revision-conflict', 'written by somebody else') };
  const { failed } = await foldFirst([arrived(1, 2)], parts(states));
  expect(failureOf(failed)).toMatchObject({ cause: 'not-acknowledged' });
  const handlers = adding(() => {
    throw new Error('cannot');
  });
  const thrown = await foldFirst([arrived(1, 2)], parts(new OneState(), { handlers }));
  expect(failureOf(thrown.failed)).toEqual({ cause: 'handler-failed', message: 'cannot' });
});

test('one of which nobody knows whether it is in the state stays so when it is given up', async () => {
  const states = new OneState();
  const forgotten = {
    normal: [100, 100] as [number, number],
    'normal delayed': [50, 50] as [number, number],
  };
  states.known = {
    state: 7,
    revision: 1,
    processed: ProcessedIds.of({ processed: '', reaches: [], forgotten }),
  };
  const again = arrived(200, 1);
  again.message.redriven = {
    ...{ at: '2026-01-01T00:00:00.000Z', by: 'ops', times: 1, of: 'm-000000001', first: 'm-000000001' },
    unsure: { domain: 'hub', seq: 40 },
  };
  const { failed } = await foldFirst([again], parts(states));
  expect(failureOf(failed)).toMatchObject({ cause: 'not-acknowledged', poison: true });
  expect(states.known.state).toBe(7);
});

/** A state that its handlers change in place; 0 is refused after that. */
interface Sum {
  sum: number;
}

const START: Sum = { sum: 0 };

function addingInPlace(refuse: (state: Sum) => Promise<never>): Handlers {
  const handlers = new Handlers();
  handlers.addFolding(
    { kind: 'add' },
    {
      initial: () => START as unknown as JsonValue,
      handler: (state, { data }) => {
        const own = state as unknown as Sum;
        own.sum += Math.abs(data as number);
        return (data as number) < 0 ? refuse(own) : state;
      },
    },
  );
  return handlers;
}

test('what a handler that throws has done to its state in place is in no state that is written', async () => {
  const states = new OneState();
  const handlers = addingInPlace(() => Promise.reject(new Error('cannot')));
  const first = await foldFirst(
    [1, 2, -4, 8].map((data, n) => arrived(n + 1, data)),
    parts(states, { handlers }),
  );
  expect([first.done, first.failed, states.known.state]).toMatchObject([
    2,
    { message: 'cannot' },
    { sum: 3 },
  ]);
  const next = await foldFirst(
    [-4, 8].map((data, n) => arrived(n + 3, data)),
    parts(states, { handlers }),
  );
  expect([next.done, states.known.state, START]).toMatchObject([0, { sum: 3 }, { sum: 0 }]);
});

test('a handler that goes on after its time changes no state that is written', async () => {
  const states = new OneState();
  let late: Sum | undefined;
  const handlers = addingInPlace((state) => {
    late = state;
    return Promise.reject(new Error('hangs'));
  });
  await foldFirst(
    [1, -4].map((data, n) => arrived(n + 1, data)),
    parts(states, { handlers }),
  );
  if (late) late.sum += 100;
  await foldFirst([arrived(3, 8)], parts(states, { handlers }));
  expect(states.known.state).toEqual({ sum: 9 });
});

test('each question is answered from the state with its own message, also where handlers change it in place', async () => {
  const states = new OneState();
  const handlers = addingInPlace(() => Promise.reject(new Error('cannot')));
  const told: JsonValue[] = [];
  const answer: FoldParts['answer'] = (_, say) => {
    const said = say();
    told.push({ ...(said as unknown as Sum) });
    (said as unknown as Sum).sum = -1;
    return Promise.resolve();
  };
  const asked = [1, 2, 3].map((data, n) => arrived(n + 1, data, 'asker'));
  expect(await foldFirst(asked, parts(states, { handlers, answer }))).toEqual({ done: 3 });
  expect([told, states.known.state]).toEqual([[{ sum: 1 }, { sum: 3 }, { sum: 6 }], { sum: 6 }]);
});

test('the message with which the state is too large is a dead letter that says so; all others are in it, also behind it', async () => {
  const states = new OneState();
  states.most = '[9,9,9,9,9,9,9,9]'.length;
  const handlers = new Handlers();
  const initial = (): JsonValue => [];
  const append = (state: JsonValue, { data }: { data: JsonValue }): JsonValue => [
    ...(state as JsonValue[]),
    data,
  ];
  handlers.addFolding({ kind: 'add' }, { initial, handler: append });
  let waiting = [1, 2, 'x'.repeat(20), 4, 5].map((data, n) => arrived(n + 1, data));
  const dead: [JsonValue | undefined, ReturnType<typeof failureOf>][] = [];
  while (waiting.length > 0) {
    const { done, failed } = await foldFirst(waiting, parts(states, { handlers }));
    waiting = waiting.slice(done);
    if (failed !== undefined) dead.push([waiting.shift()?.message.data, failureOf(failed)]);
  }
  const message = 'state-too-large: it would have too many bytes';
  expect(dead).toEqual([['x'.repeat(20), { cause: 'handler-failed', message, poison: true }]]);
  expect(states.known.state).toEqual([1, 2, 4, 5]);
});
