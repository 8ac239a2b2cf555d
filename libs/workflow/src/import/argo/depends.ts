/** What a task may be asked for: how it ended. */
export const RESULTS = [
  'Succeeded',
  'Failed',
  'Errored',
  'Skipped',
  'Omitted',
  'Daemoned',
  'AnySucceeded',
  'AllFailed',
] as const;
export type Result = (typeof RESULTS)[number];

/** What a task depends on (https://argo-workflows.readthedocs.io/en/latest/enhanced-depends-logic/). */
export type Depends =
  | { op: 'and' | 'or'; of: Depends[] }
  | { op: 'not'; of: Depends }
  /** Without a result: it succeeded, or was skipped. */
  | { op: 'task'; name: string; result: Result | undefined };

const TOKEN = /\s*(?:(&&|\|\||[!()])|([A-Za-z0-9][-A-Za-z0-9]*)(?:\.([A-Za-z]+))?)/y;

/** @throws SyntaxError that says what is wrong */
export function parseDepends(text: string): Depends {
  const parser = new Parser(text);
  const parsed = parser.any();
  parser.end();
  return parsed;
}

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  any(): Depends {
    return this.several('or', '||', () => this.several('and', '&&', () => this.one()));
  }

  end(): void {
    if (this.text.slice(this.at).trim() !== '') throw this.unexpected();
  }

  private several(op: 'and' | 'or', sign: string, next: () => Depends): Depends {
    const of = [next()];
    while (this.take(sign)) of.push(next());
    const [only] = of;
    return of.length === 1 && only ? only : { op, of };
  }

  private one(): Depends {
    if (this.take('!')) return { op: 'not', of: this.one() };
    if (this.take('(')) {
      const inside = this.any();
      if (!this.take(')')) throw this.unexpected();
      return inside;
    }
    const token = this.next();
    const [, , name, result] = token ?? [];
    if (name === undefined) throw this.unexpected();
    this.at = TOKEN.lastIndex;
    if (result === undefined) return { op: 'task', name, result: undefined };
    const known = RESULTS.find((one) => one === result);
    if (!known) throw new SyntaxError(`.${result} is no result of a task: ${RESULTS.join(', ')}`);
    return { op: 'task', name, result: known };
  }

  private take(sign: string): boolean {
    if (this.next()?.[1] !== sign) return false;
    this.at = TOKEN.lastIndex;
    return true;
  }

  private next(): RegExpExecArray | null {
    TOKEN.lastIndex = this.at;
    return TOKEN.exec(this.text);
  }

  private unexpected(): SyntaxError {
    const rest = this.text.slice(this.at).trim();
    return new SyntaxError(rest === '' ? 'it ends too early' : `"${rest}" is not expected`);
  }
}

/** The tasks that it mentions, each once. */
export function mentioned(depends: Depends): string[] {
  return [...new Set([...leaves(depends)].map(({ name }) => name))];
}

export function* leaves(depends: Depends): Generator<Extract<Depends, { op: 'task' }>> {
  if (depends.op === 'task') yield depends;
  else for (const part of depends.op === 'not' ? [depends.of] : depends.of) yield* leaves(part);
}

/** The tasks that must all have succeeded or been skipped; undefined where it asks for more than that. */
export function plainTasks(depends: Depends): string[] | undefined {
  if (depends.op === 'task') return depends.result === undefined ? [depends.name] : undefined;
  if (depends.op !== 'and') return undefined;
  const parts = depends.of.map(plainTasks);
  return parts.every((part) => part !== undefined) ? [...new Set(parts.flat())] : undefined;
}

/** Whether it holds. */
export function holds(depends: Depends, of: (name: string, result: Result | undefined) => boolean): boolean {
  switch (depends.op) {
    case 'and':
      return depends.of.every((part) => holds(part, of));
    case 'or':
      return depends.of.some((part) => holds(part, of));
    case 'not':
      return !holds(depends.of, of);
    case 'task':
      return of(depends.name, depends.result);
  }
}

/** The same in CEL. */
export function dependsCel(
  depends: Depends,
  of: (name: string, result: Result | undefined) => string,
): string {
  switch (depends.op) {
    case 'and':
    case 'or': {
      const sign = depends.op === 'and' ? ' && ' : ' || ';
      return depends.of
        .map((part) => {
          const text = dependsCel(part, of);
          return part.op === 'and' || part.op === 'or' ? `(${text})` : text;
        })
        .join(sign);
    }
    case 'not':
      return `!(${dependsCel(depends.of, of)})`;
    case 'task':
      return of(depends.name, depends.result);
  }
}
