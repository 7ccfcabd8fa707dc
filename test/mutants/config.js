import { fileURLToPath } from 'node:url'

const HERE = '.mutants'

/** Options of StrykerJS; paths are relative to the root of the project, which is copied for each run. */
export const config = {
  testRunner: 'in-process',
  plugins: [fileURLToPath(new URL('plugin.js', import.meta.url))],
  coverageAnalysis: 'perTest',
  buildCommand: 'tsc --noCheck --declaration false --sourceMap false',
  // Tests and code find their packages in the folders above.
  symlinkNodeModules: false,
  // There is nothing in ours that Stryker would have to rewrite, and it can't read it with TypeScript 7.
  tsconfigFile: 'none',
  tempDirName: `${HERE}/sandbox`,
  ignorePatterns: ['docs', 'bench', 'examples', 'dist', '.tap', HERE],
  concurrency: 1,
  timeoutMS: 60_000,
  dryRunTimeoutMinutes: 30,
  incremental: true,
  incrementalFile: `${HERE}/incremental.json`,
  reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `${HERE}/report.json` },
  htmlReporter: { fileName: `${HERE}/report.html` }
}
