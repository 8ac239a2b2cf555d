export interface JsonFault {
  offset: number;
  /** From 1. */
  line: number;
  column: number;
  expected: string;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Where a text stops being JSON and what was expected there; undefined where the text is JSON. The messages of
 * `JSON.parse` differ between versions of Node.js and often leave the position out.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const scanner = new Scanner(text);
  const expected = scanner.scan();
  if (expected === undefined) return undefined;
  const before = text.slice(0, scanner.at);
  const line = before.split('\n').length;
  return { offset: scanner.at, line, column: scanner.at - before.lastIndexOf('\n'), expected };
}

/** A pushdown scanner with its own stack: deep nesting must not overflow the call stack. */
class Scanner {
  at = 0;
  private readonly open: ('{' | '[')[] = [];

  constructor(private readonly text: string) {}

  /** What was expected at `at`, or undefined at the end of a valid text. */
  scan(): string | undefined {
    for (;;) {
      const fault = this.value();
      if (fault !== undefined) return fault;
      const next = this.afterValue();
      if (next === 'end') return undefined;
      if (next !== 'value') return next.expected;
    }
  }

  /** Reads one scalar, or opens containers down to the first scalar or empty container. */
  private value(): string | undefined {
    for (;;) {
      this.space();
      const char = this.text[this.at];
      if (char !== '{' && char !== '[') return this.scalar(char);
      this.at += 1;
      this.space();
      if (this.text[this.at] === (char === '{' ? '}' : ']')) {
        this.at += 1;
        return undefined;
      }
      this.open.push(char);
      if (char === '{') {
        const fault = this.key('a property name in double quotes, or }');
        if (fault !== undefined) return fault;
      }
    }
  }

  private scalar(char: string | undefined): string | undefined {
    if (char === '"') return this.string();
    if (this.match(NUMBER) || this.match(WORD)) return undefined;
    return 'a value';
  }

  private afterValue(): 'end' | 'value' | { expected: string } {
    for (;;) {
      this.space();
      const char = this.text[this.at];
      const container = this.open[this.open.length - 1];
      if (container === undefined)
        return this.at === this.text.length ? 'end' : { expected: 'the end of the text' };
      const close = container === '{' ? '}' : ']';
      if (char === close) {
        this.open.pop();
        this.at += 1;
        continue;
      }
      if (char !== ',') return { expected: `, or ${close}` };
      this.at += 1;
      const fault = container === '{' ? this.key('a property name in double quotes') : undefined;
      return fault === undefined ? 'value' : { expected: fault };
    }
  }

  private key(expected: string): string | undefined {
    this.space();
    if (this.text[this.at] !== '"') return expected;
    const fault = this.string();
    if (fault !== undefined) return fault;
    this.space();
    if (this.text[this.at] !== ':') return ':';
    this.at += 1;
    return undefined;
  }

  private string(): string | undefined {
    this.at += 1;
    while (this.at < this.text.length) {
      const char = this.text.charCodeAt(this.at);
      if (char < 0x20) return 'an escape such as \\n instead of a control character';
      this.at += 1;
      if (char === 0x22) return undefined;
      if (char === 0x5c && !this.match(ESCAPE)) return 'a valid escape after the backslash';
    }
    return 'the closing quote of the string';
  }

  private space(): void {
    this.match(SPACE);
  }

  private match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return false;
    this.at += found[0].length;
    return true;
  }
}
