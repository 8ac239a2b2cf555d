// Handles of which each is a promise to somebody else: a port, a connection, a process.
const WATCHED = new Set(['Server', 'Socket', 'TLSSocket', 'ChildProcess', 'MessagePort', 'Worker']);

function isStandardStream(handle) {
  return (
    handle === process.stdin ||
    handle === process.stdout ||
    handle === process.stderr ||
    (handle.fd >= 0 && handle.fd <= 2)
  );
}

/** Servers, sockets, workers and child processes that keep this process alive; the standard streams do not count. */
function openHandles() {
  return process
    ._getActiveHandles()
    .filter((handle) => WATCHED.has(handle.constructor?.name) && !isStandardStream(handle));
}

/** One handle in a few words: enough to find who opened it. */
function describeHandle(handle) {
  const kind = handle.constructor.name;
  if (kind === 'ChildProcess') return `child process ${handle.pid}: ${handle.spawnargs?.join(' ')}`;
  if (kind === 'Server') return `server listening on ${JSON.stringify(handle.address())}`;
  if (kind === 'Socket' || kind === 'TLSSocket') {
    if (handle.remotePort === undefined) return `socket (a pipe, or not connected)`;
    return `socket ${handle.localPort} -> ${handle.remoteAddress}:${handle.remotePort}`;
  }
  return kind;
}

/** Ends whatever it is. */
function closeHandle(handle) {
  if (handle.constructor.name === 'ChildProcess') handle.kill('SIGKILL');
  else if (handle.constructor.name === 'Server') handle.close();
  else if (handle.constructor.name === 'Worker') void handle.terminate();
  else if (handle.constructor.name === 'MessagePort') handle.close();
  else handle.destroy();
}

module.exports = { openHandles, describeHandle, closeHandle };
