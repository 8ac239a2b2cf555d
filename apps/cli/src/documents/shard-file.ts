import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ShardCopyEnd, ShardCopyHead, type JsonValue } from '@multiswarm/contracts';
import { EXIT, Fault } from '../faults';

/** The last line of a file: of all bytes before it. */
const CHECKSUM = 'sha256';

/** Puts a checksum behind the lines of a copy. */
export class ShardFileWriter {
  private readonly hash = createHash(CHECKSUM);

  line(value: JsonValue): string {
    const text = `${JSON.stringify(value)}\n`;
    this.hash.update(text);
    return text;
  }

  end(): string {
    return `${JSON.stringify({ [CHECKSUM]: this.hash.digest('hex') })}\n`;
  }
}

/** Looks at all of a file before anything is sent. @returns its first line @throws Fault where it is damaged */
export async function checkedHead(path: string): Promise<ShardCopyHead> {
  const hash = createHash(CHECKSUM);
  let first: JsonValue | undefined;
  let last: JsonValue | undefined;
  let before: JsonValue | undefined;
  let pending: string | undefined;
  for await (const text of linesOf(path)) {
    if (pending !== undefined) hash.update(`${pending}\n`);
    pending = text;
    before = last;
    last = parsed(path, text);
    first ??= last;
  }
  const head = ShardCopyHead.safeParse(first);
  if (!head.success) throw damaged(path, 'it does not begin as a copy of a shard of version 1 does');
  if (checksumIn(last) === undefined || !ShardCopyEnd.safeParse(before).success)
    throw damaged(path, 'it has no end: the export was cut short');
  if (checksumIn(last) !== hash.digest('hex')) throw damaged(path, 'its checksum is another one');
  return head.data;
}

/** Its lines without the checksum. */
export async function* copyLines(path: string): AsyncGenerator<JsonValue> {
  for await (const text of linesOf(path)) {
    const line = parsed(path, text);
    if (checksumIn(line) === undefined) yield line;
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, 'utf8');
  // Without this the error of a file that is not there is nobody's.
  const opened = new Promise<void>((resolve, reject) =>
    stream.once('open', () => resolve()).once('error', reject),
  );
  await opened.catch((error: unknown) => {
    throw damaged(path, error instanceof Error ? error.message : String(error));
  });
  try {
    yield* createInterface({ input: stream, crlfDelay: Infinity });
  } finally {
    stream.destroy();
  }
}

function checksumIn(line: JsonValue | undefined): string | undefined {
  const isObject = typeof line === 'object' && line !== null && !Array.isArray(line);
  const sum = isObject ? line[CHECKSUM] : undefined;
  return typeof sum === 'string' && Object.keys(line ?? {}).length === 1 ? sum : undefined;
}

function parsed(path: string, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw damaged(path, 'a line of it is no JSON');
  }
}

function damaged(path: string, why: string): Fault {
  return new Fault(`${path} cannot be imported: ${why}`, { code: 'copy-refused', exit: EXIT.conflict });
}
