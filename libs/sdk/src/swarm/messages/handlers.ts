import {
  MultiswarmError,
  parseFitting,
  type Finding,
  type JsonValue,
  type Message,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import type { MessageDefinition } from '../../define-message';
import type { MessageHandler, StateAnswer, StateHandler } from '../types';
import { NoHandler, PoisonMessage } from './inbox';

export interface Registered {
  data?: z.ZodType;
  reply?: z.ZodType;
  handler: MessageHandler;
}

export interface Folding {
  data?: z.ZodType;
  reply?: z.ZodType;
  initial: () => JsonValue;
  handler: StateHandler;
  answer?: StateAnswer;
}

/** Kinds whose handlers are kept in a list. */
const LISTS_KEPT = 1_000;

/** Who handles which kind of message. */
export class Handlers {
  private readonly byKind = new Map<string, Set<Registered>>();
  /** Those of a kind together with those of all kinds. */
  private readonly lists = new Map<string, readonly Registered[]>();
  private readonly foldings = new Map<string, Folding>();

  get isEmpty(): boolean {
    return this.byKind.size === 0 && this.foldings.size === 0;
  }

  /** Returns the function that removes the handler. */
  add({ kind, data, reply }: MessageDefinition<z.ZodType, z.ZodType>, handler: MessageHandler): () => void {
    const registered: Registered = { handler, ...(data ? { data } : {}), ...(reply ? { reply } : {}) };
    const handlers = this.byKind.get(kind) ?? new Set();
    this.byKind.set(kind, handlers.add(registered));
    this.lists.clear();
    return () => {
      this.lists.clear();
      handlers.delete(registered);
      if (handlers.size === 0) this.byKind.delete(kind);
    };
  }

  /** Throws `invalid-configuration` where the kind has one already: two could not both have the state. */
  addFolding({ kind, data, reply }: MessageDefinition<z.ZodType, z.ZodType>, folding: Folding): () => void {
    if (this.foldings.has(kind))
      throw new MultiswarmError(
        'invalid-configuration',
        `messages of the kind "${kind}" have a handler with state already`,
      );
    this.foldings.set(kind, { ...folding, ...(data ? { data } : {}), ...(reply ? { reply } : {}) });
    return () => void this.foldings.delete(kind);
  }

  folding({ kind }: Message): Folding | undefined {
    return this.foldings.get(kind);
  }

  knows({ kind }: Message): boolean {
    return this.foldings.has(kind) || this.byKind.has(kind) || this.byKind.has('*');
  }

  /** Runs all handlers of a message. @returns the first answer that one of them gives @throws what one of them throws */
  async run(message: Message): Promise<JsonValue> {
    const found = this.found(message.kind);
    const [first] = found;
    if (first === undefined)
      throw new NoHandler(`nobody handles messages of the kind "${message.kind}" here`);
    if (found.length === 1) return (await this.call(first, message)) ?? null;
    const answers = await Promise.all(found.map((each) => this.call(each, { ...message })));
    return answers.find((answer) => answer !== undefined) ?? null;
  }

  private found(kind: string): readonly Registered[] {
    const known = this.lists.get(kind);
    if (known !== undefined) return known;
    const found = [...(this.byKind.get(kind) ?? []), ...(this.byKind.get('*') ?? [])];
    if (this.lists.size >= LISTS_KEPT) this.lists.clear();
    this.lists.set(kind, found);
    return found;
  }

  private async call({ data, reply, handler }: Registered, message: Message): Promise<JsonValue | undefined> {
    const answer = await handler(data === undefined ? message : { ...message, data: checked(data, message) });
    return answer === undefined ? undefined : checkedReply(reply, message, answer as JsonValue);
  }
}

/** An answer that is none of its kind is none at the next try either. */
export function checkedReply(schema: z.ZodType | undefined, { kind }: Message, answer: JsonValue): JsonValue {
  if (schema === undefined) return answer;
  const parsed = parseFitting(schema, answer);
  if (parsed.ok) return parsed.value as JsonValue;
  throw new PoisonMessage(`the answer to "${kind}" does not fit its schema: ${told(parsed.findings)}`);
}

/** What does not fit its schema will not fit the next time. */
export function checked(schema: z.ZodType | undefined, { kind, data }: Message): JsonValue {
  if (schema === undefined) return data;
  const parsed = parseFitting(schema, data, ['data']);
  if (parsed.ok) return parsed.value as JsonValue;
  throw new PoisonMessage(`the data of "${kind}" does not fit its schema: ${told(parsed.findings)}`);
}

function told(findings: readonly Finding[]): string {
  return findings.map(({ pointer, message }) => `${pointer || '/'}: ${message}`).join('; ');
}
