import { read } from './files';

export interface Stage {
  name: string;
  from: string;
  /** Instruction and arguments, continuation lines joined. */
  instructions: { name: string; args: string }[];
}

/** The stages of the Dockerfile, in order. */
export function stages(): Stage[] {
  const text = read('Dockerfile')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ');
  const found: Stage[] = [];
  for (const [, name = '', args = ''] of text.matchAll(/^([A-Z]+) (.+)$/gm)) {
    const from = /^(\S+) AS (\S+)$/.exec(args);
    if (name === 'FROM' && from) found.push({ name: from[2] ?? '', from: from[1] ?? '', instructions: [] });
    else found.at(-1)?.instructions.push({ name, args });
  }
  return found;
}

/** What an instruction says last in a stage, or in the stages that it is built from. */
export function effective(stage: string, instruction: string): string | undefined {
  const all = stages();
  let at = all.find(({ name }) => name === stage);
  while (at) {
    const own = at.instructions.filter(({ name }) => name === instruction).at(-1);
    if (own) return own.args;
    const { from } = at;
    at = all.find(({ name }) => name === from);
  }
  return undefined;
}
