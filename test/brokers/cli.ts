// pnpm brokers up|down|status|logs|env|install|restart|kill|freeze|thaw [name…]
import { parseArgs } from 'node:util'
import { verbs, isVerb } from './verbs.ts'
import { select, splitNames, withDriver, type BrokerName } from './names.ts'

const usage = `pnpm brokers ${Object.keys(verbs).join('|')} [name…]`

function readArguments(): { verb: keyof typeof verbs; names: readonly BrokerName[] } {
  const [verb, ...wanted] = parseArgs({ allowPositionals: true, options: {} }).positionals
  if (verb === undefined) throw new RangeError(`Say what to do: ${usage}`)
  if (!isVerb(verb)) throw new RangeError(`No verb "${verb}": ${usage}`)
  return { verb, names: wanted.length === 0 ? withDriver : select(splitNames(wanted.join(' '))) }
}

function refuse(error: unknown): never {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}

let chosen: ReturnType<typeof readArguments>
try {
  chosen = readArguments()
} catch (error) {
  refuse(error)
}

// All at once, each with its own result; a failure of one does not hide the others.
const results = await Promise.allSettled(chosen.names.map((name) => verbs[chosen.verb](name)))
for (const result of results) {
  if (result.status === 'fulfilled') {
    if (result.value !== '') console.log(result.value)
  } else {
    console.error(result.reason instanceof Error ? result.reason.message : result.reason)
    process.exitCode = 1
  }
}
