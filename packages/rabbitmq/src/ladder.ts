/** Seconds of a rung: 1, 2, 4, … 2^22, which is 48 days. */
export const RUNGS: readonly number[] = Object.freeze(Array.from({ length: 23 }, (_, power) => 2 ** power))

/**
 * The rung that a delay waits on: the longest that is not longer, so that nothing is late by more than what is left when it comes
 * back. Below a second the shortest.
 */
export function rungOf(delayMs: number): number {
  return RUNGS.findLast((seconds) => seconds * 1000 <= delayMs) ?? 1
}

export function rungName(namespace: string, seconds: number): string {
  return `${namespace}.ladder.${seconds}`
}

/** What `rabbitmqctl import_definitions` reads. */
export interface Definitions {
  readonly exchanges: readonly Readonly<Record<string, unknown>>[]
  readonly queues: readonly Readonly<Record<string, unknown>>[]
  readonly bindings: readonly Readonly<Record<string, unknown>>[]
}

/**
 * The delay ladder of a namespace, for an operator to make once: with it, processes that may configure nothing can delay sends and
 * retries beyond what is held in hand. 23 pairs of a fanout exchange and a quorum queue, `<namespace>.ladder.<seconds>`.
 *
 * @example Make it, then let services run with `configure=^$`
 * ```ts
 * await writeFile('ladder.json', JSON.stringify(ladderDefinitions('shop')))   // rabbitmqctl import_definitions ladder.json
 * ```
 */
export function ladderDefinitions(namespace: string = 'ab', vhost: string = '/'): Definitions {
  const names = RUNGS.map((seconds) => rungName(namespace, seconds))
  return {
    exchanges: names.map((name) => ({
      name,
      vhost,
      type: 'fanout',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    })),
    queues: names.map((name, index) => ({
      name,
      vhost,
      durable: true,
      auto_delete: false,
      arguments: {
        'x-queue-type': 'quorum',
        'x-message-ttl': (RUNGS[index] ?? 1) * 1000,
        // By the name of the queue, which a message keeps as its routing key.
        'x-dead-letter-exchange': '',
      },
    })),
    bindings: names.map((name) => ({
      source: name,
      vhost,
      destination: name,
      destination_type: 'queue',
      routing_key: '',
      arguments: {},
    })),
  }
}
