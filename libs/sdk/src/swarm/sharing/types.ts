import type {
  Advertise,
  DirectoryEntry,
  DirectoryFilter,
  JsonValue,
  Lease,
  ListOffers,
  ListProposals,
  MakeProposal,
  Offer,
  Proposal,
  ProposalPage,
  Resources,
  SearchDirectory,
} from '@multiswarm/contracts';
import type { DirectoryNews } from '@multiswarm/messaging';
import type { z } from 'zod';

/** A value of shared state, as it was at one revision. */
export interface SharedValue<T> {
  key: string;
  value: T;
  revision: number;
  /** ISO 8601, by the clock of the NATS server. */
  at: string;
}

/** A key was written, or deleted: then there is no value. */
export type SharedChange<T> = Omit<SharedValue<T>, 'value'> & { value: T | undefined };

export interface SharedWatch<T> extends AsyncIterable<SharedChange<T>> {
  /** Ends the loop that reads it. */
  close: () => void;
}

export interface WriteOptions {
  /** Only where this is the revision of the key; 0: only where the key is not there. Else `revision-conflict` is thrown. */
  ifRevision?: number;
}

/** A bucket of shared state. Every value is held against the schema, where there is one, when it is written and when it is read. */
export interface SharedBucket<T = JsonValue> {
  /** Undefined where there is none. */
  get(key: string): Promise<SharedValue<T> | undefined>;
  /** Returns the new revision. Throws `revision-conflict`, `state-full`, `state-unavailable`. */
  put(key: string, value: T, options?: WriteOptions): Promise<number>;
  /**
   * Reads, changes and writes, again where somebody else was quicker. `change` may be called several times; where it returns
   * undefined nothing is written. Throws `too-much-contention` after 32 tries.
   */
  update(key: string, change: (current: T | undefined) => T | undefined): Promise<SharedValue<T> | undefined>;
  delete(key: string, options?: WriteOptions): Promise<void>;
  /** In their order; all, or by a pattern such as `plan.*`. */
  keys(filter?: string): Promise<string[]>;
  /** What is kept of a key, oldest first. */
  history(key: string): Promise<SharedChange<T>[]>;
  /** What is there and what comes, from the bucket itself; `after` a revision: what came behind it. */
  watch(filter?: string, options?: { after?: number }): Promise<SharedWatch<T>>;
}

/** State that swarms of a namespace share. */
export interface SharedStateClient {
  bucket(name: string): SharedBucket;
  bucket<S extends z.ZodType>(name: string, schema: S): SharedBucket<z.output<S>>;
}

export type OfferFilter = Partial<Omit<ListOffers, 'namespace'>>;

/** What a swarm has borrowed, and renews by itself until it is released or lost. */
export interface BorrowedResources {
  readonly offer: Offer;
  /** Grows with every claim: whoever guards the resources refuses what comes with an older one. */
  readonly token: number;
  /** Aborted when it is not ours any more: released, lost, or the offer's time is over. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Resources that swarms lend to each other. While a claim holds, the lender's pool is smaller and the borrower's larger. */
export interface OffersClient {
  /** Offers some of what this swarm has. Throws `state-full`, `state-unavailable`. */
  make(offer: { resources: Resources; pricePerHour?: number; ttlMs?: number }): Promise<Offer>;
  /** Open and claimed ones, or what the filter says. */
  list(filter?: OfferFilter): Promise<Offer[]>;
  /** One claimant at most gets it. Throws `offer-taken`, `offer-not-found`. */
  claim(id: string, options?: { ttlMs?: number }): Promise<BorrowedResources>;
  /** Takes an offer of this swarm back; a claim of it holds until it ends. */
  withdraw(id: string): Promise<Offer>;
}

/** A lease that a swarm holds, and renews by itself until it is released or lost. */
export interface HeldLease {
  readonly name: string;
  /** Grows with every grant: whoever guards something refuses what comes with an older one. */
  readonly token: number;
  /** Aborted when it is not held any more. Stop what it guards then, at once. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface LeasesClient {
  /** Throws `lease-held` where somebody else has it. */
  acquire(name: string, options?: { ttlMs?: number }): Promise<HeldLease>;
  /** Who holds it. */
  get(name: string): Promise<Lease>;
}

export type ProposalInput = Omit<z.input<typeof MakeProposal>, 'namespace' | 'proposer'>;

export type ProposalFilter = Partial<Omit<ListProposals, 'namespace'>>;

export interface ProposalsClient {
  make(proposal: ProposalInput): Promise<Proposal>;
  /** Once; the same vote again changes nothing. Throws `proposal-closed`, `already-voted`, `not-a-member`. */
  vote(id: string, choice: string): Promise<Proposal>;
  /** With its votes, and its outcome once it is closed. */
  get(id: string): Promise<Proposal>;
  /** A page of them, the newest first. */
  list(filter?: ProposalFilter): Promise<ProposalPage>;
}

export interface BarriersClient {
  /**
   * Arrives, and resolves with the number of the next round once as many different swarms have. Throws `timeout` where they have
   * not in time: then this one is not counted any more.
   */
  wait(name: string, options: { parties: number; timeoutMs: number }): Promise<number>;
}

/** What a swarm can do, beside what its heartbeats say. What is left out is as the heartbeats have it. */
export type AdvertiseInput = Omit<z.input<typeof Advertise>, 'namespace' | 'swarmId' | 'whilePresent'>;

/** All of it holds; a single capability or region may stand without its list. */
export interface DirectoryQuery {
  /** All of these. */
  capability?: string | readonly string[];
  /** Any of these regions, or patterns such as `eu-*`. */
  region?: string | readonly string[];
  /** 0: idle, 1: full. */
  maxLoad?: number;
  /** USD for one slot, for an hour. */
  maxCostPerSlotHour?: number;
  version?: string;
  /** Numbers: at least; otherwise equal, or one of; or comparators such as `{ '<': 5 }`. */
  attributes?: DirectoryFilter['attributes'];
}

export type DirectorySearch = DirectoryQuery & {
  /** Lowest first; by id unless told. */
  sort?: SearchDirectory['sort'];
  /** At most so many; 100 unless told. */
  limit?: number;
};

/** What this swarm advertises, renewed by itself until it is withdrawn or replaced, or the swarm stops. */
export interface AdvertisedEntry {
  /** As others see it. */
  readonly entry: DirectoryEntry;
  /** What heartbeats say of the swarm stays. */
  withdraw(): Promise<void>;
}

/**
 * First all that is there, then `synced`, then what changes. After it had to begin anew all that is there comes again, what is gone
 * comes as `delete`, and `synced`.
 */
export interface DirectoryWatch extends AsyncIterable<DirectoryNews> {
  /** Ends the loop that reads it. */
  close: () => void;
}

/** Who can do what. Swarms are there by themselves, with what their heartbeats say. */
export interface DirectoryClient {
  /** Says more of this swarm than its heartbeats; the next one replaces it. Throws `body-too-large`, `state-full`, `state-unavailable`. */
  advertise(said: AdvertiseInput): Promise<AdvertisedEntry>;
  search(query?: DirectorySearch): Promise<DirectoryEntry[]>;
  /** Throws `swarm-not-found`. */
  get(swarmId: string): Promise<DirectoryEntry>;
  /** Loads are told again when they have moved by 0.1, or are 0 or 1. Throws `too-many-watchers`. */
  watch(filter?: DirectoryQuery): Promise<DirectoryWatch>;
}
