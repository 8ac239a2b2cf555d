import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const SOURCES = ['**/*.ts'];
const TESTS = ['**/*.test.ts', '**/test/**/*.ts', 'e2e/**'];
const SCRIPTS = ['**/*.mjs', '**/*.cjs', '**/*.js'];

/** Where the outside world may be touched directly: composition roots, the library that wraps it, and programs of their own. */
const MAY_TOUCH_THE_WORLD = [
  ...TESTS,
  'libs/core/**',
  'libs/testing/**',
  '**/src/main.ts',
  'apps/**',
  'examples/**',
  'bench/**',
  'sim/**',
  'chaos/**',
  'fuzz/**',
  'deploy/**',
];
const MAY_PRINT = [
  'apps/cli/**',
  'examples/**',
  'bench/**',
  'sim/**',
  'chaos/**',
  'fuzz/**',
  'scripts/**',
  'deploy/**',
];

const INJECT =
  'is injected: take Clock, Random or Ids of @multiswarm/core, so that tests and simulations can drive it';
const TIMERS = ['setTimeout', 'setInterval'];

const nodeGlobals = Object.fromEntries(
  [
    ...[
      'process',
      'console',
      'Buffer',
      'URL',
      'performance',
      'fetch',
      'AbortController',
      'AbortSignal',
      'structuredClone',
    ],
    ...[
      'queueMicrotask',
      'TextEncoder',
      'TextDecoder',
      'clearTimeout',
      'clearInterval',
      'setImmediate',
      ...TIMERS,
    ],
    ...['require', 'module', 'exports', '__dirname', '__filename'],
  ].map((name) => [name, 'readonly']),
);

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.multiswarm/', 'examples/delivery/project/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: SCRIPTS,
    languageOptions: { globals: nodeGlobals },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }] },
  },
  {
    files: SOURCES,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      // Numbers are what most messages are about.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `while (true)` and `for (;;)` say what they mean; other conditions that are always true are mistakes.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // `return fail(error)` in a function without a result is an early exit; elsewhere a result is dropped with `void`.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // A callback may answer now or later: `void | Promise<void>`.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Node types the pipe of a child as a stream and makes it a socket; such a cast carries its reason beside it.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // An async method may satisfy an asynchronous port without waiting for anything itself.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // A switch counts once: a long exhaustive table is fine, a long procedure is not.
      complexity: ['error', { max: 20, variant: 'modified' }],
      'max-depth': ['error', 4],
      'max-params': ['error', 8],
      'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['warn', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:timers/promises', message: `Time ${INJECT}.` },
            {
              name: 'node:crypto',
              importNames: ['randomUUID', 'randomBytes', 'randomInt'],
              message: `Randomness ${INJECT}.`,
            },
          ],
        },
      ],
      'no-restricted-globals': ['error', ...TIMERS.map((name) => ({ name, message: `Time ${INJECT}.` }))],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: `Time ${INJECT}.` },
        { object: 'performance', property: 'now', message: `Time ${INJECT}.` },
        { object: 'Math', property: 'random', message: `Randomness ${INJECT}.` },
        {
          object: 'process',
          property: 'env',
          message: 'Only main.ts reads the environment; take the parsed configuration.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: `Time ${INJECT}.` },
      ],
    },
  },
  {
    files: MAY_TOUCH_THE_WORLD,
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-imports': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  {
    files: TESTS,
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': 'off',
      // `const [first] = list; first!.id` in a test fails as loudly as an assertion would.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Fakes of a port often have methods that do nothing.
      '@typescript-eslint/no-empty-function': 'off',
      // Jest's asymmetric matchers and the bodies of HTTP answers are `any`; the assertion is what checks them.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      // `expect(port.method).toHaveBeenCalled()` does not call it.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { rules: { 'no-console': 'error', eqeqeq: 'error' } },
  { files: MAY_PRINT, rules: { 'no-console': 'off' } },
);
