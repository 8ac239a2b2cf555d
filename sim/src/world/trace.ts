const PRIME = 0x01000193;

/** What happened, as a hash, and as lines where somebody wants to read them. Two runs are the same where their hashes are. */
export class Trace {
  private state = 0x811c9dc5;
  private count = 0;

  /** @param onLine undefined where nobody reads: then no line is made */
  constructor(private readonly onLine?: (line: string) => void) {}

  /** An event of the timeline; `at` is in milliseconds. */
  event(at: number, process: string, label: string): void {
    this.count += 1;
    this.mix(Math.round(at * 1000));
    this.mixText(process);
    this.mixText(label);
    this.onLine?.(`${stamp(at)} ${process.padEnd(10)} ${label}`);
  }

  /** Something that does not follow from events alone, such as what a commit contained. */
  fact(at: number, text: string): void {
    this.mixText(text);
    this.onLine?.(`${stamp(at)} ${''.padEnd(10)} = ${text}`);
  }

  /** For readers only: it does not count in the hash. */
  remark(at: number, text: () => string): void {
    this.onLine?.(`${stamp(at)} ${''.padEnd(10)} · ${text()}`);
  }

  get hash(): string {
    return `${this.count}-${(this.state >>> 0).toString(16).padStart(8, '0')}`;
  }

  get read(): boolean {
    return this.onLine !== undefined;
  }

  private mix(number: number): void {
    this.state = Math.imul(this.state ^ number, PRIME);
    this.state ^= this.state >>> 15;
  }

  private mixText(text: string): void {
    let state = this.state;
    for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), PRIME);
    this.state = state;
  }
}

function stamp(at: number): string {
  return (at / 1000).toFixed(6).padStart(11);
}
