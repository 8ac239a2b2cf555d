import type { DeadLetterFacts } from '../../domain/task/dead-letter-facts';

/** A list without names: there is one of them for each dead letter. */
export function encodeFacts({ state, type, namespace, code }: DeadLetterFacts): string {
  return JSON.stringify([state, type, namespace, code]);
}

export function decodeFacts(text: string | null | undefined): DeadLetterFacts | undefined {
  if (!text) return undefined;
  // What is stored was written by us, hence the cast.
  const [state, type, namespace, code] = JSON.parse(text) as [
    DeadLetterFacts['state'],
    string,
    string,
    string,
  ];
  return { state, type, namespace, code };
}
