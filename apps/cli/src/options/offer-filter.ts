import { Option, type Command } from 'commander';
import { OFFER_STATES } from '@multiswarm/contracts';
import type { Query } from '../api/http-api';
import { declareNamespace, type NamespaceOption } from './namespace';
import { numberOption } from './repeatable';

export interface OfferFilterOptions extends NamespaceOption {
  lender?: string;
  borrower?: string;
  region?: string;
  state?: string;
  maxPrice?: number;
}

/** Which offers are meant. */
export function declareOfferFilter(command: Command): Command {
  return declareNamespace(command)
    .option('--lender <swarm>', 'whose resources they are')
    .option('--borrower <swarm>', 'who has claimed them')
    .option('--region <region>', 'where they are')
    .addOption(new Option('--state <state>', 'open and claimed ones unless told').choices(OFFER_STATES))
    .option('--max-price <usd>', 'per hour, for all of it', numberOption('--max-price'));
}

export function offerQuery({
  namespace,
  lender,
  borrower,
  region,
  state,
  maxPrice,
}: OfferFilterOptions): Query {
  return { namespace, lender, borrower, region, state, maxPrice };
}
