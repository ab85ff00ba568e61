import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BrokerError } from 'anybroker'
import { InputError, readRequests } from './input.ts'
import { Ledger } from './ledger.ts'
import { showProgress } from './progress.ts'
import { run } from './run.ts'
import { named, printSummary } from './summary.ts'

const USAGE = `pnpm demo [file]

Works off a file of erasure requests (NDJSON; by default the 1,000 that come with the demo) on the broker that BROKER_URL
names (by default memory:), and prints a ledger of what became of each.

  --deadline <seconds>  give up after that long; default 120
  --help                show this
`

/** What ends a run early. */
class Stopped extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(sentence(error))
  return error instanceof Stopped ? error.exitCode : 1
})

async function main(): Promise<number> {
  const { file, deadlineMs, help } = options()
  if (help) {
    process.stdout.write(USAGE)
    return 0
  }
  const requests = await readRequests(file)
  const ledger = new Ledger(requests.length)
  const began = performance.now()
  using stop = stopping(deadlineMs, ledger)
  try {
    using progress = showProgress(process.stdout, ledger)
    // Empty is unset: that is how a compose file or a CI matrix leaves a variable out.
    const url = process.env['BROKER_URL'] || 'memory:'
    await run(url, requests, ledger, (text) => progress.say(text), stop.signal)
  } finally {
    if (ledger.published > 0)
      printSummary(process.stdout, ledger, performance.now() - began, stop.interrupted ? 'unfinished' : 'lost')
  }
  const left = ledger.leftBehindRequests
  if (left.length > 0) throw new Stopped(`Only a person can help ${named(ledger, left)}.`, 1)
  return 0
}

function options(): { readonly file: string; readonly deadlineMs: number; readonly help: boolean } {
  let parsed
  try {
    parsed = parseArgs({ allowPositionals: true, options: { deadline: { type: 'string' }, help: { type: 'boolean' } } })
  } catch (error) {
    throw new InputError((error as Error).message, { cause: error })
  }
  const { values, positionals } = parsed
  const [file = fileURLToPath(new URL('../requests.ndjson', import.meta.url)), ...rest] = positionals
  if (rest.length > 0) throw new InputError(`One file at a time: ${JSON.stringify(rest[0])} is one too many.`)
  const seconds = Number(values.deadline ?? 120)
  if (!(seconds > 0 && seconds <= 86_400)) throw new InputError('--deadline must be 1 to 86400 seconds.')
  return { file, deadlineMs: seconds * 1000, help: values.help ?? false }
}

/** A signal that aborts at the deadline or at Ctrl-C, each with a sentence. */
function stopping(
  deadlineMs: number,
  ledger: Ledger,
): Disposable & { readonly signal: AbortSignal; readonly interrupted: boolean } {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    const open =
      ledger.published < ledger.expected
        ? 'not all requests could be published'
        : `unfinished: ${named(ledger, ledger.missing)}`
    controller.abort(new Stopped(`Gave up after ${deadlineMs / 1000} s; ${open}.`, 1))
  }, deadlineMs)
  let interrupted = false
  const interrupt = () => {
    interrupted = true
    controller.abort(new Stopped('Interrupted.', 130))
  }
  process.once('SIGINT', interrupt)
  return {
    signal: controller.signal,
    get interrupted() {
      return interrupted
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
      process.off('SIGINT', interrupt)
    },
  }
}

/** What to tell a person: one sentence where the error is ours or the broker's, all there is where it is a mistake in here. */
function sentence(error: unknown): string {
  const known = error instanceof BrokerError || error instanceof InputError || error instanceof Stopped
  if (known) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
