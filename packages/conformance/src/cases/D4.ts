import assert from 'node:assert/strict'
import type { BrokerEvents, DeadLettered, Delivery } from 'anybroker'
import type { Case } from '../case.ts'
import { ack } from './kit/ack.ts'
import { cut } from './kit/cut.ts'
import { fill } from './kit/fill.ts'
import { aborted, gate } from './kit/gate.ts'
import { assertEach, assertExhausted } from './kit/grades.ts'
import { assertNoLetters, readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'
import { take } from './kit/take.ts'

/** Bodies that a copy may spoil. */
const STRANGE: readonly (readonly [string, Uint8Array])[] = [
  ['empty', new Uint8Array()],
  ['zeros', new Uint8Array(17)],
  ['every-byte', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
  ['not-utf-8', Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80)],
  ['a-byte-order-mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)],
  ['large', new Uint8Array(100_000).fill(0xa5)],
]

const HEADERS = {
  plain: 'value',
  empty: '',
  'Mixed-Case.and_dots': 'ä €  𝄞 \u202e \n\t "quoted"',
  json: '{"a":[1,2]}',
  long: 'x'.repeat(1_000),
}

export const cases: readonly Case[] = [
  {
    clause: 'D4',
    name: 'after maxAttempts a message is in the dead letters, once, untouched, with origin and reason',
    async run(t) {
      const name = t.name('dead')
      const queue = t.broker.queue<Uint8Array>(name, { codec: 'bytes', retry: quick })
      for (const [which, body] of STRANGE) await queue.send(body, { headers: { ...HEADERS, which } })
      const attempts = new Map<string, number[]>()
      const worker = await queue.consume(
        (delivery) => {
          const which = delivery.headers['which'] ?? 'none'
          attempts.set(which, [...(attempts.get(which) ?? []), delivery.attempt])
          throw new Error(`no use for ${which}`)
        },
        { concurrency: 3 },
      )
      await t.until('all dead', () => worker.stats.deadLettered >= STRANGE.length)
      await t.quiet()
      const letters = await readLetters(t, queue, STRANGE.length)
      for (const [which, body] of STRANGE) {
        assertExhausted(t, attempts.get(which) ?? [], quick.maxAttempts)
        const letter = letters.find((each) => each.headers['which'] === which)
        assert.ok(letter, `${which} is among the dead letters`)
        assert.deepEqual([...letter.bytes], [...body], `the body of ${which} is untouched`)
        assert.deepEqual({ ...letter.headers }, { ...HEADERS, which }, `the headers of ${which} are untouched`)
        assert.equal(letter.dead?.origin, name)
        assert.equal(letter.dead.reason, 'max-attempts')
        assert.match(letter.dead.error ?? '', new RegExp(`no use for ${which}`))
        assert.ok(letter.dead.attempts >= quick.maxAttempts, `${letter.dead.attempts} attempts`)
        assert.ok(Math.abs(letter.dead.at.getTime() - Date.now()) < 300_000, 'with the time')
      }
    },
  },
  {
    clause: 'D4',
    name: 'the fields of a message survive its death',
    async run(t) {
      const broker = await t.connect({ source: 'the-sender' })
      const queue = broker.queue<string>(t.name('fields'), { retry: { ...quick, maxAttempts: 1 } })
      const sent = await queue.send('body', {
        correlationId: 'c-1',
        contentType: 'text/x-strange; charset=utf-8',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      })
      const inbox = t.inbox<string>(() => {
        throw new Error('at once')
      })
      await queue.consume(inbox.handler)
      const [delivery] = await inbox.count(1)
      const [letter] = await readLetters(t, queue, 1)
      assert.ok(delivery && letter)
      assert.equal(letter.id, sent.id)
      for (const field of ['correlationId', 'contentType', 'traceparent', 'source', 'key', 'replyTo'] as const)
        assert.equal(letter[field], delivery[field], field)
      assert.equal(letter.sentAt.getTime(), delivery.sentAt.getTime())
      assert.equal(letter.source, 'the-sender')
      assertEach(t, inbox.bodies, ['body'], 'maxAttempts: 1 is one attempt')
    },
  },
  {
    clause: 'D4',
    name: 'a rejected message is dead at once, with the reason that was given, cut to 1 KiB',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('rejected'), { retry: quick })
      const reasons = new Map([
        ['short', 'no such customer'],
        ['long', `${'ä€'.repeat(2_000)}`],
        ['none', undefined],
      ])
      const inbox = t.inbox<string>(async (delivery) => {
        const reason = reasons.get(delivery.body)
        await delivery.reject(reason === undefined ? {} : { reason })
      })
      const worker = await queue.consume(inbox.handler)
      for (const body of reasons.keys()) await queue.send(body)
      await t.until('all dead', () => worker.stats.deadLettered >= 3)
      const letters = await readLetters(t, queue, 3)
      assertEach(t, inbox.bodies, [...reasons.keys()], 'no second delivery')
      const dead = (body: string) => letters.find((letter) => letter.body === body)?.dead
      for (const body of reasons.keys()) assert.equal(dead(body)?.reason, 'rejected', body)
      assert.equal(dead('short')?.error, 'no such customer')
      const cutTo = dead('long')?.error ?? ''
      assert.ok(cutTo.startsWith('ä€ä€') && cutTo.isWellFormed(), 'the beginning of a long reason')
      assert.ok(Buffer.byteLength(cutTo) <= 1_024, `${Buffer.byteLength(cutTo)} bytes`)
    },
  },
  {
    clause: 'D4',
    name: 'retryIf decides what is worth another attempt',
    async run(t) {
      const asked: (readonly [unknown, number])[] = []
      const queue = t.broker.queue<string>(t.name('retry-if'), {
        retry: {
          ...quick,
          retryIf: (error, attempt) => {
            asked.push([error, attempt])
            return error instanceof Error && error.message === 'passing'
          },
        },
      })
      const inbox = t.inbox<string>((delivery) => {
        if (delivery.body === 'for good') throw new Error('for good')
        if (inbox.bodies.filter((body) => body === 'passing').length === 1) throw new Error('passing')
      })
      const worker = await queue.consume(inbox.handler)
      await queue.sendAll([{ body: 'for good' }, { body: 'passing' }])
      await t.until('both settled', () => worker.stats.deadLettered >= 1 && worker.stats.acked >= 1)
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.body, 'for good')
      assert.match(letter.dead?.error ?? '', /for good/)
      assertEach(t, inbox.bodies, ['for good', 'passing', 'passing'], 'one was tried once, the other twice')
      assert.ok(inbox.bodies.filter((body) => body === 'passing').length >= 2, 'what is passing was tried again')
      assert.ok(asked.length >= 2 && asked.every(([error]) => error instanceof Error), 'asked about what was thrown')
    },
  },
  {
    clause: 'D4',
    name: 'exhausted: drop drops after the last attempt, counted, with an event, and no dead letter',
    async run(t) {
      const name = t.name('drop')
      const queue = t.broker.queue<string>(name, { retry: { ...quick, exhausted: 'drop' } })
      const told: BrokerEvents['dropped'][] = []
      t.broker.on('dropped', (facts) => told.push(facts))
      const attempts = new Map<string, number[]>()
      const worker = await queue.consume((delivery) => {
        attempts.set(delivery.body, [...(attempts.get(delivery.body) ?? []), delivery.attempt])
        throw new Error(`fails: ${delivery.body}`)
      })
      const sent = await queue.sendAll([{ body: 'a' }, { body: 'b' }])
      await t.until('both dropped', () => sent.every(({ id }) => told.some((facts) => facts.id === id)))
      // What the service repeats may be dropped at any time from here on: what belongs together is looked at in one turn.
      assert.equal(worker.stats.dropped, told.length)
      assert.equal(worker.stats.deadLettered, 0)
      const dropped = [...told]
      assert.deepEqual(
        dropped.map(({ count }) => count),
        dropped.map((_, index) => index + 1),
      )
      assertEach(
        t,
        dropped.map(({ id }) => id),
        sent.map(({ id }) => id),
        'each was told',
      )
      for (const { source, error } of dropped) {
        assert.equal(source, name)
        assert.ok(error instanceof Error && error.message.startsWith('fails: '), 'with what was thrown')
      }
      for (const body of ['a', 'b']) assertExhausted(t, attempts.get(body) ?? [], quick.maxAttempts)
      await assertNoLetters(t, queue)
    },
  },
  {
    clause: 'D4',
    name: 'a subscription has dead letters of its own',
    async run(t) {
      const topic = t.broker.topic<string>(t.name('own'))
      const failing = await topic.durableSubscription('failing', { retry: quick })
      const calm = await topic.durableSubscription('calm', { retry: quick })
      const letters: DeadLettered[] = []
      const inbox = t.inbox<string>()
      await failing.consume(
        () => {
          throw new Error('not here')
        },
        { onDeadLetter: (letter) => letters.push(letter) },
      )
      await calm.consume(inbox.handler)
      await topic.publish('for both')
      await t.until('it died here', () => letters.length >= 1)
      await inbox.count(1)
      const [letter] = await readLetters(t, failing, 1)
      assert.equal(letter?.dead?.origin, `${topic.name}/failing`)
      assert.equal(letter.body, 'for both')
      await assertNoLetters(t, calm)
      assertEach(t, inbox.bodies, ['for both'], 'the other got its own, once')
    },
  },
  {
    clause: 'D4',
    name: 'a full broker costs no dead letter: what cannot be written stays in hand, and is told of',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const name = t.name('no-room')
      const broker = await t.connect({ sendTimeoutMs: 800 })
      const told: BrokerEvents['deadLetterFailed'][] = []
      broker.on('deadLetterFailed', (facts) => told.push(facts))
      const queue = broker.queue<string>(name, { retry: quick })
      const sent = await queue.send('dies', { headers: { of: 'dies' } })
      const deliveries = queue.receive()[Symbol.asyncIterator]()
      const delivery = await take(t, deliveries)
      const drain = await fill(t)
      let settled = false
      const rejecting = delivery.reject({ reason: 'in bad times' }).finally(() => {
        settled = true
      })
      // Awaited below; this only keeps an early failure from being an unhandled rejection.
      rejecting.catch(() => {})
      // A broker may keep room for dead letters. Where it does not, the reject waits for its copy.
      await t.until('it is written, or the failure is told', () => settled || told.length > 0, 10_000)
      for (const { id, source } of told) assert.deepEqual([id, source], [sent.id, name])
      assert.notEqual(settled, told.length > 0, 'no reject without its copy')
      await drain()
      await t.within(rejecting, 'the reject, at the latest when there is room', 30_000)

      // A copy whose outcome was unknown was sent again: it may be there twice, and never less than once.
      const letters: Delivery<string | undefined>[] = []
      await t.until('it is a dead letter', async () => {
        for await (const letter of queue.deadLetters.receive({ untilEmpty: true })) {
          if (await ack(t, letter)) letters.push(letter)
        }
        return letters.length > 0
      })
      for (const letter of letters) {
        assert.equal(letter.id, sent.id)
        assert.equal(letter.body, 'dies')
        assert.deepEqual({ ...letter.headers }, { of: 'dies' })
        assert.equal(letter.dead?.error, 'in bad times')
      }
    },
  },
  {
    clause: 'D4',
    name: 'a message that loses its consumer each time gets there too, and takes no neighbour with it',
    needs: ['breakConnection'],
    timeoutMs: 90_000,
    async run(t) {
      const maxAttempts = 3
      const queue = t.broker.queue<string>(t.name('fatal'), { retry: { ...quick, maxAttempts } })
      const neighbours = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']
      await queue.sendAll(['n1', 'n2', 'n3', 'fatal', 'n4', 'n5', 'n6'].map((body) => ({ body })))
      const enough = gate(t)
      const inbox = t.inbox<string>(async (delivery) => {
        if (delivery.body !== 'fatal') return
        await Promise.race([aborted(delivery.signal), enough.opened])
        throw new Error('the consumer went with it')
      })
      const calls = () => inbox.bodies.filter((body) => body === 'fatal').length
      const worker = await queue.consume(inbox.handler, { concurrency: 1, leaseMs: 1_000 })
      for (let cuts = 0; cuts < maxAttempts; cuts += 1) {
        await t.until(`delivery ${cuts + 1} of the fatal one`, () => calls() > cuts, 20_000)
        if (!(await cut(t, t.broker))) break
      }
      // Where crashes go uncounted, or there was no session to lose, it fails in the ordinary way from here on.
      enough.open()
      await t.until('it is dead', () => worker.stats.deadLettered >= 1, 20_000)
      await t.until('the neighbours are done', () => neighbours.every((body) => inbox.bodies.includes(body)), 20_000)
      if (t.capabilities.D3.attempt === 'exact') assert.ok(calls() <= maxAttempts, `handed out ${calls()} times`)
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.body, 'fatal')
      assert.ok(
        ['crashed', 'max-attempts', 'broker'].includes(letter.dead?.reason ?? 'none'),
        `the reason is ${letter.dead?.reason}`,
      )
    },
  },
  {
    clause: 'D4',
    name: 'a crash loop longer than the slack ends with the guilty one dead, and it alone',
    needs: ['breakConnection'],
    timeoutMs: 180_000,
    when: ({ capabilities }) =>
      capabilities.D3.attempt === 'ceiling' || 'only with a ceiling are neighbours counted, and is there slack',
    async run(t) {
      const maxAttempts = 2
      const queue = t.broker.queue<string>(t.name('crash-loop'), { retry: { ...quick, maxAttempts } })
      const neighbours = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9']
      const fatal = 'fatal'
      await queue.sendAll(neighbours.toSpliced(4, 0, fatal).map((body) => ({ body })))
      let runs = 0
      const beside: string[] = []
      const running = new Set<string>()
      const inbox = t.inbox<string>(async (delivery) => {
        running.add(delivery.body)
        try {
          if (delivery.body !== fatal) return
          runs += 1
          if (delivery.attempt > maxAttempts) beside.push(...[...running].filter((body) => body !== fatal))
          await aborted(delivery.signal)
          throw new Error('the consumer went with it')
        } finally {
          running.delete(delivery.body)
        }
      })
      const worker = await queue.consume(inbox.handler, { concurrency: 1, maxUnsettled: 20, leaseMs: 1_000 })
      const over = () => worker.stats.deadLettered > 0
      for (let crashes = 0; !over(); crashes += 1) {
        await t.until(`run ${crashes + 1} of the fatal one, or its end`, () => runs > crashes || over(), 20_000)
        if (over()) break
        assert.ok(crashes <= maxAttempts + (t.capabilities.D3.slack ?? 0), `it ran ${runs} times`)
        if (!(await cut(t, t.broker))) return
      }
      await t.until('the neighbours are done', () => neighbours.every((body) => inbox.bodies.includes(body)), 20_000)
      assert.deepEqual(beside, [], 'above maxAttempts it ran alone')
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.body, fatal)
      assert.equal(letter.dead?.reason, 'crashed')
    },
  },
  {
    clause: 'D4',
    name: 'a message that kills its process each time is dead after maxAttempts',
    needs: ['spawn'],
    timeoutMs: 120_000,
    when: ({ capabilities }) =>
      capabilities.D3.attempt !== 'floor' || 'D3 is a floor: a crash may go uncounted, for ever',
    async run(t) {
      const { spawn } = t.harness
      assert.ok(spawn)
      const maxAttempts = 3
      const name = t.name('kills')
      const queue = t.broker.queue<string>(name, { retry: { ...quick, maxAttempts } })
      const sent = await queue.send('kills')
      for (let deaths = 0; deaths < maxAttempts; deaths += 1) {
        const child = await spawn.call(t.harness, { source: { queue: name }, handler: 'hang' })
        t.after(() => child.kill())
        await t.until('a handler has begun', async () => (await child.received()).length > 0, 40_000)
        await child.kill()
      }
      // From here on its neighbours stand beside it, and this process must not be killed to see them flow.
      const neighbours = ['n1', 'n2', 'n3', 'n4', 'n5']
      await queue.sendAll(neighbours.map((body) => ({ body })))
      const inbox = t.inbox<string>((delivery) => {
        if (delivery.body === 'kills') throw new Error('would have killed')
      })
      const worker = await queue.consume(inbox.handler)
      await t.until('the neighbours flow', () => neighbours.every((body) => inbox.bodies.includes(body)), 40_000)
      await t.until('it is dead', () => worker.stats.deadLettered >= 1, 40_000)
      if (t.capabilities.D3.attempt === 'exact')
        assert.ok(!inbox.bodies.includes('kills'), 'it used up its attempts before')
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.id, sent.id)
      assert.equal(letter.body, 'kills')
    },
  },
]
