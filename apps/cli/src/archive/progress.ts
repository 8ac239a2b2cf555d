import type { Io } from '../io';
import { sizeText } from '../options/size';
import { LiveRegion } from '../output/live-region';
import type { ArchiveFiles } from './files';

const REDRAW_MS = 200;

/** How far an archive is, on a terminal; elsewhere only what is noted. */
export class ArchiveProgress {
  private readonly region: LiveRegion;
  private drawnAt = -Infinity;

  constructor(
    private readonly io: Io,
    private readonly files: ArchiveFiles,
  ) {
    this.region = new LiveRegion(io.stderr);
  }

  draw(): void {
    const now = this.io.clock.monotonic();
    if (now - this.drawnAt < REDRAW_MS) return;
    this.drawnAt = now;
    const { writer, done } = this.files;
    const events = done.reduce((sum, { end }) => sum + end.events, writer.events);
    const until = writer.newest === undefined ? '' : `, up to ${new Date(writer.newest).toISOString()}`;
    this.region.draw([`${writer.path}: ${events} events${until}, ${sizeText(writer.bytes)}`]);
  }

  note(text: string): void {
    this.region.note(text);
  }

  clear(): void {
    this.region.clear();
  }
}
