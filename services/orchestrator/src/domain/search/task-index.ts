import { TASK_GROUPS, taskId, type TaskGroup } from '@multiswarm/contracts';
import type { TaskRecord } from '../task/record';
import { codeOf, FACETS, placeOf } from './facets';
import { IdColumn } from './id-column';
import { MetadataColumn } from './metadata-column';
import { NameColumn } from './name-column';

/** Rows that there is room for from the beginning. */
const LEAST_ROWS = 256;
/** Room for so many times the rows that are there, when they are copied. */
const GROWTH = 1.5;
/** Rows that may wait for their place in the order: it is nothing that a commit should wait for. */
const MOST_LATE = 4_096;
/** So many shards grow at different numbers of tasks. */
const SHARDS_APART = 16;
/** `since` of a row that is gone: there is no such time. */
const GONE = -1;

/** A task in a list. */
export interface TaskPlace {
  /** Epoch ms. */
  at: number;
  id: string;
}

/**
 * The tasks of one shard in columns: some hundred bytes each outside the heap, and nothing on it but names that many have.
 *
 * X1. A row is added at the end, and changed in place but for what never changes. One that is gone stays until all are copied,
 *     which happens when there is no room, or when more are gone than there. So neither leaves holes. Where none is gone the
 *     columns grow as they are, which takes a tenth of the time.
 * X2. `order` has the rows by the time of creation and then by id, those that are gone among them. New ones are put into it when
 *     somebody asks: tasks of one batch were created at the same time, and to find the place of each among them would take
 *     longer than all else that is done here for it.
 * X3. No two rows have the same place in the order: who goes on from there could not tell which of them is meant. A task that comes
 *     again, with the time of creation of one that is gone, has the row of that one.
 */
export class TaskIndex {
  private readonly prefix: string;
  private columns: Columns;
  private used = 0;
  /** Rows that `order` has; the others come into it when it is asked for. */
  private arranged = 0;
  private gone = 0;
  private copies = 0;

  constructor(
    shard: number,
    private readonly leastRows = LEAST_ROWS,
  ) {
    this.prefix = taskId(shard, '');
    // A commit waits while columns grow. Shards have about as many tasks as each other: they must not all grow with the same one.
    const part = (shard % SHARDS_APART) / SHARDS_APART;
    this.columns = new Columns(this.prefix, Math.ceil(leastRows * GROWTH ** part));
  }

  get size(): number {
    return this.used - this.gone;
  }

  /** Outside the heap. */
  get bytes(): number {
    return this.columns.bytes;
  }

  /** Changes when rows get other numbers. */
  get version(): number {
    return this.copies;
  }

  /** Rows from 0 on, those that are gone among them. */
  get rows(): number {
    return this.used;
  }

  has(id: string): boolean {
    return this.find(id) >= 0;
  }

  put(record: TaskRecord): void {
    let row = this.columns.ids.find(record.id);
    if (row < 0 || this.isGone(row)) row = this.add(record, row);
    this.change(row, record);
  }

  /** As `put`, also what never changes: whatever the row says. */
  enter(record: TaskRecord): void {
    const row = this.find(record.id);
    if (row < 0) return this.put(record);
    if (this.columns.created[row] !== record.createdAt) {
      // It has its place in the order by that.
      this.remove(record.id);
      return this.put(record);
    }
    this.describe(row, record);
    this.change(row, record);
  }

  /** In what the row of a task is not as its record says; of one that has no row: that. */
  differences(record: TaskRecord): string[] {
    const row = this.find(record.id);
    if (row < 0) return ['row'];
    const { since, created, metadata } = this.columns;
    const differ: string[] = TASK_GROUPS.filter(
      (facet) => this.columns[facet].get(row) !== FACETS[facet](record),
    );
    if (since[row] !== record.since) differ.push('time of its state');
    if (created[row] !== record.createdAt) differ.push('time of its creation');
    if (!metadata.isOf(row, record.spec.metadata)) differ.push('metadata');
    return differ;
  }

  remove(id: string): void {
    const row = this.find(id);
    if (row < 0) return;
    this.columns.since[row] = GONE;
    this.gone += 1;
    if (this.gone > this.size && this.used > this.leastRows) this.copy();
  }

  /** Puts rows into the order of their creation: who looks at them in that order finds them side by side. */
  tidy(): void {
    this.copy();
  }

  isGone(row: number): boolean {
    return this.columns.since[row] === GONE;
  }

  id(row: number): string {
    return this.columns.ids.id(row);
  }

  /** How many rows, in the order of their creation, were created earlier than a place. */
  countBefore({ at, id }: TaskPlace): number {
    this.arrange();
    const { order, created, ids } = this.columns;
    let low = 0;
    for (let high = this.used; low < high;) {
      const middle = (low + high) >>> 1;
      const row = order[middle] as number;
      const time = created[row] as number;
      if (time < at || (time === at && ids.compareWith(row, id) < 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What a search looks at: valid until something is added or removed. */
  get view(): Readonly<Columns> {
    this.arrange();
    return this.columns;
  }

  facet(facet: TaskGroup): NameColumn {
    return this.columns[facet];
  }

  private find(id: string): number {
    const row = this.columns.ids.find(id);
    return row >= 0 && this.columns.since[row] === GONE ? -1 : row;
  }

  private change(row: number, record: TaskRecord): void {
    const { since, state, swarm, region, code } = this.columns;
    since[row] = record.since;
    state.set(row, record.state);
    const place = placeOf(record);
    swarm.set(row, place?.swarmId);
    region.set(row, place?.region);
    code.set(row, codeOf(record));
  }

  /** @param gone the row of an earlier task with this id, or -1 */
  private add(record: TaskRecord, gone: number): number {
    if (gone >= 0 && this.columns.created[gone] === record.createdAt) return this.revive(gone, record);
    if (this.used === this.columns.capacity) {
      if (this.gone === 0) this.columns = this.columns.grown();
      else this.copy();
      this.columns.ids.find(record.id);
    }
    const row = this.used;
    this.columns.ids.set(row, record.id);
    this.columns.created[row] = record.createdAt;
    this.describe(row, record);
    this.used += 1;
    if (this.used - this.arranged >= MOST_LATE) this.arrange();
    return row;
  }

  /** X3. Its place in the order is the same. */
  private revive(row: number, record: TaskRecord): number {
    this.gone -= 1;
    this.describe(row, record);
    return row;
  }

  private describe(row: number, { spec }: TaskRecord): void {
    const { type, namespace, metadata } = this.columns;
    type.set(row, spec.type);
    namespace.set(row, spec.namespace);
    metadata.set(row, spec.metadata);
  }

  /** X2: those that came since it was last asked for are sorted, and merged from behind into what was there. */
  private arrange(): void {
    const { order } = this.columns;
    const late = Uint32Array.from({ length: this.used - this.arranged }, (_, at) => this.arranged + at);
    if (late.length === 0) return;
    late.sort((a, b) => this.compare(a, b));
    let old = this.arranged - 1;
    for (let place = this.used - 1, at = late.length - 1; at >= 0; place -= 1) {
      const row = late[at] as number;
      const before = old >= 0 ? (order[old] as number) : -1;
      const isLast = before < 0 || this.compare(before, row) < 0;
      order[place] = isLast ? row : before;
      if (isLast) at -= 1;
      else old -= 1;
    }
    this.arranged = this.used;
  }

  private compare(a: number, b: number): number {
    const { created, ids } = this.columns;
    return (created[a] as number) - (created[b] as number) || ids.compare(a, b);
  }

  /** X1. */
  private copy(): void {
    const capacity = Math.max(this.leastRows, Math.ceil((this.size + 1) * GROWTH));
    const next = new Columns(this.prefix, capacity);
    this.arrange();
    const kept = this.columns.order.subarray(0, this.used).filter((row) => !this.isGone(row));
    next.copy(this.columns, kept);
    this.columns = next;
    this.used = kept.length;
    this.arranged = kept.length;
    this.gone = 0;
    this.copies += 1;
  }
}

class Columns {
  readonly ids: IdColumn;
  /** Epoch ms. */
  readonly created: Float64Array;
  /** When it came into its state, epoch ms. */
  readonly since: Float64Array;
  readonly order: Uint32Array;
  readonly state: NameColumn;
  readonly type: NameColumn;
  readonly namespace: NameColumn;
  readonly swarm: NameColumn;
  readonly region: NameColumn;
  readonly code: NameColumn;

  constructor(
    private readonly prefix: string,
    readonly capacity: number,
    readonly metadata = new MetadataColumn(capacity),
  ) {
    this.ids = new IdColumn(prefix, capacity);
    this.created = new Float64Array(capacity);
    this.since = new Float64Array(capacity);
    this.order = new Uint32Array(capacity);
    this.state = new NameColumn(capacity);
    this.type = new NameColumn(capacity);
    this.namespace = new NameColumn(capacity);
    this.swarm = new NameColumn(capacity);
    this.region = new NameColumn(capacity);
    this.code = new NameColumn(capacity);
  }

  get bytes(): number {
    const names = TASK_GROUPS.reduce((sum, facet) => sum + this[facet].bytes, 0);
    const { ids, created, since, order, metadata } = this;
    return ids.bytes + created.byteLength + since.byteLength + order.byteLength + names + metadata.bytes;
  }

  /** With more room, and the same rows. These are not to be used any more. */
  grown(): Columns {
    const capacity = Math.ceil((this.capacity + 1) * GROWTH);
    const grown = new Columns(this.prefix, capacity, this.metadata.grow(capacity));
    grown.ids.take(this.ids);
    grown.created.set(this.created);
    grown.since.set(this.since);
    grown.order.set(this.order);
    for (const facet of TASK_GROUPS) grown[facet].take(this[facet]);
    return grown;
  }

  /** @param rows of the other columns, in the order of their creation */
  copy(from: Columns, rows: Uint32Array): void {
    for (let row = 0; row < rows.length; row += 1) {
      const before = rows[row] as number;
      this.ids.copyRow(from.ids, before, row);
      this.created[row] = from.created[before] as number;
      this.since[row] = from.since[before] as number;
      this.order[row] = row;
    }
    for (const facet of TASK_GROUPS) this[facet].copy(from[facet], rows);
    this.metadata.copy(from.metadata, rows);
  }
}
