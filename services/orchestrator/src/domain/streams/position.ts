/** Where a reader of the stream of a task is. */
export interface StreamPlace {
  attempt: number;
  /** In the stream: the message that it goes on with. */
  message: number;
  /** The last entry of the attempt that it has; 0 before the first. */
  entry: number;
}

/** @param text fits `StreamPosition` */
export function placeIn(text: string): StreamPlace {
  const [attempt = 1, message = 0, entry = 0] = text.split('-').map(Number);
  return { attempt, message, entry };
}

export function positionOf({ attempt, message, entry }: StreamPlace): string {
  return `${attempt}-${message}-${entry}`;
}
