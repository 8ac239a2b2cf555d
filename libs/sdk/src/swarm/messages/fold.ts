import { asMultiswarmError, idAtRecipient, type JsonValue, type Message } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { ConversationStates } from './conversation-states';
import { checked, type Handlers } from './handlers';
import { hasExpired, type Arrived, type Handled } from './inbox';

/** Messages whose effect is written together. */
const TOGETHER = 256;
/** No further one is begun after this, milliseconds: effects of slow handlers are written soon. */
const TOGETHER_MS = 1_000;
/** Others may write the same conversation: messages of another priority, or a process that took over. */
const TRIES = 5;

export interface FoldParts {
  handlers: Handlers;
  states: ConversationStates;
  clock: Clock;
  /** Throws where a handler has not returned in its time. */
  inTime: <T>(work: Promise<T>) => Promise<T>;
}

/**
 * Handles the first messages of a conversation with the handlers that keep state: their effects, and that they are in it, are written as one
 * value. Those that are in it already have no effect. What one of them fails with leaves those before it their effect.
 */
export async function foldFirst(waiting: readonly Arrived[], parts: FoldParts): Promise<Handled> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await foldOnce(waiting, parts);
    } catch (error) {
      if (asMultiswarmError(error).code === 'revision-conflict' && tries < TRIES) continue;
      return { done: 0, failed: error };
    }
  }
}

async function foldOnce(
  waiting: readonly Arrived[],
  { handlers, states, clock, inTime }: FoldParts,
): Promise<Handled> {
  const first = waiting[0]?.message;
  if (first === undefined) return { done: 0 };
  const conversation = first.conversation ?? `from ${first.from}`;
  const before = await states.read(conversation);
  let state: JsonValue | undefined = before.revision === 0 ? undefined : before.state;
  const ids: string[] = [];
  let done = 0;
  let failed: unknown;
  const fromMs = clock.monotonic();
  for (const { message } of waiting.slice(0, TOGETHER)) {
    if (done > 0 && clock.monotonic() - fromMs >= TOGETHER_MS) break;
    if (hasExpired(message, clock.now())) break; // the next look finds it as the first
    const folding = handlers.folding(message);
    if (folding === undefined) break;
    const id = effectOf(message);
    if (!before.processed.has(id) && !ids.includes(id)) {
      try {
        const data = checked(folding.data, message);
        const so = state ?? folding.initial();
        state = await inTime(Promise.resolve().then(() => folding.handler(so, { ...message, data })));
        ids.push(id);
      } catch (error) {
        failed = error;
        break;
      }
    }
    done += 1;
  }
  if (ids.length > 0) await states.write(conversation, before, state ?? null, ids);
  return failed === undefined ? { done } : { done, failed };
}

/**
 * By what a message is known in a state: its sender, and the id under which it was sent at first. One may have had its effect and be given up all the same,
 * when whoever handled it died before he could say so; sent again, it has another id.
 */
function effectOf({ from, id, redriven }: Message): string {
  return idAtRecipient({ from, id: redriven?.first ?? redriven?.of ?? id });
}
