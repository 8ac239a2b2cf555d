import { celText, literalOf, type Text } from './text';

/**
 * A `when` of Argo (govaluate over text in which variables were replaced) in CEL: comparisons of words, quoted text and
 * numbers, `&&`, `||`, `!` and parentheses. What one side compares with a number is a number, everything else is text.
 *
 * @throws SyntaxError where it is more than that
 */
export function conditionCel(text: Text): string {
  const parser = new Parser(tokensOf(text));
  const cel = parser.any();
  parser.end();
  return cel;
}

type Operand = { kind: 'operand'; text: Text; isQuoted: boolean };
type Token = { kind: 'sign'; sign: string } | Operand;

const SIGN = /^(==|!=|>=|<=|=~|!~|&&|\|\||[<>!()])/;

function tokensOf(text: Text): Token[] {
  const tokens: Token[] = [];
  let word: (string | Exclude<Text[number], string>)[] = [];
  let quote: string | undefined;
  const flush = (isQuoted: boolean): void => {
    if (word.length > 0 || isQuoted) tokens.push({ kind: 'operand', text: merged(word), isQuoted });
    word = [];
  };
  for (const part of text) {
    if (typeof part !== 'string') {
      word.push(part);
      continue;
    }
    for (let at = 0; at < part.length; at += 1) {
      const char = part[at] ?? '';
      const sign = quote === undefined ? SIGN.exec(part.slice(at, at + 2))?.[0] : undefined;
      if (quote !== undefined && char === quote) {
        flush(true);
        quote = undefined;
      } else if (quote !== undefined) word.push(char);
      else if ((char === '"' || char === "'") && word.length === 0) quote = char;
      else if (/\s/.test(char)) flush(false);
      else if (sign !== undefined) {
        flush(false);
        tokens.push({ kind: 'sign', sign });
        at += sign.length - 1;
      } else word.push(char);
    }
  }
  if (quote !== undefined) throw new SyntaxError('a quote does not end');
  flush(false);
  return tokens;
}

function merged(parts: Text): Text {
  return parts.reduce<(string | Exclude<Text[number], string>)[]>((out, part) => {
    const last = out.at(-1);
    if (typeof part === 'string' && typeof last === 'string') return [...out.slice(0, -1), last + part];
    return [...out, part];
  }, []);
}

const COMPARISONS = new Set(['==', '!=', '>', '<', '>=', '<=', '=~', '!~']);

class Parser {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  any(): string {
    return this.several('||', () => this.several('&&', () => this.one()));
  }

  end(): void {
    if (this.at < this.tokens.length) throw this.unexpected();
  }

  private several(sign: string, next: () => string): string {
    const parts = [next()];
    while (this.take(sign)) parts.push(next());
    return parts.length === 1 ? (parts[0] ?? '') : parts.map((part) => grouped(part)).join(` ${sign} `);
  }

  private one(): string {
    if (this.take('!')) return `!(${this.one()})`;
    if (this.take('(')) {
      const inside = this.any();
      if (!this.take(')')) throw this.unexpected();
      const sign = this.comparison();
      if (sign !== undefined) throw this.unexpected();
      return inside;
    }
    const left = this.operand();
    const sign = this.comparison();
    return sign === undefined ? truth(left) : compared(left, sign, this.operand());
  }

  private comparison(): string | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== 'sign' || !COMPARISONS.has(token.sign)) return undefined;
    this.at += 1;
    return token.sign;
  }

  private operand(): Operand {
    const token = this.tokens[this.at];
    if (token?.kind !== 'operand') throw this.unexpected();
    this.at += 1;
    return token;
  }

  private take(sign: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'sign' || token.sign !== sign) return false;
    this.at += 1;
    return true;
  }

  private unexpected(): SyntaxError {
    const token = this.tokens[this.at];
    const what = token?.kind === 'sign' ? `"${token.sign}"` : 'a value';
    return new SyntaxError(token === undefined ? 'it ends too early' : `${what} is not expected there`);
  }
}

function grouped(part: string): string {
  return part.includes(' && ') || part.includes(' || ') ? `(${part})` : part;
}

/** By itself: the word true or false. */
function truth(operand: Operand): string {
  const literal = literalOf(operand.text);
  if (literal === undefined) return `${textCel(operand)} == 'true'`;
  if (literal === 'true' || literal === 'false') return literal;
  throw new SyntaxError(`"${literal}" is neither true nor false`);
}

function compared(left: Operand, sign: string, right: Operand): string {
  if (sign === '=~' || sign === '!~') return matched(left, sign, right);
  const isOrder = sign !== '==' && sign !== '!=';
  const isNumber = [left, right].some(
    (operand) => !operand.isQuoted && isNumeric(literalOf(operand.text) ?? ''),
  );
  if (isOrder || (isNumber && bothLiteral(left, right)))
    return `${numberCel(left)} ${sign} ${numberCel(right)}`;
  return `${textCel(left)} ${sign} ${textCel(right)}`;
}

function bothLiteral(left: Operand, right: Operand): boolean {
  return literalOf(left.text) !== undefined && literalOf(right.text) !== undefined;
}

/** A pattern without signs of its own is a part of the text. */
function matched(left: Operand, sign: string, right: Operand): string {
  const pattern = literalOf(right.text);
  if (pattern === undefined || /[\\^$.*+?()[\]{}|]/.test(pattern))
    throw new SyntaxError(
      'only patterns that are plain text can be carried over (conditions have no regular expressions)',
    );
  const cel = `${textCel(left)}.contains(${celText(pattern)})`;
  return sign === '=~' ? cel : `!(${cel})`;
}

function isNumeric(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}

function textCel({ text }: Operand): string {
  const parts = text.map((part) => {
    if (typeof part === 'string') return celText(part);
    if (part.cel === undefined) throw new SyntaxError(`a condition cannot look at {{${part.key}}}`);
    return `string(${part.cel})`;
  });
  if (parts.length === 0) return "''";
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' + ')})`;
}

function numberCel(operand: Operand): string {
  const literal = literalOf(operand.text);
  if (literal === undefined) return `double(${textCel(operand)})`;
  if (!isNumeric(literal)) throw new SyntaxError(`"${literal}" is no number`);
  return literal.includes('.') ? literal : `${literal}.0`;
}
