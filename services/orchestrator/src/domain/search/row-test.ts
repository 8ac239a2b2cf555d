import { isTerminal } from '@multiswarm/contracts';
import { isWithin, type Criteria, type TimeRange } from './criteria';
import { metadataQuestion, type MetadataQuestion } from './metadata-question';
import type { MetadataColumn } from './metadata-column';
import type { TaskIndex } from './task-index';

const ALL_TIME: TimeRange = { from: -Infinity, to: Infinity };
/** Answers are kept where so many rows have the same metadata. */
const SHARED = 2;
const YES = 1;
const NO = 2;

/** Criteria as a look at the columns: what can be said of a name or of a block of metadata is found out once. */
export class RowTest {
  private readonly facets: { codes: Uint32Array; allowed: Uint8Array }[];
  private readonly created: Float64Array;
  private readonly since: Float64Array;
  private readonly metadata: MetadataColumn;
  private readonly question: MetadataQuestion | undefined;
  /** By block, as far as they were looked at; undefined where hardly two rows have the same. */
  private readonly answers: Uint8Array | undefined;
  private readonly createdIn: TimeRange;
  private readonly sinceIn: TimeRange;

  constructor(index: TaskIndex, criteria: Criteria) {
    const { created, since, metadata, state } = index.view;
    const { ended = ALL_TIME, updated } = criteria;
    this.created = created;
    this.since = since;
    this.metadata = metadata;
    this.question = metadataQuestion(criteria.labels, criteria.words);
    if (this.question) metadata.prepare();
    if (metadata.blocks * SHARED < index.rows) this.answers = new Uint8Array(metadata.blocks);
    this.createdIn = criteria.created;
    // A row that is gone was never in its state.
    this.sinceIn = { from: Math.max(0, ended.from, updated.from), to: Math.min(ended.to, updated.to) };
    this.facets = criteria.facets.map(({ facet, allows }) => {
      const column = index.facet(facet);
      return { codes: column.codes, allowed: column.allowed(allows) };
    });
    if (criteria.ended) this.facets.push({ codes: state.codes, allowed: state.allowed(isTerminal) });
  }

  passes(row: number): boolean {
    if (!isWithin(this.sinceIn, this.since[row] as number)) return false;
    if (!isWithin(this.createdIn, this.created[row] as number)) return false;
    for (const { codes, allowed } of this.facets) if (allowed[codes[row] as number] !== 1) return false;
    return this.question === undefined || this.holds(this.metadata.codes[row] as number, this.question);
  }

  private holds(block: number, question: MetadataQuestion): boolean {
    const { answers } = this;
    if (!answers) return this.metadata.answers(block, question);
    let answer = answers[block];
    if (!answer) {
      answer = this.metadata.answers(block, question) ? YES : NO;
      answers[block] = answer;
    }
    return answer === YES;
  }
}
