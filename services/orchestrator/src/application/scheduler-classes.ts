import type { TaskClass } from '@multiswarm/contracts';

/** Classes kept that have no tasks: owners tell each only once. */
const IDLE_CLASSES = 50_000;

/** What owners have told about requirement classes. One that was forgotten has to be told again. */
export class KnownClasses {
  private byKey = new Map<string, TaskClass>();
  private most = IDLE_CLASSES;

  constructor(private readonly isUsed: (key: string) => boolean) {}

  get(key: string): TaskClass | undefined {
    return this.byKey.get(key);
  }

  learn(classes: readonly TaskClass[]): void {
    for (const each of classes) if (!this.byKey.has(each.key)) this.byKey.set(each.key, each);
    if (this.byKey.size <= this.most) return;
    this.byKey = new Map([...this.byKey].filter(([key]) => this.isUsed(key)));
    for (const each of classes) this.byKey.set(each.key, each);
    this.most = this.byKey.size + IDLE_CLASSES;
  }
}
