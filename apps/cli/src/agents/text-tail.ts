/** Cuts a stream of text into lines; a line longer than the limit is delivered in pieces, so that memory stays bounded. */
export class LineSplitter {
  private rest = '';

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly maxChars: number,
  ) {}

  push(text: string): void {
    const lines = (this.rest + text).split(/\r?\n/);
    this.rest = lines.pop() ?? '';
    lines.forEach(this.onLine);
    while (this.rest.length > this.maxChars) {
      this.onLine(this.rest.slice(0, this.maxChars));
      this.rest = this.rest.slice(this.maxChars);
    }
  }

  end(): void {
    if (this.rest !== '') this.onLine(this.rest);
    this.rest = '';
  }
}

/** Keeps the last characters of what went by. */
export class TextTail {
  private kept = '';
  private cut = false;

  constructor(private readonly maxChars: number) {}

  push(text: string): void {
    const all = this.kept + text;
    this.cut ||= all.length > this.maxChars;
    this.kept = all.slice(-this.maxChars);
  }

  get text(): string {
    return `${this.cut ? '…' : ''}${this.kept.trim()}`;
  }
}
