import { parseArgs } from 'node:util'

export interface Options {
  readonly broker: string
  readonly rounds: number
  readonly messages: number
  /** Where the same goes as JSON. */
  readonly json: string | undefined
}

/** What is wrong with the command line, in one sentence. */
export class UsageError extends Error {}

const USAGE = 'pnpm bench <broker> [--rounds N] [--messages N] [--json FILE]'

export function parseOptions(args: readonly string[], brokers: readonly string[]): Options {
  const { values, positionals } = parsed(args)
  const [broker, ...more] = positionals
  const known = `there is ${brokers.join(', ')}`
  if (broker === undefined) throw new UsageError(`Name a broker to measure: ${known}. Usage: ${USAGE}`)
  if (!brokers.includes(broker)) throw new UsageError(`There is no bench for "${broker}": ${known}.`)
  if (more.length > 0) throw new UsageError(`One broker at a time, not also ${more.join(', ')}. Usage: ${USAGE}`)
  return {
    broker,
    rounds: count('rounds', values.rounds, 5, 1000),
    messages: count('messages', values.messages, 100_000, 100_000_000),
    json: values.json,
  }
}

function parsed(args: readonly string[]): {
  values: { rounds?: string | undefined; messages?: string | undefined; json?: string | undefined }
  positionals: string[]
} {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { rounds: { type: 'string' }, messages: { type: 'string' }, json: { type: 'string' } },
    })
  } catch (error) {
    const [sentence] = String(error instanceof Error ? error.message : error).split('. ')
    throw new UsageError(`${sentence}. Usage: ${USAGE}`, { cause: error })
  }
}

function count(name: string, given: string | undefined, fallback: number, max: number): number {
  if (given === undefined) return fallback
  const value = Number(given)
  if (/^\d+$/.test(given) && value >= 1 && value <= max) return value
  throw new UsageError(`--${name} must be a whole number from 1 to ${max}; got "${given}".`)
}
