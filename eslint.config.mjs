/**
 * What the type checker does not see. Three circles: workflows run in a sandbox and are replayed, so they may use
 * nothing that differs from one run to the next; libraries know nothing of Temporal; the rest may use everything.
 */
import { builtinModules } from 'node:module';

import tseslint from 'typescript-eslint';

const WORKFLOW_CODE = ['src/workflows/**/*.ts', 'src/contracts/**/*.ts', 'src/failures.ts'];
/** Who may know Temporal. */
const TEMPORAL_CODE = [
  'src/activities/**',
  'src/client/**',
  'src/embedded/**',
  'src/worker.ts',
  'src/{bundle,config,log}.ts',
];

const NO_SHELL = ['child_process', 'node:child_process'].map((name) => ({
  name,
  importNames: ['exec', 'execSync'],
  message: 'No shell: spawn or execFile with an array of arguments.',
}));

const IN_SANDBOX = {
  paths: [
    ...builtinModules.flatMap((name) => [name, `node:${name}`]),
    'pino',
    '@temporalio/client',
    '@temporalio/worker',
    '@temporalio/activity',
    '@temporalio/testing',
  ].map((name) => ({ name, message: 'Not in the workflow sandbox.' })),
  patterns: [
    {
      regex: '^(node:|pino[-/]|@temporalio/(client|worker|activity|testing)/)',
      message: 'Not in the workflow sandbox.',
    },
    {
      regex: '(^|/)activities(/|$)',
      allowTypeImports: true,
      message: 'Activities run elsewhere: `import type` only.',
    },
    {
      regex: '^\\.\\./(?!activities(/|$)|contracts/|failures$|report/format$)',
      allowTypeImports: true,
      message: 'Workflows import contracts, failures, report/format and types.',
    },
  ],
};

const SANDBOX_GLOBALS = [
  'console',
  'process',
  'Buffer',
  'fetch',
  'setImmediate',
  'WeakRef',
  'FinalizationRegistry',
];

const SANDBOX_SYNTAX = [
  {
    selector: 'Property[key.name="validator"][value.async=true]',
    message: 'Validators of updates are not awaited: an async one never rejects, it breaks the workflow.',
  },
  {
    selector: 'CallExpression[callee.name="setHandler"][arguments.0.name=/Query$/][arguments.1.async=true]',
    message: 'Handlers of queries answer at once: not async.',
  },
  {
    selector: 'ThrowStatement > NewExpression[callee.name=/Error$/]',
    message: 'Throw an ApplicationFailure: anything else leaves the workflow running and failing for ever.',
  },
  {
    selector:
      'CallExpression[callee.name="proxyActivities"] > ObjectExpression:not(:has(> Property[key.name="cancellationType"])):not(:has(> SpreadElement))',
    message: 'Say cancellationType: the default does not wait for the clean-up of the activity.',
  },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.lifeboat/', 'test/fixtures/'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-control-regex': 'error',
      'no-empty': 'error',
      'no-irregular-whitespace': 'error',
      'no-misleading-character-class': 'error',
      'no-self-assign': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-template-curly-in-string': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-restricted-imports': ['error', { paths: NO_SHELL }],
      // Leaving a field out by destructuring is the plain way to leave it out.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Status codes of gRPC are compared with those of Temporal's client, which declares them anew.
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      // An interface may be asynchronous where one of its kinds has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: false, skipComments: false }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: [...WORKFLOW_CODE, ...TEMPORAL_CODE],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: NO_SHELL,
          patterns: [{ regex: '^@temporalio/', message: 'Libraries know nothing of Temporal.' }],
        },
      ],
    },
  },
  {
    files: WORKFLOW_CODE,
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', IN_SANDBOX],
      'no-restricted-globals': ['error', ...SANDBOX_GLOBALS],
      'no-restricted-syntax': ['error', ...SANDBOX_SYNTAX],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      // Matchers of jest and parsed output are `any`; an assertion is the check.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Plain JavaScript: scripts that run before anything is installed, and what starts the program.
    files: ['**/*.{js,mjs,cjs}', 'bin/lifeboat'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      '@typescript-eslint/no-require-imports': 'off',
      'max-lines': ['error', { max: 250 }],
    },
  },
);
