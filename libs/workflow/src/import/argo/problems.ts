import { LIMITS, toPointer, type Finding } from '@multiswarm/contracts';

/** Where in a manifest something stands. */
export type Place = readonly (string | number)[];

/** What an import has to say. Each is said once. */
export class Problems {
  private readonly found = new Map<string, Finding>();
  private readonly warned = new Map<string, Finding>();

  /** @param lossy what has no counterpart is left out: a warning, and no finding */
  constructor(private readonly lossy: boolean) {}

  get findings(): Finding[] {
    return [...this.found.values()].slice(0, LIMITS.FINDINGS);
  }

  get warnings(): Finding[] {
    return [...this.warned.values()].slice(0, LIMITS.FINDINGS);
  }

  /** The manifest itself is wrong, or no workflow can be made of it. */
  wrong(place: Place, code: string, message: string): void {
    add(this.found, place, code, message);
  }

  /** There is no counterpart: without it the workflow would do something else. */
  lost(place: Place, code: string, message: string): void {
    if (this.lossy) this.differs(place, code, `left out: ${message}`);
    else add(this.found, place, code, message);
  }

  /** It is carried over in another manner, or somebody else has to see to it. */
  differs(place: Place, code: string, message: string): void {
    add(this.warned, place, code, message);
  }
}

function add(to: Map<string, Finding>, place: Place, code: string, message: string): void {
  const pointer = toPointer([...place]);
  // Of a template that is used many times everything is said once.
  const key = `${pointer} ${code} ${message}`;
  if (to.size < LIMITS.FINDINGS && !to.has(key)) to.set(key, { pointer, code, message });
}
