import type { Evidence } from '../evidence/evidence';
import type { Broken } from './invariants';

/** Messages are promised at most once; where nothing is disturbed they have to come. */
export function checkMail({ mail }: Evidence): Broken[] {
  const heard = new Map<string, string[]>();
  for (const { token, swarmId } of mail.filter(({ kind }) => kind === 'heard'))
    heard.set(token, [...(heard.get(token) ?? []), swarmId]);
  const written = mail.filter(({ kind }) => kind !== 'heard');
  const faults = written.flatMap(({ token, kind, to, calm, why }): string[] => {
    const by = heard.get(token) ?? [];
    if (by.length > 1) return [`a message to ${to} was heard ${by.length} times, by ${by.join(', ')}`];
    if (by.some((each) => each !== to)) return [`a message to ${to} was heard by ${by.join()}`];
    if (calm && kind === 'unsent') return [`a message to ${to} could not be sent: ${why ?? ''}`];
    return calm && by.length === 0 ? [`a message to ${to} was sent and not heard`] : [];
  });
  return faults.map((detail) => ({ invariant: 'messages-once', detail }));
}
