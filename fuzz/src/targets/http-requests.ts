import fc from 'fast-check';
import { fromSchema, type Known } from '../generate/from-schema';
import { hostileKey, hostileText } from '../generate/hostile';
import { encoded, mutated, type Payload } from '../generate/mutate';
import type { Operation, Parameter } from './http-operations';

export interface HttpRequest {
  method: string;
  /** Path and query, as sent. */
  target: string;
  headers: Readonly<Record<string, string>>;
  body: Payload | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];

/** Requests for one operation: most are nearly right, some are far from it. */
export function httpRequests(operation: Operation, known: Known): fc.Arbitrary<HttpRequest> {
  const { path, parameters, body } = operation;
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  return fc.record({
    method: usually(9, fc.constant(operation.method), fc.constantFrom(...METHODS)),
    target: fc
      .tuple(fc.tuple(...inPath.map((parameter) => pathText(parameter, known))), queryText(operation, known))
      .map(([values, query]) => filled(path, inPath, values) + query),
    headers: headers(operation),
    body: body
      ? usually(9, encoded(mutated(fromSchema(body, known)), true), fc.constant(undefined))
      : usually(9, fc.constant(undefined), encoded(fc.constant({}), true)),
  });
}

function usually<T, U>(share: number, most: fc.Arbitrary<T>, rest: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof<fc.MaybeWeightedArbitrary<T | U>[]>(
    { weight: share, arbitrary: most },
    { weight: 1, arbitrary: rest },
  );
}

function pathText({ schema, name }: Parameter, known: Known): fc.Arbitrary<string> {
  const fitting = fromSchema(schema, known, name).map((value) =>
    encodeURIComponent(wellFormed(String(value))),
  );
  const broken = fc.oneof(
    hostileText.map((text) => encodeURIComponent(wellFormed(text))),
    fc.constantFrom('%', '%zz', '%ff', '%00', '..', '%2e%2e%2f', ';a=b', '%F0%9F', 'a'.repeat(8_000)),
  );
  return usually(4, fitting, broken);
}

/** A lone surrogate has no percent-encoding: what a sender would make of it. */
function wellFormed(text: string): string {
  return text.replaceAll(/[\ud800-\udfff]/gu, '\ufffd');
}

function filled(path: string, inPath: readonly Parameter[], values: readonly string[]): string {
  return inPath.reduce((text, { name }, index) => text.replace(`{${name}}`, () => values[index] ?? ''), path);
}

function queryText({ parameters }: Operation, known: Known): fc.Arbitrary<string> {
  const pairs = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) =>
      fc.option(
        usually(3, fromSchema(schema, known, name).map(String), hostileText).map(
          (value) => `${name}=${query(value)}`,
        ),
        { nil: undefined, freq: 2 },
      ),
    );
  const stray = fc.tuple(hostileKey, hostileText).map(([key, value]) => `${query(key)}=${query(value)}`);
  const broken = fc.constantFrom(
    '&&&',
    '=',
    '%',
    '%ff=%ff',
    'limit=1&limit=2',
    'a[b]=c',
    '__proto__[x]=1',
    'a=b#c',
  );
  return fc
    .tuple(fc.tuple(...pairs), fc.option(usually(2, stray, broken), { nil: undefined, freq: 8 }))
    .map(([given, more]) => [...given, more].filter((part) => part !== undefined).join('&'))
    .map((text) => (text === '' ? '' : `?${text}`));
}

function query(text: string): string {
  return encodeURIComponent(wellFormed(text));
}

const CONTENT_TYPES = [
  'text/plain',
  'application/json; charset=latin1',
  'application/json;;;charset="',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/problem+json',
  '',
];

/** Characters that Node.js lets into a header. */
const headerUnit = fc
  .integer({ min: 0x20, max: 0xff })
  .map((code) => (code === 0x7f ? ' ' : String.fromCharCode(code)));
const headerText = fc.oneof(
  fc.string({ unit: headerUnit, maxLength: 40 }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    'NaN',
    '"1"',
    '"99999999999999999"',
    '*',
    '1-1',
    'a'.repeat(200),
    'a'.repeat(10_000),
  ),
);

function headers({ body }: Operation): fc.Arbitrary<Record<string, string>> {
  const json = body ? fc.constant('application/json') : fc.constant('application/json; charset=utf-8');
  const odd = fc.dictionary(
    fc.constantFrom(
      ...['idempotency-key', 'traceparent', 'if-match', 'last-event-id', 'content-encoding', 'accept'],
      ...['accept-encoding', 'x-forwarded-for', 'cookie', 'range', 'tracestate', 'x-http-method-override'],
    ),
    headerText,
    { maxKeys: 2, noNullPrototype: true },
  );
  return fc
    .tuple(usually(9, json, fc.constantFrom(...CONTENT_TYPES)), usually(2, fc.constant({}), odd))
    .map(([type, more]) => ({ ...more, 'content-type': type }));
}
