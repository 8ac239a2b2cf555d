/**
 * One line with the remedy when `version` ("v18.19.0") is below `range` (">=20.19"), otherwise undefined.
 * Old syntax on purpose: see scripts/setup.mjs.
 */
export function checkNodeVersion(version, range) {
  const wanted = range.replace('>=', '');
  if (compare(parts(version.replace('v', '')), parts(wanted)) >= 0) return undefined;
  return (
    'Multiswarm needs Node ' +
    wanted +
    ' or newer and this is ' +
    version +
    ': install a current LTS from https://nodejs.org (or: nvm install)'
  );
}

function parts(version) {
  return version.split('.').map(Number);
}

function compare(left, right) {
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] || 0) - (right[i] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
