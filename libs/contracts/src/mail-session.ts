import { LIMITS } from './limits';

/** With the number of its session it must still be a name. */
const READER_CHARS = LIMITS.NAME_CHARS - 16;

/** The name under which a process of a swarm reads mailboxes; each of its sessions has it and a number. */
export function mailReaderOf(swarmId: string, instance: string): string {
  // Cut in front, where processes of one swarm are alike; a name begins with a letter or a digit.
  return `${swarmId}-${instance}`.slice(-READER_CHARS).replace(/^[_-]+/, '');
}

export function mailSessionOf(reader: string, number: number): string {
  return `${reader}-${number}`;
}

/** Whose session it is; sessions of readers that are no processes of swarms have names of their own choice. */
export function readerOfSession(session: string): string {
  return session.slice(0, Math.max(0, session.lastIndexOf('-')));
}
