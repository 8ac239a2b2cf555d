import { settling } from './settle';

export const command = settling('extend', 'Says that messages are still worked on: their time begins anew.', [
  { command: 'swarmctl message extend eu-west-1 4711', does: 'before its time is over' },
]);
