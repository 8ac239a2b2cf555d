export type Argument = string | number;

/** The commands of one commit, as `commit.lua` reads them. */
export class CommitCommands {
  /** Lua hands over no more than 8,000 values at once. An even number, so that pairs stay together. */
  static readonly MOST_ARGUMENTS = 4_000;

  /** Per command: its name, the place of its key in KEYS, how many further arguments, those. */
  readonly args: Argument[] = [];
  count = 0;
  private readonly places = new Map<string, number>();

  /** @param keys KEYS, with those that the script itself uses in front */
  constructor(readonly keys: string[]) {}

  /** Nothing where there are no arguments, several commands where there are more than Lua hands over. */
  add(name: string, key: string, args: readonly Argument[]): void {
    const most = CommitCommands.MOST_ARGUMENTS;
    if (args.length > most) {
      for (let at = 0; at < args.length; at += most) this.add(name, key, args.slice(at, at + most));
    } else if (args.length > 0) this.push(name, key, args);
  }

  /** A command that has no arguments beside its key. */
  addAlone(name: string, key: string): void {
    this.push(name, key, []);
  }

  private push(name: string, key: string, args: readonly Argument[]): void {
    this.count += 1;
    this.args.push(name, this.placeOf(key), args.length, ...args);
  }

  private placeOf(key: string): number {
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.keys.push(key);
      this.places.set(key, place);
    }
    return place;
  }
}
