// Before the tests of more than one package: brings up what it can, says so, and names it to the tests by environment.
import { running, select, splitNames, supported, up, urlVariable, type Broker, type BrokerName } from './brokers.ts'
import { describe } from './verbs.ts'

interface Found {
  readonly name: BrokerName
  /** What is printed: where it came from, or why it is missing and how to get it. */
  readonly line: string
  readonly broker?: Broker
  /** Whether we started it, and so end it. */
  readonly ours?: boolean
}

export default async function setup(): Promise<() => Promise<void>> {
  const required = select(splitNames(process.env['REQUIRE_BROKERS']))
  const found = await Promise.all([...new Set([...supported, ...required])].map(find))
  for (const { line } of found) console.log(`broker ${line}`)
  const tearDown = async (): Promise<void> => {
    await Promise.all(found.map(({ ours, broker }) => (ours === true && broker ? broker.down() : Promise.resolve())))
  }
  const lacking = found.filter(
    ({ name, broker }) => broker === undefined && (required.includes(name) || givenUrl(name)),
  )
  if (lacking.length > 0) {
    await tearDown()
    const names = lacking.map(({ name }) => name).join(', ')
    throw new Error(`The environment asks for ${names} (REQUIRE_BROKERS, or a URL), and what it says above is why not`)
  }
  for (const { name, broker } of found) {
    if (broker !== undefined) process.env[urlVariable(name)] = broker.url
  }
  return tearDown
}

async function find(name: BrokerName): Promise<Found> {
  const began = performance.now()
  try {
    const there = givenUrl(name) ? await up(name) : await running(name)
    if (there !== undefined) return { name, broker: there, line: `${describe(there)}, was there` }
    // One of our own: two runs at a time share nothing.
    const broker = await up(name, { for: 'own' })
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    return { name, broker, ours: true, line: `${describe(broker)}, started in ${seconds} s` }
  } catch (error) {
    return { name, line: error instanceof Error ? error.message : String(error) }
  }
}

function givenUrl(name: BrokerName): boolean {
  return (process.env[urlVariable(name)] ?? '') !== ''
}
