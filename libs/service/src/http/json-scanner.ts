import { LIMITS } from '@multiswarm/contracts';

type State =
  | 'value'
  | 'value or ]'
  | 'key'
  | 'key or }'
  | ':'
  | 'after'
  | 'string'
  | 'escape'
  | 'hex'
  | 'word'
  | NumberState;
type NumberState = '-' | '0' | 'integer' | '.' | 'fraction' | 'e' | 'e sign' | 'exponent';

const EXPECTED: Readonly<Record<State, string>> = {
  ...{ value: 'a value', 'value or ]': 'a value' },
  ...{ key: 'a property name in double quotes', 'key or }': 'a property name in double quotes, or }' },
  ...{ ':': ':', after: ', or the end of what is open', string: 'the closing quote of the string' },
  ...{ escape: 'a valid escape after the backslash', hex: 'a valid escape after the backslash' },
  ...{ word: 'a value', '-': 'a digit', '0': 'a digit', integer: 'a digit', '.': 'a digit' },
  ...{ fraction: 'a digit', e: 'a digit or a sign', 'e sign': 'a digit', exponent: 'a digit' },
};
const CONTROL = 'an escape such as \\n instead of a control character';

const ESCAPED = bytesOf('"\\/bfnrt');
const WORDS: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' };
/** What may follow in a number; what is none of these ends it where it may end. */
const NUMBERS: Readonly<Partial<Record<State, (char: string) => NumberState | undefined>>> = {
  '-': (char) => (char === '0' ? '0' : isDigit(char) ? 'integer' : undefined),
  '0': behindInteger,
  integer: (char) => (isDigit(char) ? 'integer' : behindInteger(char)),
  '.': (char) => (isDigit(char) ? 'fraction' : undefined),
  fraction: (char) => (isDigit(char) ? 'fraction' : exponentOf(char)),
  e: (char) => (char === '+' || char === '-' ? 'e sign' : isDigit(char) ? 'exponent' : undefined),
  'e sign': (char) => (isDigit(char) ? 'exponent' : undefined),
  exponent: (char) => (isDigit(char) ? 'exponent' : undefined),
};
const WHOLE: ReadonlySet<State> = new Set(['0', 'integer', 'fraction', 'exponent']);

/** Whether bytes that come in pieces are one JSON text, nested at most `LIMITS.JSON_DEPTH` levels deep. Holds nothing of them. */
export class JsonScanner {
  line = 1;
  isTooDeep = false;
  hasBegun = false;
  private state: State = 'value';
  private readonly open: ('{' | '[')[] = [];
  private isKey = false;
  private word = '';
  private at = 0;
  private hexLeft = 0;
  private offset = 0;
  private lineFrom = 0;

  /** In UTF-16 units, as editors count it; of a word that is none, where it begins. */
  get column(): number {
    return this.offset - this.lineFrom + 1 - (this.state === 'word' ? this.at : 0);
  }

  /** @returns what was expected instead, at `line` and `column` */
  push(bytes: Uint8Array): string | undefined {
    if (bytes.length > 0) this.hasBegun = true;
    for (let index = 0; index < bytes.length; index++) {
      if (this.state === 'string') index = this.behindText(bytes, index);
      const byte = bytes[index];
      if (byte === undefined) break;
      const fault = this.state === 'string' ? this.inString(byte) : this.outside(byte);
      if (fault !== undefined) return fault;
      if (byte < 0x80 || byte >= 0xc0) this.offset += byte >= 0xf0 ? 2 : 1;
    }
    return undefined;
  }

  /** @returns what was expected behind it, if anything */
  end(): string | undefined {
    if (WHOLE.has(this.state)) this.state = 'after';
    return this.state === 'after' && this.open.length === 0 ? undefined : this.expected;
  }

  private get expected(): string {
    if (this.state !== 'after') return EXPECTED[this.state];
    const container = this.open.at(-1);
    return container === undefined ? 'the end of the text' : `, or ${container === '{' ? '}' : ']'}`;
  }

  /** Most of most texts: what stands for itself in a string. */
  private behindText(bytes: Uint8Array, from: number): number {
    let at = from;
    let units = 0;
    for (
      let byte = bytes[at];
      byte !== undefined && byte >= 0x20 && byte !== 0x22 && byte !== 0x5c;
      byte = bytes[++at]
    )
      if (byte < 0x80 || byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1;
    this.offset += units;
    return at;
  }

  private inString(byte: number): string | undefined {
    if (byte === 0x22) this.state = this.isKey ? ':' : 'after';
    else if (byte === 0x5c) this.state = 'escape';
    else if (byte < 0x20) return CONTROL;
    return undefined;
  }

  private outside(byte: number): string | undefined {
    switch (this.state) {
      case 'escape':
        if (byte === 0x75) [this.state, this.hexLeft] = ['hex', 4];
        else if (ESCAPED.has(byte)) this.state = 'string';
        else return this.expected;
        return undefined;
      case 'hex':
        if (!isHex(byte)) return this.expected;
        this.hexLeft -= 1;
        if (this.hexLeft === 0) this.state = 'string';
        return undefined;
      case 'word':
        if (this.word.charCodeAt(this.at) !== byte) return this.expected;
        this.at += 1;
        if (this.at === this.word.length) this.state = 'after';
        return undefined;
      default:
        return this.between(byte, String.fromCharCode(byte));
    }
  }

  private between(byte: number, char: string): string | undefined {
    const { state } = this;
    if (state === 'integer' && byte >= 0x30 && byte <= 0x39) return undefined;
    const inNumber = NUMBERS[state];
    if (inNumber) {
      const next = inNumber(char);
      if (next !== undefined) return this.goes(next);
      if (!WHOLE.has(state)) return this.expected;
      this.state = 'after';
    }
    if (byte === 0x0a) [this.line, this.lineFrom] = [this.line + 1, this.offset + 1];
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return undefined;
    switch (this.state) {
      case ':':
        return char === ':' ? this.goes('value') : this.expected;
      case 'after':
        return this.after(char);
      case 'key':
      case 'key or }':
        if (char === '"') return this.begins(true);
        return char === '}' && this.state === 'key or }' ? this.closes() : this.expected;
      default:
        return this.value(char);
    }
  }

  private value(char: string): string | undefined {
    const word = WORDS[char];
    if (char === '"') return this.begins(false);
    if (char === '{' || char === '[') return this.opens(char);
    if (char === ']' && this.state === 'value or ]') return this.closes();
    if (char === '-') return this.goes('-');
    if (isDigit(char)) return this.goes(char === '0' ? '0' : 'integer');
    if (word === undefined) return this.expected;
    [this.word, this.at] = [word, 1];
    return this.goes('word');
  }

  private after(char: string): string | undefined {
    const container = this.open.at(-1);
    if (container === undefined) return this.expected;
    if (char === ',') return this.goes(container === '{' ? 'key' : 'value');
    return char === (container === '{' ? '}' : ']') ? this.closes() : this.expected;
  }

  private opens(char: '{' | '['): string | undefined {
    this.open.push(char);
    this.isTooDeep = this.open.length > LIMITS.JSON_DEPTH;
    if (this.isTooDeep) return 'less depth';
    return this.goes(char === '{' ? 'key or }' : 'value or ]');
  }

  private closes(): string | undefined {
    this.open.pop();
    return this.goes('after');
  }

  private begins(isKey: boolean): string | undefined {
    this.isKey = isKey;
    return this.goes('string');
  }

  /** There is no fault. */
  private goes(state: State): string | undefined {
    this.state = state;
    return undefined;
  }
}

function behindInteger(char: string): NumberState | undefined {
  return char === '.' ? '.' : exponentOf(char);
}

function exponentOf(char: string): NumberState | undefined {
  return char === 'e' || char === 'E' ? 'e' : undefined;
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function bytesOf(text: string): ReadonlySet<number> {
  return new Set(Buffer.from(text));
}
