import type {
  CapacityEvent,
  CustomPolicyStatus,
  EndpointChanged,
  EndpointRegistration,
  ExternalEndpoint,
  Forced,
  HealthEvent,
  LbReport,
  LbReserved,
  RenewedReservation,
  MaintenanceWindow,
  NamespaceRouting,
  LearningChanged,
  LearningCommand,
  RoutingBatch,
  UnwellSwarms,
} from '@multiswarm/contracts';
import type { EvidenceState } from './domain/learning/evidence';
import type { PairName } from './domain/learning/memory';
import type { ReadRanking } from './domain/custom-policy/read-ranking';

/** What the load-balancer tells the world. */
export interface Announcer {
  /** Work that waits may fit now. Best effort: who misses it looks again by itself. */
  capacity(event: CapacityEvent): void;
  /** Tells all replicas, this one included, how placements ended. Throws `bus-unavailable`. */
  report(report: LbReport): void;
  /** Tells all replicas, this one included, that reservations are not needed. Throws `bus-unavailable`. */
  release(reservationIds: readonly string[]): void;
  /** Tells all replicas what is reserved on an external endpoint. Best effort: who misses it may send it too much. */
  reserved(reserved: LbReserved): void;
  /** Asks another replica to hold on to what it has reserved. Undefined where there is no such replica. Throws `reservation-not-found`. */
  renewAt(replica: string, reservationId: string): Promise<RenewedReservation | undefined>;
  /** Tells all replicas. Best effort: who misses it looks for commands by itself. */
  learningChanged(change: LearningChanged): void;
  /** Tells all replicas. Best effort: who misses it reads the registry again by itself. */
  endpointChanged(change: EndpointChanged): void;
}

export type RegisteredEndpoint = EndpointRegistration & Pick<ExternalEndpoint, 'slots'>;

/** Where external endpoints are kept. Everything throws `store-unavailable` where it does not answer. */
export interface EndpointStore {
  /** All of them, as they were when `revision` was the last one that was given out; and what time it is there, epoch ms. */
  all(): Promise<{ endpoints: ExternalEndpoint[]; revision: number; nowMs: number }>;
  /** Registers, replaces or renews. `conflict`: it has not the revision `ifRevision` (0: none). */
  put(
    endpoint: RegisteredEndpoint,
    instance: string,
    ifRevision?: number,
  ): Promise<ExternalEndpoint | 'conflict' | 'full'>;
  /** The revision of the removal. `conflict`: it has another revision, or was renewed after `unlessRenewedAfter`. */
  remove(
    swarmId: string,
    condition: { ifRevision?: number | undefined; unlessRenewedAfter?: number },
  ): Promise<number | 'conflict' | 'absent'>;
}

/** What namespaces say of how their tasks are placed; `routing` is undefined where one says nothing of it. */
export interface NamespaceRoutingStore {
  /** @throws MultiswarmError `store-unavailable` */
  all(): Promise<{ namespace: string; revision: number; routing: NamespaceRouting | undefined }[]>;
}

/** For each item of a batch the swarms to try, or why there is nothing of the kind. */
export type CustomRanking = ({ ok: true } & ReadRanking) | { ok: false; why: string };

/** A user's own policy. */
export interface CustomPolicy {
  readonly name: string;
  readonly status: CustomPolicyStatus;
  /** Never rejects, and answers within the policy's time limit. */
  rank(batch: RoutingBatch): Promise<CustomRanking>;
}

/** What operators have set about the health of swarms, and what they did, newest first. */
export interface StoredHealth {
  forced: Forced[];
  windows: MaintenanceWindow[];
  /** Of the last change. */
  revision: number;
  audit: { revision: number; event: HealthEvent }[];
}

/** `full`: there are as many as there may be. */
type HealthChanged = Promise<{ revision: number; wasThere: boolean } | 'full'>;

/** Where that is kept. Everything throws `store-unavailable` where it does not answer. */
export interface HealthStore {
  read(): Promise<StoredHealth>;
  force(forced: Forced, event: HealthEvent): HealthChanged;
  unforce(swarmId: string, event: HealthEvent): HealthChanged;
  plan(window: MaintenanceWindow, event: HealthEvent): HealthChanged;
  cancel(id: string, event: HealthEvent): HealthChanged;
  /** Removes what is over, unless somebody has set it anew. */
  forget(over: readonly (Forced | MaintenanceWindow)[]): Promise<void>;
}

/** What is told of the health of swarms. Best effort. */
export interface HealthAnnouncer {
  healthEvent(event: HealthEvent): void;
  /** To all replicas, this one included: what operators have set is another. */
  healthChanged(revision: number): void;
  /** To the orchestrators. */
  unwell(news: UnwellSwarms): void;
}

/** What all replicas follow in their learning. */
export interface LearningControl {
  /** Of the last command. */
  revision: number;
  /** While it is frozen: since when, epoch ms. */
  frozenAtMs: number | undefined;
  /** For how long it was frozen, all in all. */
  pausedMs: number;
  /** The last ones, newest first. */
  commands: LearningCommand[];
}

export type LearnedState = PairName & { state: EvidenceState };

/** Where what was learned is kept. Everything throws `store-unavailable` where it does not answer. */
export interface LearningStore {
  control(): Promise<LearningControl>;
  load(): Promise<{ name: PairName; state: EvidenceState }[]>;
  /**
   * Keeps pairs that rest on more attempts than what is kept, and drops those that had to make room.
   * `behind`: there is a command after `revision`; nothing, or not all of it, was kept.
   */
  save(
    revision: number,
    pairs: readonly LearnedState[],
    gone: readonly PairName[],
  ): Promise<'saved' | 'behind'>;
  /** The revision of the command; 0 where it changes nothing. */
  command(command: Omit<LearningCommand, 'revision' | 'at'>): Promise<number>;
}
