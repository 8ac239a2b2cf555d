import {
  MESSAGE_DATA,
  TaskResponse,
  type JsonValue,
  type Message,
  type MessageKind,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import type { AnyJson } from './define-task';

/** A kind of message, with the types of its data and of its answer. Made by `defineMessage`. */
export interface MessageDefinition<Data extends z.ZodType = AnyJson, Reply extends z.ZodType = AnyJson> {
  readonly kind: string;
  readonly data?: Data;
  /** What a handler answers where somebody asks. */
  readonly reply?: Reply;
}

/** A definition, or the name of a kind: one of the common kinds has its own types, any other has any JSON. */
export type MessageOrKind = MessageDefinition<z.ZodType, z.ZodType> | string;

/** What the data of a kind is where it is sent: before defaults and transformations of its schema. */
export type DataSent<K> =
  K extends MessageDefinition<infer Data, z.ZodType>
    ? z.input<Data>
    : K extends MessageKind
      ? z.input<(typeof MESSAGE_DATA)[K]>
      : JsonValue;

/** What the data of a kind is where it is handled. */
export type DataReceived<K> =
  K extends MessageDefinition<infer Data, z.ZodType>
    ? z.output<Data>
    : K extends MessageKind
      ? z.output<(typeof MESSAGE_DATA)[K]>
      : JsonValue;

/** What a handler of a kind answers. */
export type AnswerGiven<K> =
  K extends MessageDefinition<z.ZodType, infer Reply>
    ? z.input<Reply>
    : K extends 'task-request'
      ? z.input<typeof TaskResponse>
      : unknown;

/** What whoever asks is answered. */
export type AnswerReceived<K> =
  K extends MessageDefinition<z.ZodType, infer Reply>
    ? z.output<Reply>
    : K extends 'task-request'
      ? z.output<typeof TaskResponse>
      : JsonValue;

/** A message that has come, with the data of its kind. */
export type MessageOf<Data> = Omit<Message, 'data'> & { data: Data };

/** Names a kind of message. With schemas, both who sends and who handles are typed, and both sides check what they are given. */
export function defineMessage<Data extends z.ZodType = AnyJson, Reply extends z.ZodType = AnyJson>(
  definition: MessageDefinition<Data, Reply>,
): MessageDefinition<Data, Reply> {
  return Object.freeze({ ...definition });
}

const COMMON: ReadonlyMap<string, MessageDefinition<z.ZodType, z.ZodType>> = new Map(
  Object.entries(MESSAGE_DATA).map(([kind, data]) => [
    kind,
    kind === 'task-request' ? { kind, data, reply: TaskResponse } : { kind, data },
  ]),
);

/** What is known of a kind. */
export function messageOf(message: MessageOrKind): MessageDefinition<z.ZodType, z.ZodType> {
  return typeof message === 'string' ? (COMMON.get(message) ?? { kind: message }) : message;
}
