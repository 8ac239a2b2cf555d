import {
  Advertise,
  DirectoryChangesQuery,
  NamedAdvertisement,
  SearchDirectory,
  subjects,
} from '@multiswarm/contracts';
import type { DirectoryDesk } from '../../application/directory-desk';
import { endpoint, type Endpoint } from './endpoints';

/** What swarms ask of the directory. Whoever reads changes on asks the replica whose order it follows. */
export function directoryEndpoints(desk: DirectoryDesk, replica: string): Endpoint[] {
  return [
    endpoint(subjects.directory('advertise'), Advertise, (asked) => desk.advertise(asked)),
    endpoint(subjects.directory('withdraw'), NamedAdvertisement, (asked) => desk.withdraw(asked)),
    endpoint(subjects.directory('get'), NamedAdvertisement, (asked) => desk.get(asked)),
    endpoint(subjects.directory('search'), SearchDirectory, (asked) => desk.search(asked)),
    endpoint(subjects.directory('changes'), DirectoryChangesQuery, (asked) => desk.changes(asked)),
    endpoint(subjects.directoryChanges(replica), DirectoryChangesQuery, (asked) => desk.changes(asked)),
  ];
}
