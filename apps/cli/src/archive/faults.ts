import { EXIT, Fault } from '../faults';

/** The file is no archive at all. */
export function noArchive(path: string, what: string): Fault {
  return new Fault(`${path} is no archive of events: ${what}`, {
    code: 'not-an-archive',
    exit: EXIT.usage,
    hint: 'archives are made with "swarmctl event archive --file FILE"',
  });
}

export function foreignVersion(path: string, version: unknown, known: number): Fault {
  const sentence = `${path} is an archive of version ${JSON.stringify(version)}, this program reads version ${known}`;
  return new Fault(sentence, {
    code: 'archive-version',
    exit: EXIT.usage,
    hint: 'read it with the version of swarmctl that has made it, or a newer one',
  });
}

/** @param line undefined where it is no single one */
export function damaged(path: string, line: number | undefined, what: string): Fault {
  const where = line === undefined ? '' : ` at line ${line}`;
  return new Fault(`${path} is damaged${where}: ${what}`, {
    code: 'archive-damaged',
    exit: EXIT.workFailed,
    hint: 'everything up to the last checkpoint before it is as it was written: --partial reads that much',
  });
}

export function cutOff(path: string, line: number): Fault {
  return new Fault(`${path} is not complete: it ends after line ${line}, without the end of an archive`, {
    code: 'archive-truncated',
    exit: EXIT.workFailed,
    hint: '"swarmctl event archive --resume" goes on with it; --partial reads what is there',
  });
}

export function unreadable(path: string, cause: unknown): Fault {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Fault(`${path} cannot be read: ${why}`, { code: 'file', exit: EXIT.usage, cause });
}
