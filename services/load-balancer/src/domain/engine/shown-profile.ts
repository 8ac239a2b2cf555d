/** What receipts show of an endpoint that its profile says: nobody changes it. */
export class ShownProfile {
  /** Its JSON, but for how busy it is; made when it is printed first. */
  private before = '';
  private after = '';

  constructor(
    readonly swarmId: string,
    readonly region: string,
    readonly slots: number,
    /** USD. */
    readonly costPerSlotHour: number,
  ) {}

  /** The JSON of how it is ranked with so many slots taken. */
  printed(busy: number): string {
    if (this.before === '') this.print();
    return `${this.before}${this.freeSlots(busy)},"load":${this.load(busy)}${this.after}`;
  }

  freeSlots(busy: number): number {
    return Math.max(0, this.slots - busy);
  }

  /** Busy share of its slots, 0 to 1. */
  load(busy: number): number {
    return Math.min(1, busy / this.slots);
  }

  private print(): void {
    const { swarmId, region, costPerSlotHour } = this;
    this.before = `{"swarmId":${JSON.stringify(swarmId)},"region":${JSON.stringify(region)},"freeSlots":`;
    this.after = `,"costPerSlotHour":${JSON.stringify(costPerSlotHour)}}`;
  }
}
