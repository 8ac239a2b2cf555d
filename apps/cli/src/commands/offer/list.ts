import type { OfferPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareOfferFilter, offerQuery, type OfferFilterOptions } from '../../options/offer-filter';
import { Printer } from '../../output/printer';
import { offerView } from '../../views/offer';

export const command: CommandDefinition<OfferFilterOptions> = {
  description: 'Lists what swarms lend to each other, and who has claimed it.',
  examples: [
    { command: 'swarmctl offer list', does: 'open and claimed ones' },
    { command: 'swarmctl offer list --state open --max-price 5 -o name', does: 'what could be claimed' },
  ],
  configure: (command) => void declareOfferFilter(command),
  async run({ options, global, io }: Invocation<OfferFilterOptions>) {
    const api = new HttpApi(global.communicator);
    const { items } = await api.get<OfferPage>(paths.offers, { query: offerQuery(options) });
    new Printer(io, global.format).list(offerView, items);
    return EXIT.ok;
  },
};
