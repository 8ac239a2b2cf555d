import { settling } from './settle';

export const command = settling('release', 'Gives messages back untried: that counts as no try.', [
  { command: 'swarmctl message release eu-west-1 4711', does: 'for another reader' },
]);
