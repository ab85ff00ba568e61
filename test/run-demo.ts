import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../packages/demo/src/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the demo as `pnpm demo` does. */
export function demo(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=anybroker-source', main, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', BROKER_URL: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

/** The figures of the ledger, by their names. */
export function ledgerOf(out: string): Record<string, number> {
  const [, ledger = ''] = out.split('\nLedger, ')
  const rows = [...ledger.matchAll(/^ {2}(\S+(?: \S+)?) +([\d,]+)$/gm)]
  return Object.fromEntries(rows.map(([, what = '', count = '']) => [what, Number(count.replaceAll(',', ''))]))
}
