import type { Offer } from '@multiswarm/contracts';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { declareOfferFilter, offerQuery, type OfferFilterOptions } from '../../options/offer-filter';
import { offerLine } from '../../views/offer';
import { watchChanges } from '../../watch-changes';

export const command: CommandDefinition<OfferFilterOptions> = {
  description:
    'Prints offers and what becomes of them, until Ctrl-C or --timeout: + fits, as it is now, - fits no more.',
  examples: [
    { command: 'swarmctl offer watch', does: 'what is offered, claimed, released and over' },
    { command: 'swarmctl offer watch --state open -o jsonl', does: 'what can be claimed, for a program' },
  ],
  configure: (command) => void declareOfferFilter(command),
  run({ options, global, io }: Invocation<OfferFilterOptions>) {
    return watchChanges<Offer>(
      {
        path: paths.offersWatch,
        query: offerQuery(options),
        after: undefined,
        line: offerLine,
        name: ({ id }, event) => (event === 'put' ? id : undefined),
      },
      global,
      io,
    );
  },
};
