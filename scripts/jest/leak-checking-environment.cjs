const { TestEnvironment } = require('jest-environment-node');
const { openHandles, describeHandle } = require('./open-handles.cjs');

// Closing is asynchronous: a socket that was ended a moment ago is not a leak yet.
const GRACE_MS = 2_000;
const POLL_MS = 10;

/** The node environment, plus one rule: a test file that leaves a server, socket, worker or child process open fails. */
module.exports = class LeakCheckingEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.before = new Set(openHandles());
  }

  async handleTestEvent(event, state) {
    if (event.name !== 'run_finish') return;
    const left = await this.waitUntilClosed();
    if (left.length === 0) return;
    const list = left.map(describeHandle).join('; ');
    const error = new Error(
      `open after the last test of the file: ${list}. Close it in afterEach or afterAll.`,
    );
    error.stack = error.message;
    state.unhandledErrors.push(error);
  }

  async waitUntilClosed() {
    const deadline = Date.now() + GRACE_MS;
    for (;;) {
      const left = openHandles().filter((handle) => !this.before.has(handle));
      if (left.length === 0 || Date.now() > deadline) return left;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
};
