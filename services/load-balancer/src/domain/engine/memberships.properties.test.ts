import fc from 'fast-check';
import { Memberships } from './memberships';

const step = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'add' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('join' as const, 'leave' as const, 'open' as const, 'close' as const),
      group: fc.nat(3),
      which: fc.nat(200),
      many: fc.constantFrom(1, 1, 40, 1_300),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
interface Member {
  readonly name: number;
  isOpen: boolean;
}

/** The same as plain lists. */
class World {
  readonly memberships = new Memberships();
  readonly groups: Member[][] = [];
  private names = 0;

  run(one: Step): void {
    if (one.kind === 'add' || this.groups.length === 0) {
      expect(this.memberships.add()).toBe(this.groups.length);
      this.groups.push([]);
      return;
    }
    const group = one.group % this.groups.length;
    for (let count = 0; count < one.many; count += 1) this.change(one.kind, group, one.which + count);
  }

  private change(kind: Exclude<Step['kind'], 'add'>, group: number, which: number): void {
    const { memberships } = this;
    const members = this.groups[group] as Member[];
    if (kind === 'join') {
      expect(memberships.join(group, this.names)).toBe(members.length);
      members.push({ name: this.names, isOpen: false });
      this.names += 1;
      return;
    }
    const position = which % Math.max(1, members.length);
    const member = members[position];
    if (member === undefined) return;
    if (kind === 'leave') this.leave(group, position, member);
    else if (member.isOpen !== (kind === 'open')) {
      expect(memberships.set(group, position, kind === 'open')).toBe(true);
      member.isOpen = kind === 'open';
    } else expect(memberships.set(group, position, kind === 'open')).toBe(false);
  }

  private leave(group: number, position: number, member: Member): void {
    const members = this.groups[group] as Member[];
    this.memberships.set(group, position, false);
    const moved = this.memberships.leave(group, position);
    const last = members.pop() as Member;
    if (last !== member) members[position] = last;
    expect(moved).toBe(last === member ? -1 : last.name);
  }
}

test('M2: members of groups, and who of them is open, are what plain lists have', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World();
      const { memberships, groups } = world;
      for (const one of steps) world.run(one);
      expect(memberships.size).toBe(groups.length);
      groups.forEach((members, group) => {
        const open = members.filter(({ isOpen }) => isOpen);
        const positions = Array.from({ length: memberships.sizeOf(group) }, (_, position) => position);
        expect(positions.map((position) => memberships.memberAt(group, position))).toEqual(
          members.map(({ name }) => name),
        );
        expect(positions.map((position) => memberships.isOpen(group, position))).toEqual(
          members.map(({ isOpen }) => isOpen),
        );
        const ranks = Array.from({ length: memberships.counts[group] as number }, (_, rank) => rank);
        expect(ranks.map((rank) => memberships.openAt(group, rank))).toEqual(open.map(({ name }) => name));
        const closed: number[] = [];
        memberships.closed(group, 5, closed, 0);
        expect(closed).toEqual(
          members
            .filter(({ isOpen }) => !isOpen)
            .slice(0, 5)
            .map(({ name }) => name),
        );
      });
    }),
    { numRuns: 100 },
  );
});
