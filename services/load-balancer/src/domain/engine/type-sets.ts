/** Types whose answer is kept. */
const REMEMBERED = 10_000;

/**
 * Whether everybody handles a type, from the lists of types that endpoints have: in a fleet that handles every type, a
 * thousand types of tasks are one class of work.
 */
export class TypeSets {
  private readonly lists = new Map<string, { types: ReadonlySet<string>; endpoints: number }>();
  private readonly answers = new Map<string, boolean>();

  add(types: readonly string[]): void {
    const text = JSON.stringify(types);
    const known = this.lists.get(text);
    if (known !== undefined) known.endpoints += 1;
    else {
      this.lists.set(text, { types: new Set(types), endpoints: 1 });
      this.answers.clear();
    }
  }

  remove(types: readonly string[]): void {
    const text = JSON.stringify(types);
    const known = this.lists.get(text);
    if (known === undefined) return;
    known.endpoints -= 1;
    if (known.endpoints > 0) return;
    this.lists.delete(text);
    this.answers.clear();
  }

  /** True also where there is nobody. */
  allHandle(type: string): boolean {
    let answer = this.answers.get(type);
    if (answer !== undefined) return answer;
    answer = true;
    for (const { types } of this.lists.values()) answer &&= types.has(type) || types.has('*');
    if (this.answers.size >= REMEMBERED) this.answers.clear();
    this.answers.set(type, answer);
    return answer;
  }
}
