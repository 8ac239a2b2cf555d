/** Arithmetic of resources, in exact thousandths: the same for whoever reserves them here and for the swarm that admits. */
export {
  addVectors as plus,
  fromVector,
  NO_RESOURCES,
  partsOfVector as partsOf,
  subtractVectors as minus,
  toVector,
  vectorAtLeastZero as atLeastZero,
  vectorFits as fits,
  vectorGrew as grew,
  type ResourceVector,
} from '@multiswarm/contracts';
