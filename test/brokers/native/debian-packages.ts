// Programs of Debian, of any release, without installing them: their packages are unpacked into a folder, and run with
// that folder as their root. Nothing of the system changes, no service starts, and it needs no root where the kernel lets
// users have namespaces (`unshare --map-root-user`). The packages come from the mirror that the machine's own apt knows.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { lacks } from './tools.ts'

const run = promisify(execFile)

export interface DebianPackages {
  /** The release of Debian, by its name. */
  readonly release: string
  /** The packages wanted; those that they need come with them. */
  readonly packages: readonly string[]
  /** Names of packages that they are said to need and do not. */
  readonly without: RegExp
  /** Where they are unpacked. */
  readonly folder: string
}

/** Why packages can't be unpacked and run on this machine, in a few words. */
export function missingTools(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux runs them'
  const lack = lacks('apt-get', 'dpkg-deb', 'tar', 'unshare', 'chroot')
  if (lack !== undefined) return `this machine has ${lack}`
  try {
    execFileSync('unshare', ['--map-root-user', '--mount', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'this machine lets us have no namespaces (unshare --map-root-user --mount)'
  }
}

export function isUnpacked({ folder }: DebianPackages): boolean {
  return existsSync(folder)
}

/** Fetches and unpacks. What stands there afterwards is complete: it gets its name last. */
export async function unpack(wanted: DebianPackages, say: (line: string) => void): Promise<void> {
  const scratch = `${wanted.folder}.${process.pid}`
  const root = join(scratch, 'root')
  rmSync(scratch, { recursive: true, force: true })
  try {
    makeSkeleton(root)
    for (const archive of await download(wanted, scratch, say)) await extract(archive, root)
    if (!existsSync(wanted.folder)) renameSync(root, wanted.folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/**
 * The command that runs a program of the packages: `place` is its /place, the machine's /proc and /dev are its own. The
 * mounts live in a namespace of the process and end with it. Pids are the machine's, so signals reach it as usual.
 */
export function inside(
  folder: string,
  place: string,
  env: NodeJS.ProcessEnv,
  command: readonly string[],
): [string, ...string[]] {
  const script = [
    'mount --rbind /proc "$1/proc"',
    'mount --rbind /dev "$1/dev"',
    'mount --bind "$2" "$1/place"',
    'root=$1',
    'shift 2',
    'exec chroot "$root" /usr/bin/env -i "$@"',
  ].join(' && ')
  const variables = Object.entries({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/place', ...env })
  const assignments = variables.map(([name, value]) => `${name}=${value ?? ''}`)
  const shell = ['sh', '-c', script, 'inside', folder, place, ...assignments, ...command]
  return ['unshare', '--map-root-user', '--mount', ...shell]
}

// What Debian's base-files and the installer would have made.
function makeSkeleton(root: string): void {
  for (const name of ['dev', 'proc', 'tmp', 'etc', 'place']) mkdirSync(join(root, name), { recursive: true })
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(root, name))
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/place:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files\n')
}

// apt with lists, cache and status of its own: to it, nothing is installed yet, and the machine's apt never hears of it.
async function download(
  wanted: DebianPackages,
  scratch: string,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const archives = join(scratch, 'archives')
  for (const folder of ['lists/partial', 'cache/archives/partial', 'archives']) {
    mkdirSync(join(scratch, folder), { recursive: true })
  }
  writeFileSync(join(scratch, 'status'), '')
  writeFileSync(join(scratch, 'sources.list'), `${await sourceLine(wanted.release)}\n`)
  const options = [
    `Dir::Etc::sourcelist=${scratch}/sources.list`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${scratch}/lists`,
    `Dir::State::status=${scratch}/status`,
    `Dir::Cache=${scratch}/cache`,
    'Acquire::Languages=none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    'Acquire::Retries=3',
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
  const apt = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('apt-get', ['-q', ...options, ...args], { cwd: archives, maxBuffer: 1 << 26 })
    return stdout
  }
  say(`asking the apt mirror for Debian ${wanted.release}`)
  await apt('update', '--error-on=any')
  const plan = await apt('install', '-s', '--no-install-recommends', ...wanted.packages)
  const packages = [...plan.matchAll(/^Inst (\S+)/gmu)].flatMap(([, name]) => name ?? [])
  const needed = packages.filter((name) => !wanted.without.test(name))
  say(`fetching ${needed.length} packages`)
  await apt('download', ...needed)
  return readdirSync(archives).map((file) => join(archives, file))
}

// The machine's mirror, asked for another release. Its updates and security archives do not have one.
async function sourceLine(release: string): Promise<string> {
  const format = ['--format', '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)', 'Created-By: Packages']
  const { stdout } = await run('apt-get', ['indextargets', ...format])
  const sources = stdout.split('\n').map((line) => line.split(' '))
  const mirror = sources.find(
    ([, suite, component]) => component === 'main' && suite !== undefined && !suite.includes('-'),
  )
  if (mirror?.[0] === undefined) throw new Error('The sources of apt name no mirror with a component "main"')
  const keyring = ['gpg', 'pgp'].map((kind) => `/usr/share/keyrings/debian-archive-keyring.${kind}`).find(existsSync)
  return `deb ${keyring === undefined ? '' : `[signed-by=${keyring}] `}${mirror[0]} ${release} main`
}

async function extract(archive: string, root: string): Promise<void> {
  const unread = ['doc', 'man', 'locale'].map((name) => `--exclude=./usr/share/${name}`)
  const tar = ['tar', '-x', '--keep-directory-symlink', '--no-same-owner', '-C', root, ...unread]
  const script = 'archive=$1; shift; dpkg-deb --fsys-tarfile "$archive" | "$@"'
  await run('sh', ['-c', script, 'extract', archive, ...tar])
}
