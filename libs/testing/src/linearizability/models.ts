import type { Model } from './check';

/** A register with compare-and-set. What was read or came of it is undefined where nobody knows. */
export type RegisterCall<V> =
  | { kind: 'read'; value: V | undefined }
  | { kind: 'write'; value: V }
  /** `done`: whether it found what it expected. */
  | { kind: 'cas'; from: V; to: V; done: boolean | undefined };

/** @param initial what it holds before the first write */
export function registerModel<V extends string | number | null>(initial: V): Model<V, RegisterCall<V>> {
  return {
    initial,
    key: (state) => `${typeof state}${String(state)}`,
    step(state, call) {
      switch (call.kind) {
        case 'read':
          return call.value === undefined || call.value === state ? state : undefined;
        case 'write':
          return call.value;
        case 'cas': {
          const isMet = state === call.from;
          if (call.done !== undefined && call.done !== isMet) return undefined;
          return isMet ? call.to : state;
        }
      }
    },
  };
}

/** One key of a store of texts. */
export type TextCall =
  | { kind: 'get'; key: string; value: string | undefined }
  | { kind: 'put' | 'append'; key: string; value: string };

/** A text, known by a number: to compare long texts at every step would be most of the work. */
interface Text {
  id: number;
  text: string;
  /** What it becomes by what is added. */
  longer: Map<string, Text>;
}

/** Texts begin empty; `append` adds to them. One model for each check: it remembers the texts that it has met. */
export function textModel(): Model<Text, TextCall> {
  let known = 0;
  const made = (text: string): Text => ({ id: known++, text, longer: new Map() });
  const initial = made('');
  const whole = new Map<string, Text>([['', initial]]);
  const found = (texts: Map<string, Text>, by: string, text: () => string): Text => {
    const there = texts.get(by) ?? made(text());
    texts.set(by, there);
    return there;
  };
  return {
    initial,
    key: ({ id }) => String(id),
    step(state, { kind, value = '' }, isAnswered) {
      if (kind === 'get') return !isAnswered || value === state.text ? state : undefined;
      if (kind === 'put') return found(whole, value, () => value);
      return found(state.longer, value, () => state.text + value);
    },
  };
}
