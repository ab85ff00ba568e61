// Removes what a build wrote, so that a file whose source is gone cannot reach a tarball.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { packages, root } from './workspace.ts'

for (const { folder } of packages) {
  for (const name of ['dist', '.tsbuildinfo']) rmSync(join(folder, name), { recursive: true, force: true })
}
// Not the whole cache: what `pnpm brokers install` brought is there, and perhaps a broker that runs.
for (const name of ['.tarballs', 'node_modules/.cache/tests.tsbuildinfo'])
  rmSync(join(root, name), { recursive: true, force: true })
