// A branch that changes a published package brings a changeset. On main itself, and where no main is to compare with (a
// shallow clone, an exported tree), there is nothing to ask.
import { spawnSync } from 'node:child_process'
import { root } from './workspace.ts'

function commit(ref: string): string | undefined {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? stdout.trim() : undefined
}

const head = commit('HEAD')
const main = commit('main')
if (head === undefined || main === undefined || head === main) {
  console.log('changesets: no branch to compare with main')
} else {
  const { status } = spawnSync('changeset', ['status', '--since=main'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  process.exitCode = status ?? 1
}
