// The import rules of the house: handler → rules and stores → ledger, and never the other way round.
const rules = '^functions/[^/]+/(?!.*\\.(handler|store|client)\\.ts$)[^/]+\\.ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'rules-are-pure',
      comment: 'Rules decide; they import no store, no client and no handler.',
      severity: 'error',
      from: { path: rules, pathNot: '^functions/edge/' },
      to: { path: '\\.(store|client|handler)\\.ts$' },
    },
    {
      name: 'rules-know-no-aws',
      comment: 'Rules import no AWS package, no middleware and no payment SDK.',
      severity: 'error',
      from: { path: rules, pathNot: '^functions/edge/' },
      to: { path: 'node_modules/(@aws-sdk|@aws-lambda-powertools|@middy|stripe|aws-cdk-lib)/' },
    },
    {
      name: 'stores-do-not-call-clients',
      severity: 'error',
      from: { path: '\\.store\\.ts$' },
      to: { path: '\\.(client|handler)\\.ts$' },
    },
    {
      name: 'nobody-imports-a-handler',
      comment: 'A handler is where a Lambda starts; whatever two of them share is a rule or a store.',
      severity: 'error',
      from: { path: '^(functions|lib|bin)/' },
      to: { path: '\\.handler\\.ts$' },
    },
    {
      name: 'ledger-stands-alone',
      comment:
        'The ledger knows no capability that uses it; of the house it takes the edge’s way to the database.',
      severity: 'error',
      from: { path: '^functions/ledger/(?!.*\\.handler\\.ts$)' },
      to: { path: '^functions/(?!ledger/|edge/(dynamodb|retry-delay)\\.ts$)' },
    },
    {
      name: 'lib-imports-names-alone',
      comment: 'Infrastructure knows functions by the name of their folder and file, not by import.',
      severity: 'error',
      from: { path: '^(lib|bin)/' },
      to: {
        path: '^(functions|local|cli|web|bench|test)/',
        pathNot: '^functions/[^/]+/[^/]+\\.routes\\.ts$',
      },
    },
    {
      name: 'functions-run-anywhere',
      comment: 'What deploys to Lambda knows nothing of the machine that it is developed on.',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^(lib|bin|local|cli|bench|test)/' },
    },
    {
      name: 'only-development-uses-development-packages',
      severity: 'error',
      from: { path: '^functions/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^aws-lambda$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(build|cdk\\.out)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
}
