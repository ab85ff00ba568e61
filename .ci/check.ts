// Everything a review needs, cheapest first. Prints the seconds of each step and stops at the first failure.
// `pnpm check lint knip` runs only the named steps.
import { spawnSync } from 'node:child_process'
import { root } from './workspace.ts'

const node = process.execPath
const steps: Record<string, readonly (readonly string[])[]> = {
  format: [['oxfmt', '--check', '.']],
  lint: [['oxlint', '--type-aware', '--deny-warnings']],
  knip: [['knip', '--config', '.config/knip.jsonc', '--no-config-hints']],
  changesets: [[node, '.ci/changesets.ts']],
  // From nothing, so that no stale output is packed. The solution holds the tests too, which are only checked.
  build: [
    [node, '.ci/clean.ts'],
    ['tsc', '-b'],
  ],
  packages: [[node, '.ci/packages.ts']],
  unit: [['vitest', 'run', '--config', '.config/vitest.config.ts', '--project', 'unit']],
}

const wanted = process.argv.slice(2)
for (const name of wanted) {
  if (!(name in steps)) throw new TypeError(`No step "${name}". There are: ${Object.keys(steps).join(', ')}`)
}

for (const [name, commands] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const began = performance.now()
  const ok = commands.every(([command, ...args]) => run(command ?? '', args))
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} ${((performance.now() - began) / 1000).toFixed(1)} s`)
  if (!ok) process.exit(1)
}

function run(command: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) throw error
  return status === 0
}
