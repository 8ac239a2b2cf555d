/** A subject with the wildcards of NATS: `*` is one token, `>` is the rest. */
export class SubjectPattern {
  private readonly tokens: string[];
  readonly literal: boolean;
  /** A run has few subjects and many messages. */
  private readonly known = new Map<string, boolean>();

  constructor(readonly text: string) {
    this.tokens = text.split('.');
    this.literal = !this.tokens.includes('*') && !this.tokens.includes('>');
  }

  matches(subject: string): boolean {
    const known = this.known.get(subject);
    if (known !== undefined) return known;
    const found = this.compare(subject);
    this.known.set(subject, found);
    return found;
  }

  private compare(subject: string): boolean {
    const given = subject.split('.');
    for (const [index, token] of this.tokens.entries()) {
      if (token === '>') return given.length > index;
      if (index >= given.length || (token !== '*' && token !== given[index])) return false;
    }
    return given.length === this.tokens.length;
  }
}

/** For traces: what all subjects begin with says nothing. */
export function short(subject: string): string {
  return subject.startsWith('ms.v1.') ? subject.slice(6) : subject;
}
