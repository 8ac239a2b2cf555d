import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { confirm } from '../../options/confirm';
import { declareIfRevision, onlyIf, type IfRevisionOption } from '../../options/if-revision';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';

interface Options extends NamespaceOption, IfRevisionOption {}

export const command: CommandDefinition<Options> = {
  description: 'Deletes a key of shared state; without a key the whole bucket, after a question.',
  examples: [
    { command: 'swarmctl state delete plan main', does: 'one key' },
    { command: 'swarmctl state delete plan --yes', does: 'all of it' },
  ],
  configure(command: Command) {
    declareIfRevision(declareNamespace(command));
  },
  async run({ args: [bucket = '', key], options, global, io }: Invocation<Options>) {
    const api = new HttpApi(global.communicator);
    const asked = { query: { namespace: options.namespace }, ...onlyIf(options) };
    if (key !== undefined) await api.delete(paths.stateKey(bucket, key), asked);
    else {
      if (!(await confirm(`delete the bucket ${bucket} with all that is in it`, global, io))) return EXIT.ok;
      await api.delete(paths.stateBucket(bucket), { query: asked.query });
    }
    io.stderr.write(`deleted ${key === undefined ? bucket : `${bucket}/${key}`}\n`);
    return EXIT.ok;
  },
};
