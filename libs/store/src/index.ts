export * from './leases';
export * from './script';
export * from './store';
