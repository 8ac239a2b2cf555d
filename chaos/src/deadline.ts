export class DeadlineMissed extends Error {
  override readonly name = 'DeadlineMissed';
}

/** So long a run may take. */
export class Deadline {
  /** What was done by then. */
  standing: () => string = () => 'nothing was submitted yet';
  private readonly at: number;

  constructor(private readonly ms: number) {
    this.at = performance.now() + ms;
  }

  /** @throws DeadlineMissed when it takes longer; what it does then is nobody's business any more */
  async around<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const missed = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new DeadlineMissed(this.message())),
        Math.max(0, this.at - performance.now()),
      );
    });
    try {
      return await Promise.race([work, missed]);
    } finally {
      clearTimeout(timer);
      work.catch(() => undefined);
    }
  }

  private message(): string {
    return `not over after ${(this.ms / 60_000).toFixed(1)} minutes: ${this.standing()}`;
  }
}
