import { settling } from './settle';

export const command = settling('ack', 'Acknowledges messages: they are done with, and leave the mailbox.', [
  { command: 'swarmctl message ack eu-west-1 4711 4712', does: 'two that were pulled' },
]);
