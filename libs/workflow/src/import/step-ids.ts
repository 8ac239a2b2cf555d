import { LIMITS, StepId } from '@multiswarm/contracts';

/**
 * Names of foreign formats as step ids, and back.
 *
 * A name that fits is its own id. In any other, each byte of UTF-8 that a step id may not have is written as `:` and two
 * hex digits, and so is `:` itself; a name that does not start with a letter or digit gets the prefix `x::`.
 * A name that fits but reads like an encoded one is encoded, too, so that no two names share an id.
 */
export function toStepId(name: string): string {
  if (fits(name) && fromStepId(name) === name) return name;
  const escaped = [...Buffer.from(name, 'utf8')].map(escapeByte).join('');
  return /^[A-Za-z0-9]/.test(escaped) ? escaped : `${PREFIX}${escaped}`;
}

/** The name that `toStepId` was given. */
export function fromStepId(id: string): string {
  const body = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : id;
  const bytes: number[] = [];
  for (let at = 0; at < body.length; at += 1) {
    const hex = /^:([0-9a-f]{2})/.exec(body.slice(at, at + 3))?.[1];
    if (hex === undefined) bytes.push(...Buffer.from(body[at] ?? '', 'utf8'));
    else {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    }
  }
  return Buffer.from(bytes).toString('utf8');
}

const PREFIX = 'x::';

function fits(name: string): boolean {
  return name.length <= LIMITS.NAME_CHARS && StepId.safeParse(name).success;
}

function escapeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9_./-]/.test(char) ? char : `:${byte.toString(16).padStart(2, '0')}`;
}
