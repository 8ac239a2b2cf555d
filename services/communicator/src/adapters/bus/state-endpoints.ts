import {
  DeleteState,
  ListState,
  ListStateBuckets,
  MakeStateBucket,
  NamedStateBucket,
  ReadState,
  subjects,
  WriteState,
} from '@multiswarm/contracts';
import type { SharedState } from '../../application/shared-state';
import { endpoint, type Endpoint } from './endpoints';

/** What swarms ask of shared state. They watch buckets by themselves. */
export function stateEndpoints(state: SharedState): Endpoint[] {
  return [
    endpoint(subjects.state('get'), ReadState, (asked) => state.get(asked)),
    endpoint(subjects.state('put'), WriteState, (asked) => state.put(asked)),
    endpoint(subjects.state('delete'), DeleteState, (asked) => state.delete(asked)),
    endpoint(subjects.state('list'), ListState, (asked) => state.list(asked)),
    endpoint(subjects.state('history'), ReadState, (asked) => state.history(asked)),
    endpoint(subjects.state('make'), MakeStateBucket, (asked) => state.make(asked)),
    endpoint(subjects.state('bucket'), NamedStateBucket, (asked) => state.bucket(asked)),
    endpoint(subjects.state('buckets'), ListStateBuckets, (asked) => state.buckets(asked)),
    endpoint(subjects.state('drop'), NamedStateBucket, (asked) => state.drop(asked)),
  ];
}
