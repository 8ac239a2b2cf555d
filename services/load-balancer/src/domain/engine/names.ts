/** Names by small numbers, for columns. A number keeps its name; as many are kept as there have been different ones. */
export class Names {
  private readonly numbers = new Map<string, number>();
  private readonly names: string[] = [];

  get size(): number {
    return this.names.length;
  }

  number(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const number = this.names.push(name) - 1;
    this.numbers.set(name, number);
    return number;
  }

  name(number: number): string {
    return this.names[number] ?? '';
  }
}
