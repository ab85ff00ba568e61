/** The brokers that tests, benchmarks and people can ask for. */
export const names = [
  'rabbitmq-3',
  'rabbitmq-4',
  'kafka',
  'kafka-3-nodes',
  'google-pubsub',
  'fauxqs',
  'localstack',
] as const

export type BrokerName = (typeof names)[number]

/** Names that stand for several brokers. */
export const groups: Readonly<Record<string, readonly BrokerName[]>> = {
  rabbitmq: ['rabbitmq-3', 'rabbitmq-4'],
  'sqs-sns': ['fauxqs', 'localstack'],
}

/** The brokers whose drivers pass the suite: the ones that `pnpm test` brings up. */
export const supported: readonly BrokerName[] = ['rabbitmq-3', 'rabbitmq-4', 'fauxqs', 'localstack']

/** The brokers that there is a driver for, in work or not: what `pnpm brokers` means without names. */
export const withDriver: readonly BrokerName[] = ['rabbitmq-3', 'rabbitmq-4', 'kafka', 'google-pubsub', 'fauxqs']

/** Brokers and groups to brokers, each once, in the order of {@link names}. An unknown one is a `RangeError`. */
export function select(wanted: readonly string[]): readonly BrokerName[] {
  const found = new Set(wanted.flatMap((name) => (Object.hasOwn(groups, name) ? groups[name] : [toBrokerName(name)])))
  return names.filter((name) => found.has(name))
}

/** The names that an environment variable holds, with commas or blanks between them. */
export function splitNames(list: string | undefined): readonly string[] {
  return (list ?? '').split(/[\s,]+/u).filter(Boolean)
}

/** The environment variable that holds the URL of a broker, such as `ANYBROKER_TEST_RABBITMQ_4_URL`. */
export function urlVariable(name: BrokerName): string {
  return `ANYBROKER_TEST_${name.toUpperCase().replaceAll('-', '_')}_URL`
}

function toBrokerName(name: string): BrokerName {
  const known = names.find((candidate) => candidate === name)
  if (known !== undefined) return known
  throw new RangeError(`No broker "${name}". There are: ${[...names, ...Object.keys(groups)].join(', ')}`)
}
