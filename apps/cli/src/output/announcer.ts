import type { Sink } from '../io';

/**
 * Lasting lines from anywhere, on a terminal where somebody may be redrawing a block: whoever draws says how a line gets above
 * the block, or the two would overwrite each other.
 */
export class Announcer {
  private above: ((line: string) => void) | undefined;

  constructor(private readonly sink: Sink) {}

  readonly say = (line: string): void => {
    if (this.above) this.above(line);
    else this.sink.write(`${line}\n`);
  };

  /** Until the returned function is called, lines go through `above`. */
  writeThrough(above: (line: string) => void): () => void {
    this.above = above;
    return () => {
      this.above = undefined;
    };
  }
}
