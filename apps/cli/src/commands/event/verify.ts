import { archiveFiles } from '../../archive/read';
import { ArchiveCheck, brokenChains, type Checked } from '../../archive/check';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { isForPrograms } from '../../output/format';
import { archiveText } from '../../views/archive';

export const command: CommandDefinition = {
  description:
    'Reads archives from their first byte to their last: checksums, counts, whether the events of each task follow each other, and whether ' +
    'files of a sequence belong together. Exit 1 where something is wrong.',
  examples: [
    { command: 'swarmctl event verify events.jsonl.gz', does: 'one archive' },
    {
      command: 'swarmctl event verify archives/ -o jsonl',
      does: 'all of a directory, a JSON object for each',
    },
  ],
  configure: () => undefined,
  run: verify,
};

async function verify({ args, global, io }: Invocation): Promise<number> {
  const checked: Checked[] = [];
  const check = new ArchiveCheck();
  for (const file of await archiveFiles(args, io)) {
    const one = await check.check(file);
    checked.push(one);
    io.stdout.write(isForPrograms(global.format) ? `${JSON.stringify(plain(one))}\n` : text(one));
  }
  const chains = brokenChains(checked);
  for (const { message } of chains) io.stderr.write(`${message}\n`);
  const isWrong = chains.length > 0 || checked.some((one) => 'fault' in one || one.end.holes > 0);
  return isWrong ? EXIT.workFailed : EXIT.ok;
}

function plain(one: Checked): object {
  if ('end' in one) return { file: one.file, ok: true, ...one.end };
  return { file: one.file, ok: false, code: one.fault.code, detail: one.fault.message };
}

function text(one: Checked): string {
  return 'end' in one ? archiveText({ file: one.file, ...one.end }) : `${one.fault.message}\n`;
}
