import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkByKey,
  checkLinearizable,
  NIL,
  parseRegisterLog,
  parseTextLog,
  registerModel,
  textModel,
  type Verdict,
} from '@multiswarm/testing';

export interface Judged {
  history: string;
  expected: Verdict;
  verdict: Verdict;
  ms: number;
}

/** Checks every history that `verdicts.csv` of a folder lists, with the verdict that it is known to have. */
export async function* judgeHistories(folder: string): AsyncGenerator<Judged> {
  const table = await readFile(join(folder, 'verdicts.csv'), 'utf8');
  for (const line of table.trim().split('\n').slice(1)) {
    const [history = '', model = '', isLinearizable] = line.trim().split(',');
    const log = await readFile(join(folder, history), 'utf8');
    const from = performance.now();
    const verdict = verdictOn(model, log);
    const expected = isLinearizable === 'true' ? 'linearizable' : 'not-linearizable';
    yield { history, expected, verdict, ms: performance.now() - from };
  }
}

/** By the name of the model in the table. */
export function verdictOn(model: string, log: string): Verdict {
  if (model === 'cas-register') return checkLinearizable(registerModel<number>(NIL), parseRegisterLog(log));
  return checkByKey(textModel(), parseTextLog(log), ({ key }) => key).verdict;
}
