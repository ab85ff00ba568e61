/** The brokers that tests, benchmarks and people can ask for. */
export const names = ['rabbitmq-3', 'rabbitmq-4'] as const

export type BrokerName = (typeof names)[number]

/** Names that stand for several brokers. */
export const groups: Readonly<Record<string, readonly BrokerName[]>> = {
  rabbitmq: ['rabbitmq-3', 'rabbitmq-4'],
}

/** The brokers whose drivers the project has: the ones that `pnpm test` brings up. */
export const supported: readonly BrokerName[] = ['rabbitmq-3', 'rabbitmq-4']

/** Brokers and groups to brokers, each once, in the order of {@link names}. An unknown one is a `RangeError`. */
export function select(wanted: readonly string[]): readonly BrokerName[] {
  const found = new Set(wanted.flatMap((name) => groups[name] ?? [toBrokerName(name)]))
  return names.filter((name) => found.has(name))
}

/** The list of names that an environment variable holds: commas and blanks between them. */
export function splitNames(list: string | undefined): readonly string[] {
  return (list ?? '').split(/[\s,]+/u).filter(Boolean)
}

/** The environment variable that holds the URL of a broker: `ANYBROKER_TEST_RABBITMQ_4_URL`. */
export function urlVariable(name: BrokerName): string {
  return `ANYBROKER_TEST_${name.toUpperCase().replaceAll('-', '_')}_URL`
}

function toBrokerName(name: string): BrokerName {
  const known = names.find((candidate) => candidate === name)
  if (known !== undefined) return known
  throw new RangeError(`No broker "${name}". There are: ${[...names, ...Object.keys(groups)].join(', ')}`)
}
