import { known, running, up, urlVariable, type Broker, type BrokerName } from './brokers.ts'
import { engines } from './native/engines.ts'

type Verb = (name: BrokerName) => Promise<string>

/** What `pnpm brokers` can do to a broker: each does it and gives what is to be printed. */
export const verbs = {
  up: (name) => timed(async () => describe(await up(name))),
  down: async (name) => {
    const broker = known(name)
    await broker?.down()
    return `${name} ${broker === undefined ? 'was not up' : 'is down'}`
  },
  status: async (name) => {
    const broker = await running(name)
    if (broker !== undefined) return describe(broker)
    return `${name} ${known(name) === undefined ? 'down' : 'up once, but does not answer'}`
  },
  logs: async (name) => theKnown(name).logs(),
  env: async (name) => `export ${urlVariable(name)}='${theKnown(name).url}'`,
  install: (name) =>
    timed(async () => {
      await engines[name].install((line) => console.log(`${name} ${line}`))
      return `${name} installed`
    }),
  restart: (name) => timed(async () => done(name, 'restarted', (broker) => broker.restart())),
  kill: (name) => done(name, 'killed', (broker) => broker.kill()),
  freeze: (name) => done(name, 'frozen', (broker) => broker.freeze()),
  thaw: (name) => done(name, 'thawed', (broker) => broker.thaw()),
} satisfies Record<string, Verb>

export function isVerb(word: string): word is keyof typeof verbs {
  return Object.hasOwn(verbs, word)
}

function describe({ name, url, origin }: Broker): string {
  return `${name} ${url} (${origin})`
}

async function done(name: BrokerName, what: string, act: (broker: Broker) => Promise<void>): Promise<string> {
  await act(theKnown(name))
  return `${name} ${what}`
}

function theKnown(name: BrokerName): Broker {
  const broker = known(name)
  if (broker === undefined) throw new Error(`${name} is down; \`pnpm brokers up ${name}\` brings it up`)
  return broker
}

async function timed(act: () => Promise<string>): Promise<string> {
  const began = performance.now()
  return `${await act()} ${((performance.now() - began) / 1000).toFixed(1)} s`
}
