import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** What the scripts here read of a package.json. */
export interface Manifest {
  name: string
  version: string
  private?: boolean
  exports?: Record<string, unknown>
  publishConfig?: { exports?: Record<string, unknown> }
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

export interface Package {
  folder: string
  manifest: Manifest
}

/** The root of the work tree. */
export const root: string = resolve(import.meta.dirname, '..')

/** All packages of the workspace, by name of their folders. */
export const packages: readonly Package[] = globSync('packages/*/package.json', { cwd: root })
  .toSorted()
  .map((path) => ({ folder: join(root, dirname(path)), manifest: readManifest(join(root, path)) }))

/** Those of them that are published. */
export const published: readonly Package[] = packages.filter(({ manifest }) => manifest.private !== true)

export function readManifest(path: string): Manifest {
  if (!existsSync(path)) throw new Error(`No package.json at ${path}`)
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest
}
