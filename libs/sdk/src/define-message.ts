import type { z } from 'zod';
import type { AnyJson } from './define-task';

/** A kind of message, with the types of its data and of its answer. Made by `defineMessage`. */
export interface MessageDefinition<Data extends z.ZodType = AnyJson, Reply extends z.ZodType = AnyJson> {
  readonly kind: string;
  readonly data?: Data;
  /** What a handler answers where somebody asks. */
  readonly reply?: Reply;
}

/** A definition or, where nothing needs to be checked, just the name of the kind. */
export type MessageOrKind<Data extends z.ZodType = AnyJson, Reply extends z.ZodType = AnyJson> =
  MessageDefinition<Data, Reply> | string;

/** Names a kind of message. With schemas, both who sends and who handles are typed, and both sides check what they are given. */
export function defineMessage<Data extends z.ZodType = AnyJson, Reply extends z.ZodType = AnyJson>(
  definition: MessageDefinition<Data, Reply>,
): MessageDefinition<Data, Reply> {
  return Object.freeze({ ...definition });
}

export function messageOf<Data extends z.ZodType, Reply extends z.ZodType>(
  message: MessageOrKind<Data, Reply>,
): MessageDefinition<Data, Reply> {
  return typeof message === 'string' ? { kind: message } : message;
}
