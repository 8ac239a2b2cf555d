import { MultiswarmError } from '@multiswarm/contracts';

/** The server's word that a request has reached nobody. With any other `bus-unavailable` it may have been received. */
export class NobodyListensError extends MultiswarmError {
  constructor() {
    super('bus-unavailable', 'nobody listens on the subject: the service that answers it is not running');
  }
}
