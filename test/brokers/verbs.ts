import { comesFrom, known, running, up, urlVariable, type Broker, type BrokerName } from './brokers.ts'
import { engines } from './native/engines.ts'
import { endOrphans } from './own.ts'

type Verb = (name: BrokerName) => Promise<string>

/** What `pnpm brokers` can do to a broker: each verb does it and gives what is to be printed. */
export const verbs = {
  up: (name) => timed(async () => describe(await up(name))),
  down: async (name) => {
    await endOrphans()
    const broker = await known(name)
    await broker?.down()
    return `${name} ${broker === undefined ? 'was not up' : 'is down'}`
  },
  status: async (name) => {
    const broker = await running(name)
    if (broker !== undefined) return describe(broker)
    return `${name} ${(await known(name)) === undefined ? 'is down' : 'was up, and does not answer'}`
  },
  logs: async (name) => (await theKnown(name)).logs(),
  env: async (name) => `export ${urlVariable(name)}='${(await theKnown(name)).url}'`,
  install: (name) => timed(() => install(name)),
  restart: (name) => timed(async () => done(name, 'restarted', (broker) => broker.restart())),
  kill: (name) => done(name, 'killed', (broker) => broker.kill()),
  freeze: (name) => done(name, 'frozen', (broker) => broker.freeze()),
  thaw: (name) => done(name, 'thawed', (broker) => broker.thaw()),
} satisfies Record<string, Verb>

export function isVerb(word: string): word is keyof typeof verbs {
  return Object.hasOwn(verbs, word)
}

/** One line about a broker that answers: its name, its URL, where it came from. */
export function describe({ name, url, origin }: Broker): string {
  return `${name} ${url} (${origin})`
}

async function install(name: BrokerName): Promise<string> {
  const from = await comesFrom(name)
  if (from === 'url') return `${name} needs nothing: ${urlVariable(name)} names it`
  if (from === 'compose') return `${name} needs nothing: Docker Compose brings it`
  await engines[name].install((line) => console.log(`${name} ${line}`))
  return `${name} installed`
}

async function done(name: BrokerName, what: string, act: (broker: Broker) => Promise<void>): Promise<string> {
  await act(await theKnown(name))
  return `${name} ${what}`
}

async function theKnown(name: BrokerName): Promise<Broker> {
  const broker = await known(name)
  if (broker === undefined) throw new Error(`${name} is down; \`pnpm brokers up ${name}\` brings it up`)
  return broker
}

async function timed(act: () => Promise<string>): Promise<string> {
  const began = performance.now()
  return `${await act()}, ${((performance.now() - began) / 1000).toFixed(1)} s`
}
