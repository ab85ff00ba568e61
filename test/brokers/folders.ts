import { join, resolve } from 'node:path'

/** The root of the work tree. */
export const workTree: string = resolve(import.meta.dirname, '../..')

const cache = join(workTree, 'node_modules/.cache/brokers')

/** What `pnpm brokers install` fetched for an engine. */
export function installFolder(engine: string): string {
  return join(cache, 'install', engine)
}

/** Data, logs and state of all instances, a folder each. */
export const runFolder: string = join(cache, 'run')
