import { asMultiswarmError, idAtRecipient, type JsonValue, type Message } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { ConversationStates } from './conversation-states';
import { checked, checkedReply, type Handlers } from './handlers';
import {
  conversationOf,
  EffectUnknown,
  EffectUnsure,
  hasExpired,
  Unanswered,
  type Arrived,
  type Handled,
} from './inbox';
import type { Effect, Place } from './processed-ids';

/** Messages whose effect is written together. */
const TOGETHER = 256;
/** No further one is begun after this, milliseconds: effects of slow handlers are written soon. */
const TOGETHER_MS = 1_000;
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
}

/**
 * Handles the first messages of a conversation with the handlers that keep state: their effects, and that they are in it, are written as one
 * value. Those that are in it already have no effect. What one of them fails with leaves those before it their effect.
 *
 * F1. What is answered is in the state. Whoever has not been answered, since the one who was to do it died, is answered when the message
 *     comes again: from the state as it is then.
 * F2. A message has failed only where its own handler has: in everything else that goes wrong, whether it is in the state already is open.
 */
export async function foldFirst(waiting: readonly Arrived[], parts: FoldParts): Promise<Handled> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { answers, ...handled } = await foldOnce(waiting, parts);
      return await answered(answers, handled);
    } catch (error) {
      if (asMultiswarmError(error).code === 'revision-conflict' && tries < TRIES) continue;
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
  for (const arrived of waiting.slice(0, TOGETHER)) {
    const { message } = arrived;
    if (answers.length > 0 && clock.monotonic() - fromMs >= TOGETHER_MS) break;
    if (hasExpired(message, clock.now())) break; // the next look finds it as the first
    const folding = handlers.folding(message);
    if (folding === undefined) break;
    const effect = effectOf(arrived, states.domain);
    const data = (): JsonValue => checked(folding.data, message);
    try {
      const known = effects.some(({ id }) => id === effect.id) ? 'repeated' : before.processed.of(effect);
      if (known === 'unknown') throw new EffectUnknown(UNKNOWN);
      if (known === 'new') {
        const so = state ?? folding.initial();
        const handle = async (): Promise<JsonValue> => folding.handler(so, { ...message, data: data() });
        state = await parts.inTime(Promise.resolve().then(handle));
        effects.push(effect);
      }
    } catch (error) {
      failed = error;
      break;
    }
    answers.push(answerOf(arrived.message, folding, state ?? folding.initial(), parts));
  }
  const done = answers.length;
  if (effects.length > 0) await states.write(conversation, before, state ?? null, effects);
  else if (failed !== undefined) await states.assertLatest(conversation, before);
  return failed === undefined ? { done, answers } : { done, answers, failed };
}

const UNKNOWN =
  'whether it has had its effect is not known any more: more than a thousand later messages are in the state of its conversation. ' +
  'Look at the state; where the message is not in it, send it as a new one, with an id of its own';

function answerOf(
  message: Message,
  { answer, reply, data }: NonNullable<ReturnType<Handlers['folding']>>,
  state: JsonValue,
  parts: FoldParts,
): () => Promise<void> {
  if (message.replyTo === undefined) return () => Promise.resolve();
  return () =>
    parts.answer(message, () => {
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
