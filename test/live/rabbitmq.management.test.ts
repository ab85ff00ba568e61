import { inspect } from 'node:util'
import { connect } from 'anybroker'
import { describe, expect, test } from 'vitest'
import { up, urlVariable } from '../brokers/brokers.ts'

const CANARY = 'CANARY-e5a1'

for (const name of ['rabbitmq-4', 'rabbitmq-3'] as const) {
  const url = process.env[urlVariable(name)] ?? ''
  const management = url === '' ? undefined : (await up(name)).management

  // Of a broker that only its URL is known of, or of Docker's, nobody knows where its management API is.
  describe.skipIf(management === undefined)(`the management API of ${name}`, () => {
    const at = (by: string): string => {
      const own = new URL(url)
      own.searchParams.set('namespace', `m${process.pid}`)
      own.searchParams.set('management', by)
      return own.href
    }

    test('refuses a wrong password where it is used, without showing it', async () => {
      const wrong = new URL(management ?? '')
      wrong.username = 'guest'
      wrong.password = CANARY
      await using broker = await connect(at(wrong.href))
      const [outcome] = await Promise.allSettled([broker.list()])
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UNAUTHORIZED' } })
      expect(inspect(outcome, { depth: 9, showHidden: true })).not.toContain(CANARY)
    })

    test('lists long names as they were given', async () => {
      await using broker = await connect(at(management ?? ''))
      const long = `l${'o'.repeat(62)}g`
      const topic = broker.topic(long, { ordering: 'key' })
      await topic.durableSubscription(`${long.slice(0, -1)}r`)
      const listed = await broker.list()
      expect(listed).toContainEqual({ kind: 'topic', name: long, ordering: 'key' })
      expect(listed).toContainEqual({
        kind: 'subscription',
        topic: long,
        name: `${long.slice(0, -1)}r`,
        ordering: 'key',
        durability: 'durable',
      })
      await topic.delete()
      expect(await broker.list()).toEqual([])
    })
  })
}
