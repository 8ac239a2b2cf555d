export * from './leases';
export * from './script';
export { ScriptCall } from './script-call';
export * from './store';
