export * from './backoff';
export * from './batcher';
export * from './clock';
export * from './deferred';
export * from './fifo';
export * from './ids';
export * from './manual-clock';
export * from './random';
