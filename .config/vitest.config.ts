import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Tests run on the sources of all packages, without a build. Vitest resolves by these conditions; a child process that a
// test starts gets the same one by NODE_OPTIONS.
const condition = 'anybroker-source'
const conditions = [condition, 'node', 'development|production']
const nodeOptions = [process.env['NODE_OPTIONS'], `--conditions=${condition}`].filter(Boolean).join(' ')

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: [condition] } },
  test: {
    env: { NODE_OPTIONS: nodeOptions },
    passWithNoTests: true,
    // More than there are cores: the suites on real brokers wait most of the time.
    maxWorkers: 3,
    // A rejection that nobody handles is a lost message: it fails the run, as it does by default, and stays so.
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], pool: 'threads' },
      },
      {
        extends: true,
        test: {
          name: 'across',
          include: ['test/**/*.test.ts'],
          pool: 'forks',
          // Brings up the brokers that it can, and ends them.
          globalSetup: ['test/brokers/vitest-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
