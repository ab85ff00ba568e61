// What is published, looked at as its users get it: packs every public package, asks publint and attw about the tarballs,
// looks for what must not be in them, checks the declarations together as a strict user's compiler does, and imports every
// entry with plain Node of the oldest version that is promised.
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { published, readManifest, root, type Package } from './workspace.ts'

const oldestNode = '22.12.0'
const exec = promisify(execFile)

const tarballs = join(root, '.tarballs')
rmSync(tarballs, { recursive: true, force: true })
mkdirSync(tarballs)
const consumer = mkdtempSync(join(tmpdir(), 'anybroker-consumer-'))
writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n')

try {
  const problems: string[] = []
  const entries: string[] = []
  for (const { folder, manifest } of published) {
    const tarball = await pack(folder)
    const unpacked = await unpack(tarball, manifest.name)
    linkDependencies(unpacked, folder)
    entries.push(...entriesOf(unpacked))
    const said = await Promise.all([publint(tarball), attw(tarball)])
    problems.push(...[contents(unpacked), ...said].flat().map((problem) => `${manifest.name}: ${problem}`))
  }
  if (problems.length === 0) problems.push(...(await checkTypes(entries)), ...(await importAll(entries)))

  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log(`packages: ${published.length} packed, ${entries.length} entries imported by Node ${oldestNode}`)
} finally {
  rmSync(consumer, { recursive: true, force: true })
}

async function pack(folder: string): Promise<string> {
  const { stdout } = await exec('pnpm', ['pack', '--json', '--pack-destination', tarballs], { cwd: folder })
  const { filename } = JSON.parse(stdout) as { filename: string }
  return filename
}

/** Puts a package where the consumer's imports find it; a real folder, because Node strips no types there. */
async function unpack(tarball: string, name: string): Promise<string> {
  const folder = join(consumer, 'node_modules', name)
  mkdirSync(folder, { recursive: true })
  await exec('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder])
  return folder
}

/** Gives it the foreign packages that the workspace has installed for it. Ours it finds beside itself. */
function linkDependencies(unpacked: string, folder: string): void {
  const { dependencies, peerDependencies } = readManifest(join(unpacked, 'package.json'))
  const ours = new Set(published.map(({ manifest }: Package) => manifest.name))
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
    const target = join(folder, 'node_modules', name)
    if (ours.has(name) || !existsSync(target)) continue
    const link = join(unpacked, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(target, link, 'dir')
  }
}

function entriesOf(unpacked: string): string[] {
  const { name, exports } = readManifest(join(unpacked, 'package.json'))
  return Object.keys(exports ?? {})
    .filter((entry) => !entry.endsWith('.json') && !entry.includes('*'))
    .map((entry) => name + entry.slice(1))
}

function contents(unpacked: string): string[] {
  const problems = globSync('**/*', { cwd: unpacked, exclude: ['node_modules/**'], withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.test(-d)?\.|tsbuildinfo/.test(entry.name))
    .map((entry) => `${entry.name} must not be published`)
  for (const name of ['LICENSE', 'dist/index.js', 'dist/index.d.ts']) {
    if (!existsSync(join(unpacked, name))) problems.push(`${name} is missing`)
  }
  const packed = readFileSync(join(unpacked, 'package.json'), 'utf8')
  for (const word of ['anybroker-source', 'workspace:', 'catalog:']) {
    if (packed.includes(word)) problems.push(`its package.json still says "${word}"`)
  }
  return problems
}

async function publint(tarball: string): Promise<string[]> {
  return ask('publint', ['run', tarball, '--strict'])
}

async function attw(tarball: string): Promise<string[]> {
  return ask('attw', [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii', '--no-emoji'])
}

/** Without `skipLibCheck`, and without the condition that would lead to sources. */
async function checkTypes(entries: readonly string[]): Promise<string[]> {
  const lines = entries.map((entry, at) => `export * as entry${at} from ${JSON.stringify(entry)}`)
  writeFileSync(join(consumer, 'types.ts'), [...lines, ''].join('\n'))
  const options = {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
  }
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['types.ts'] }))
  return ask('tsc', ['-p', consumer])
}

async function importAll(entries: readonly string[]): Promise<string[]> {
  const lines = entries.map((entry) => `await import(${JSON.stringify(entry)})`)
  writeFileSync(
    join(consumer, 'main.js'),
    [`if (process.version !== 'v${oldestNode}') throw new Error(process.version)`, ...lines, ''].join('\n'),
  )
  return ask('npx', ['-y', `node@${oldestNode}`, 'main.js'], consumer)
}

/** Runs a program and returns what it said, if it was not content. */
async function ask(command: string, args: readonly string[], cwd = root): Promise<string[]> {
  try {
    await exec(command, args, { cwd })
    return []
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    return [[command, stdout, stderr].join('\n').trim() || message]
  }
}
