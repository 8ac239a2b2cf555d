import { InvalidArgumentError, InvalidSubjectError } from '@nats-io/transport-node';
import { MultiswarmError } from '@multiswarm/contracts';

/** Why the client of NATS would not send. Only a missing connection is worth another try. */
export function sendFault(error: unknown, subject: string): MultiswarmError {
  // The headers count too, so this may be met although the body alone fits.
  if (error instanceof InvalidArgumentError)
    return new MultiswarmError('body-too-large', `a message to ${subject} is larger than NATS carries`, {
      cause: error,
    });
  if (error instanceof InvalidSubjectError)
    return new MultiswarmError('internal', `"${subject}" is no subject of NATS`, { cause: error });
  return new MultiswarmError('bus-unavailable', `could not send to ${subject}`, { cause: error });
}
