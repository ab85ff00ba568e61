// Runs what README.md shows, as a reader would who copies it, and compiles it as strictly as our own code.
import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = await readFile(path.join(root, 'README.md'), 'utf8')

interface Block {
  readonly prints: string
  readonly code: string
}

/** The blocks that are marked to run, with the one line that each prints. */
function marked(text: string): readonly Block[] {
  const found = text.matchAll(/^<!-- runs, prints "([^"]+)" -->\n```ts\n([\s\S]*?)^```$/gm)
  return [...found].map(([, prints = '', code = '']) => ({ prints, code }))
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a program from the root of the repository, where its imports find the packages. */
function run(code: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=anybroker-source', '--input-type=module-typescript', '-'], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', BROKER_URL: 'memory:', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 20_000,
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', reject)
    child.on('close', (exit) => resolve({ code: exit, out, err }))
    child.stdin.end(code)
  })
}

const blocks = marked(readme)

it('README.md has its two programs, and no other block of TypeScript', () => {
  expect(blocks.map(({ prints }) => prints)).toEqual(['a bill for order 1', 'sent at the fourth attempt'])
  expect(readme.match(/^```(?:ts|typescript|js|javascript)\b/gm)).toHaveLength(blocks.length)
})

describe.each(blocks)('the program that prints "$prints"', ({ prints, code }) => {
  it('runs, says so and ends by itself', async () => {
    expect(await run(code)).toEqual({ code: 0, out: `${prints}\n`, err: '' })
  })
})

it('the first program runs unchanged on the harsh profile', async () => {
  const { prints = '', code = '' } = blocks[0] ?? {}
  expect(await run(code, { BROKER_URL: 'memory:?profile=harsh' })).toEqual({ code: 0, out: `${prints}\n`, err: '' })
})

it('the programs compile', { timeout: 60_000 }, async () => {
  const cache = path.join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(path.join(cache, 'readme-'))
  try {
    await Promise.all(blocks.map(({ code }, at) => writeFile(path.join(folder, `block-${at}.ts`), code)))
    const compilerOptions = { noEmit: true, composite: false, isolatedDeclarations: false, noUnusedLocals: false }
    const config = { extends: path.join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'], references: [] }
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    // Rejects with what the compiler says.
    await promisify(execFile)(process.execPath, [tsc, '-p', folder], { cwd: root }).catch((error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
      throw new Error(`${stdout}${stderr}`, { cause: error })
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('a program that breaks is seen to break', async () => {
  const broken = (blocks[0]?.code ?? '').replace('broker.queue', 'broker.queueOf')
  const { code, err } = await run(broken)
  expect(code).not.toBe(0)
  expect(err).toContain('queueOf')
})
