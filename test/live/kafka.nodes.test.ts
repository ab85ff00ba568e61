import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'anybroker'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { up, urlVariable } from '../brokers/brokers.ts'
import { end } from '../brokers/process.ts'
import { readStates } from '../brokers/state.ts'

const asked = process.env[urlVariable('kafka-3-nodes')] ?? ''

describe.skipIf(asked === '')('three nodes of Kafka', () => {
  test(
    'the leader and coordinator killed while it flows: nothing confirmed is lost, and it goes on',
    { timeout: 240_000 },
    async () => {
      const own = await up('kafka-3-nodes', { for: 'own' })
      try {
        await using broker = await connect(
          `${own.url}/?namespace=n${process.pid}&sessionTimeoutMs=6000&heartbeatIntervalMs=250`,
        )
        const outages: string[] = []
        broker.on('disconnected', () => outages.push('disconnected'))
        const queue = broker.queue<number>('flows')
        await queue.open()
        const handled = new Map<number, number>()
        await using _worker = await queue.consume(({ body }) => void handled.set(body, (handled.get(body) ?? 0) + 1), {
          concurrency: 20,
        })
        const confirmed = new Map<number, number>()
        let unknown = 0
        let flows = true
        let next = 0
        const senders = Array.from({ length: 20 }, async () => {
          while (flows) {
            const body = next++
            const [outcome] = await Promise.allSettled([queue.send(body)])
            if (outcome.status === 'fulfilled') confirmed.set(body, performance.now())
            else unknown += 1
            await sleep(1)
          }
        })
        await sleep(3_000)
        const killed = performance.now()
        await killLeader(own.url, `n${process.pid}.q.flows`)
        await sleep(25_000)
        flows = false
        await Promise.all(senders)
        const first = [...confirmed.values()].filter((at) => at > killed + 1_000).toSorted((a, b) => a - b)[0] ?? 0
        await expect
          .poll(() => [...confirmed.keys()].filter((body) => !handled.has(body)).length, { timeout: 60_000 })
          .toBe(0)
        const duplicates = [...handled.values()].reduce((sum, times) => sum + times - 1, 0)
        const stood = Math.round(first - killed)
        console.log(
          `nodes: confirmed=${confirmed.size} lost=0 unknown=${unknown} dup=${duplicates} first after ${stood} ms, outages=${outages.length}`,
        )
        expect([...confirmed.values()].some((at) => at > killed + 15_000)).toBe(true)
        // Two nodes are left: no reason to take deliveries out of anybody's hands.
        expect(outages).toEqual([])
      } finally {
        await own.down()
      }
    },
  )
})

/** As a power cut would, the node that leads the first partition. */
async function killLeader(url: string, topic: string): Promise<void> {
  const brokers = url.replace('kafka://', '').split(',')
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  await admin.disconnect()
  const leader = topics[0]?.partitions[0]?.leader ?? 0
  const state = readStates().find(({ ports }) => brokers.every((one) => ports.includes(Number(one.split(':')[1]))))
  const node = state?.nodes[leader - 1]
  if (node === undefined) throw new Error('found no process of the leader')
  await end(node, { graceMs: 0 })
}
