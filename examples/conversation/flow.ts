export type Role = 'planner' | 'worker' | 'critic';

export interface Turn {
  conversation: string;
  /** From 0. */
  turn: number;
  role: Role;
  bytes: number;
}

const HEADER = 'log,seq,agent,role,bytes';

/**
 * A recorded message flow as conversations of three roles. Of each log who speaks first is the planner, who speaks last (if it is somebody
 * else) the critic, and all others are workers.
 * @param csv lines of log, sequence, agent, role and bytes, in their order, behind a header that says so
 * @throws Error with the line where it is something else
 */
export function readFlow(csv: string): Turn[][] {
  const [header = '', ...lines] = csv.trim().split(/\r?\n/);
  if (header.trim() !== HEADER) throw new Error(`the first line is "${header}", and should be "${HEADER}"`);
  const logs = new Map<string, { agent: string; bytes: number }[]>();
  lines.forEach((line, index) => {
    const [log = '', seq, agent = '', , size] = line.split(',');
    const turns = logs.get(log) ?? [];
    const bytes = Number(size);
    if (agent === '' || Number(seq) !== turns.length || !Number.isInteger(bytes) || bytes < 0)
      throw new Error(`line ${index + 2} is no turn ${turns.length} of ${log}: "${line}"`);
    logs.set(log, [...turns, { agent, bytes }]);
  });
  return [...logs.values()].map((turns, number) => {
    const [planner, critic] = [turns[0]?.agent, turns.at(-1)?.agent];
    return turns.map(({ agent, bytes }, turn) => ({
      conversation: `conversation-${number + 1}`,
      ...{ turn, bytes, role: agent === planner ? 'planner' : agent === critic ? 'critic' : 'worker' },
    }));
  });
}
