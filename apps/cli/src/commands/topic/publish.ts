import type { Command } from 'commander';
import type { PublishedEvent } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { readValue } from '../../options/json-input';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';

interface Options extends NamespaceOption {
  from: string;
  atMostOnce?: boolean;
  id?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Publishes an event on a topic and prints its sequence, or its id where it is not stored. DATA is JSON, @file, or - for standard input.',
  examples: [
    {
      command: `swarmctl topic publish orders.eu.created '{"id":7}'`,
      does: 'stored, and told to all who subscribe',
    },
    {
      command: `swarmctl topic publish load.eu '{"load":0.4}' --at-most-once`,
      does: 'told to whoever listens now',
    },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .option('--from <swarm>', 'in whose name it is published', 'swarmctl')
      .option('--at-most-once', 'do not store it')
      .option('--id <id>', 'the same id again, within two minutes, is the same event');
  },
  async run({ args: [topic = '', json], options, global, io }: Invocation<Options>) {
    const { namespace, from, id, atMostOnce } = options;
    const data = await readValue({ option: 'DATA', json, text: undefined }, io);
    const body = {
      from,
      data,
      ...(namespace === undefined ? {} : { namespace }),
      ...(id === undefined ? {} : { id }),
    };
    const published = await new HttpApi(global.communicator).post<PublishedEvent>(paths.topic(topic), {
      ...body,
      qos: atMostOnce ? 'at-most-once' : 'at-least-once',
    });
    io.stdout.write(`${published.seq ?? published.id}\n`);
    return EXIT.ok;
  },
};
