import { asMultiswarmError, idAtRecipient, type JsonValue, type Message } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { ConversationStates } from './conversation-states';
import { checked, checkedReply, type Folding, type Handlers } from './handlers';
import {
  conversationOf,
  EffectUnknown,
  EffectUnsure,
  hasExpired,
  PoisonMessage,
  Unanswered,
  type Arrived,
  type Handled,
} from './inbox';
import type { Effect, Place, ProcessedIds } from './processed-ids';

/** Messages whose effect is written together. */
const TOGETHER = 256;
/** No further one is begun after this, milliseconds: effects of slow handlers are written soon. */
const TOGETHER_MS = 1_000;
/** No further one is begun where copies of the state for answers take so much, characters. */
const COPIED_CHARS = 1_048_576;
/** Others may write the same conversation: messages of another priority, or a process that took over. */
const TRIES = 5;

export interface FoldParts {
  handlers: Handlers;
  states: Pick<ConversationStates, 'domain' | 'read' | 'write' | 'assertLatest'>;
  clock: Clock;
  /** Throws where a handler has not returned in its time. */
  inTime: <T>(work: Promise<T>) => Promise<T>;
  /** To whoever has asked. Rejects where that may work later: the message is not done before. */
  answer(message: Message, say: () => JsonValue): Promise<void>;
}

interface Folded extends Handled {
  /** What is to be answered, once the state is written; for each message that is done. */
  answers: (() => Promise<void>)[];
  /** F3, F4: so many of the first are to be handled anew. */
  anew?: number;
}

/**
 * Handles the first messages of a conversation with the handlers that keep state: their effects, and that they are in it, are written as one
 * value. Those that are in it already have no effect. What one of them fails with leaves those before it their effect.
 *
 * F1. What is answered is in the state. Whoever has not been answered, since the one who was to do it died, is answered when the message
 *     comes again: from the state as it is then.
 * F2. A message has failed only where its own handler has: in everything else that goes wrong, whether it is in the state already is open.
 * F3. A handler may change the state that it is given, in place. What one has done to it that did not return is in no state that is written:
 *     those before it are handled anew, from what is stored.
 * F4. The message with which the state is too large is a dead letter, and no other: it is found by handling half of them each time.
 */
export async function foldFirst(waiting: readonly Arrived[], parts: FoldParts): Promise<Handled> {
  let first = waiting.slice(0, TOGETHER);
  let behind: Pick<Handled, 'failed'> = {};
  for (let conflicts = 0; ;) {
    try {
      const { answers, anew, ...handled } = await foldOnce(first, parts);
      if (anew === undefined)
        return await answered(answers, handled.done < first.length ? handled : { ...handled, ...behind });
      first = first.slice(0, anew); // fewer each time
      behind = 'failed' in handled ? { failed: handled.failed } : {};
    } catch (error) {
      if (asMultiswarmError(error).code === 'revision-conflict' && (conflicts += 1) < TRIES) continue;
      return { done: 0, failed: EffectUnsure.by(error) }; // F2
    }
  }
}

/** F1. One whose answer cannot be sent is not done; those behind it come again with it, and have had their effect. */
async function answered(answers: Folded['answers'], handled: Handled): Promise<Handled> {
  for (const [at, answer] of answers.entries()) {
    try {
      await answer();
    } catch (error) {
      return { done: at, failed: Unanswered.by(error) }; // F2
    }
  }
  return handled;
}

async function foldOnce(waiting: readonly Arrived[], parts: FoldParts): Promise<Folded> {
  const { states, clock, handlers } = parts;
  const first = waiting[0]?.message;
  if (first === undefined) return { done: 0, answers: [] };
  const conversation = conversationOf(first);
  const before = await states.read(conversation);
  let state: JsonValue | undefined = before.revision === 0 ? undefined : before.state;
  const effects: Effect[] = [];
  const answers: Folded['answers'] = [];
  let failed: unknown;
  const fromMs = clock.monotonic();
  let copied = 0;
  for (const arrived of waiting) {
    const { message } = arrived;
    const isLate = answers.length > 0 && clock.monotonic() - fromMs >= TOGETHER_MS;
    // What has expired is found by the next look, as the first.
    const folding = hasExpired(message, clock.now()) ? undefined : handlers.folding(message);
    if (isLate || copied >= COPIED_CHARS || folding === undefined) break;
    const effect = effectOf(arrived, states.domain);
    try {
      if (isNew(effect, effects, before)) {
        const so = begun(state, folding);
        const data = (): JsonValue => checked(folding.data, message);
        const handle = async (): Promise<JsonValue> => folding.handler(so, { ...message, data: data() });
        state = await parts.inTime(Promise.resolve().then(handle));
        effects.push(effect);
      }
    } catch (error) {
      failed = error;
      break;
    }
    const asked = copyFor(message, state, folding);
    copied += asked?.length ?? 0;
    answers.push(answerOf(message, folding, asked, parts));
  }
  const folded = { done: answers.length, answers, ...(failed === undefined ? {} : { failed }) };
  if (effects.length === 0)
    return failed === undefined ? folded : states.assertLatest(conversation, before).then(() => folded);
  if (failed !== undefined && isObject(state)) return { ...folded, anew: folded.done };
  const written = states.write(conversation, before, state ?? null, effects).then(() => folded);
  return written.catch((error: unknown) =>
    tooLarge(error, folded.done, () => states.assertLatest(conversation, before)),
  );
}

/** F4. */
async function tooLarge(error: unknown, done: number, assertLatest: () => Promise<void>): Promise<Folded> {
  const { code, message } = asMultiswarmError(error);
  if (code !== 'state-too-large') throw error;
  if (done > 1) return { done: 0, answers: [], anew: Math.ceil(done / 2) };
  await assertLatest();
  return { done: 0, answers: [], failed: new PoisonMessage(`${code}: ${message}`) };
}

/** @throws EffectUnknown */
function isNew(
  effect: Effect,
  effects: readonly Effect[],
  { processed }: { processed: ProcessedIds },
): boolean {
  if (effects.some(({ id }) => id === effect.id)) return false;
  const known = processed.of(effect);
  if (known === 'unknown') throw new EffectUnknown(UNKNOWN);
  return known === 'new';
}

const UNKNOWN =
  'whether it has had its effect is not known any more: more than a thousand later messages are in the state of its conversation. ' +
  'Look at the state; where the message is not in it, send it as a new one, with an id of its own';

/** Where there is no state yet, one of its own, also where a program begins with the same object each time: F3. */
function begun(state: JsonValue | undefined, { initial }: Pick<Folding, 'initial'>): JsonValue {
  if (state !== undefined) return state;
  const first = initial();
  return isObject(first) ? structuredClone(first) : first;
}

/** What a question is answered from. */
function copyFor({ replyTo }: Message, state: JsonValue | undefined, folding: Folding): string | undefined {
  return replyTo === undefined ? undefined : JSON.stringify(begun(state, folding));
}

function isObject(state: unknown): boolean {
  return typeof state === 'object' && state !== null;
}

/** From a copy of the state: as it was then, whatever handlers behind make of it; and what the answer makes of it is in no state. */
function answerOf(
  message: Message,
  { answer, reply, data }: Folding,
  asked: string | undefined,
  parts: FoldParts,
): () => Promise<void> {
  if (asked === undefined) return () => Promise.resolve();
  return () =>
    parts.answer(message, () => {
      const state = JSON.parse(asked) as JsonValue;
      const said = answer === undefined ? state : answer(state, { ...message, data: checked(data, message) });
      return checkedReply(reply, message, said);
    });
}

/**
 * By what a message is known in a state: its sender, and the id under which it was sent at first. One may have had its effect and be given up all the same,
 * when whoever handled it died before he could say so; sent again, it has another id.
 */
function effectOf({ message, settling }: Arrived, domain: string | undefined): Effect {
  const { from, id, redriven, priority, deliverAt } = message;
  const { first, of, unsure } = redriven ?? {};
  const place: Place | undefined = settling && {
    ...{ line: priority, delayed: deliverAt !== undefined, seq: settling.seq },
    atMs: deliverAt === undefined ? settling.storedAtMs : Date.parse(deliverAt),
  };
  return {
    id: idAtRecipient({ from, id: first ?? of ?? id }),
    place,
    unsureFrom: unsure?.domain === domain ? unsure?.seq : undefined,
  };
}
