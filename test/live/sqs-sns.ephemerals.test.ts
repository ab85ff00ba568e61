import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ListSubscriptionsCommand, SNSClient } from '@aws-sdk/client-sns'
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Connection, Runtime, SubscriptionRef, TopicRef } from '@anybroker/driver'
import { sqsSns } from '@anybroker/sqs-sns'
import { afterAll, describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'
import { asAws } from './sqs-sns.environment.ts'

const engines = ['fauxqs', 'localstack'] as const
const signal = new AbortController().signal

/** A process whose clocks can be set on. */
interface Clock {
  readonly runtime: Runtime
  advance(seconds: number): void
}

function clock(): Clock {
  let aheadMs = 0
  return {
    advance: (seconds) => {
      aheadMs += seconds * 1_000
    },
    runtime: {
      now: () => performance.now() + aheadMs,
      wallNow: () => Date.now() + aheadMs,
      timer: (delayMs, run) => {
        const armed = setTimeout(run, delayMs)
        return () => clearTimeout(armed)
      },
      sleep: (delayMs, given) => sleep(delayMs, undefined, given === undefined ? {} : { signal: given }),
      random: () => 0,
      id: () => randomUUID(),
      log: () => undefined,
    },
  }
}

for (const engine of engines) {
  const url = process.env[urlVariable(engine)] ?? ''
  describe.skipIf(url === '')(`ephemeral subscriptions of the dead, on ${engine}`, () => {
    const namespace = `e${process.pid}`
    const topic: TopicRef = { kind: 'topic', name: 'news', ordering: 'none' }
    const sqs = new SQSClient({ endpoint: url })
    const sns = new SNSClient({ endpoint: url })
    const open: Connection[] = []
    const started = async (): Promise<Clock & { readonly connection: Connection }> => {
      const own = clock()
      const driver = asAws(url, () => sqsSns({ namespace, readyMs: 0 }))
      const connection = await driver.connect(own.runtime, signal)
      open.push(connection)
      return { ...own, connection }
    }
    const named = (name: string): SubscriptionRef => ({
      kind: 'subscription',
      topic: 'news',
      name,
      ordering: 'none',
      durability: 'ephemeral',
    })
    const left = async () => {
      const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: `${namespace}_-` }))
      const { Subscriptions = [] } = await sns.send(new ListSubscriptionsCommand({}))
      const endpoints = Subscriptions.map(({ Endpoint = '' }) => Endpoint)
      return [...QueueUrls.map((each) => `queue ${each}`), ...endpoints].filter((each) =>
        each.includes(`${namespace}_-`),
      )
    }
    afterAll(async () => {
      for (const connection of open) {
        await connection.topology.delete(topic, signal)
        await connection.close(signal)
      }
      sqs.destroy()
      sns.destroy()
    })

    test('are removed by others, with their inboxes, and those of the living never are', async () => {
      const owner = await started()
      const reaper = await started()
      await owner.connection.topology.ensure(topic, {}, signal)
      await owner.connection.topology.ensure(named('one'), {}, signal)
      const inbox = await owner.connection.openReceiver({ kind: 'inbox' }, { maxUnsettled: 1, leaseMs: 30_000 }, signal)
      const there = await left()
      expect(there).toHaveLength(3)

      // Overdue at the first look, and again at the second: but its tag has changed, so it lives, whatever the clocks say.
      reaper.advance(400)
      await reaper.connection.maintain?.(signal)
      owner.advance(70)
      await owner.connection.maintain?.(signal)
      for (const round of [1, 2, 3]) {
        reaper.advance(330)
        await reaper.connection.maintain?.(signal)
        expect(await left(), `after look ${round}`).toEqual(there)
        owner.advance(70)
        await owner.connection.maintain?.(signal)
      }

      // Its process is dead from here on: two looks, and nothing is left.
      reaper.advance(330)
      await reaper.connection.maintain?.(signal)
      reaper.advance(330)
      await reaper.connection.maintain?.(signal)
      expect(await left()).toEqual([])

      // An owner that only slept: its receiver ends so that it is opened anew, and what it tags is gone without an error.
      owner.advance(70)
      await owner.connection.maintain?.(signal)
      await expect(inbox.receive(1, { waitMs: 5_000, signal })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        retryable: true,
      })
      expect(await owner.connection.topology.ensure(named('one'), {}, signal)).toEqual({ as: 'created' })
      await owner.connection.topology.delete(named('one'), signal)
      expect(await left()).toEqual([])
    })
  })
}
