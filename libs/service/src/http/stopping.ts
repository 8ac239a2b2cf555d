import type { Express } from 'express';

const controllers = new WeakMap<object, AbortController>();

/** Fires when the server of this app begins to shut down. Streams end on it, and long polls answer. */
export function stoppingOf(app: Express | Express['request']['app']): AbortController {
  const existing = controllers.get(app);
  if (existing) return existing;
  const controller = new AbortController();
  controllers.set(app, controller);
  return controller;
}
