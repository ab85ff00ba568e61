import assert from 'node:assert/strict'
import type { Filter, SubscriptionOptions } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { assertEach } from './kit/grades.ts'
import { assertNoLetters } from './kit/letters.ts'
import { whenAll, whenNone } from '../when.ts'

type Given = Readonly<Record<string, string>>

/** Messages by their bodies: which headers each has, and whether the filter keeps it. */
type Messages = Readonly<Record<string, { readonly headers?: Given; readonly kept: boolean }>>

async function publish(t: Context, topicName: string, messages: Messages): Promise<void> {
  const outgoing = Object.entries(messages).map(([body, { headers }]) => ({
    body,
    ...(headers === undefined ? {} : { headers }),
  }))
  await t.broker.topic<string>(topicName).publishAll(outgoing)
}

function keptOf(messages: Messages): readonly string[] {
  return Object.keys(messages).filter((body) => messages[body]?.kept)
}

/**
 * Publishes messages past a filtered and an open durable subscription. The open one proves that all of them arrived somewhere, the
 * filtered one keeps exactly what it should, and what it does not keep is no dead letter either.
 */
async function keeps(t: Context, filter: Filter, messages: Messages): Promise<void> {
  const topic = t.broker.topic<string>(t.name())
  const filtered = await topic.durableSubscription(t.name('filtered'), { filter })
  const open = await topic.durableSubscription(t.name('open'))
  const some = t.inbox<string>()
  const all = t.inbox<string>()
  await filtered.consume(some.handler)
  await open.consume(all.handler)
  await publish(t, topic.name, messages)
  const everything = Object.keys(messages)
  await t.until('the open subscription sees all', () => everything.every((body) => all.bodies.includes(body)))
  const kept = keptOf(messages)
  await t.until('the filtered one sees what it keeps', () => kept.every((body) => some.bodies.includes(body)))
  await t.quiet()
  assertEach(t, some.bodies, kept, `what the filter ${JSON.stringify(filter)} keeps`)
  await assertNoLetters(t, filtered)
}

/** That another filter for a subscription that exists is a conflict which names what differs. */
async function isIdentity(t: Context, filter: Filter, other: Filter): Promise<void> {
  const name = t.name()
  const topic = t.broker.topic<string>(t.name())
  await topic.durableSubscription(name, { filter })
  const elsewhere = (await t.connect()).topic<string>(topic.name)
  await elsewhere.durableSubscription(name, { filter })
  const error = await t.rejects(elsewhere.durableSubscription(name, { filter: other }), 'CONFLICT')
  assert.match(error.message, /filter/)
}

async function unsupported(t: Context, filter: Filter): Promise<void> {
  const topic = t.broker.topic<string>(t.name())
  await t.rejects(topic.durableSubscription(t.name(), { filter }), 'UNSUPPORTED')
}

export const cases: readonly Case[] = [
  {
    clause: 'R3.equals',
    name: 'equals keeps what has exactly that value',
    run: (t) =>
      keeps(
        t,
        { kind: 'invoice' },
        {
          same: { headers: { kind: 'invoice' }, kept: true },
          'same, and more': { headers: { kind: 'invoice', region: 'eu' }, kept: true },
          longer: { headers: { kind: 'invoices' }, kept: false },
          shorter: { headers: { kind: 'invoic' }, kept: false },
          capitalised: { headers: { kind: 'Invoice' }, kept: false },
          padded: { headers: { kind: ' invoice' }, kept: false },
          empty: { headers: { kind: '' }, kept: false },
          'another header': { headers: { sort: 'invoice' }, kept: false },
          'no headers': { kept: false },
        },
      ),
  },
  {
    clause: 'R3.equals',
    name: 'equals compares text: an empty value, a number, a wildcard and an emoji are only themselves',
    run: async (t) => {
      await keeps(
        t,
        { n: '5' },
        { five: { headers: { n: '5' }, kept: true }, zero: { headers: { n: '05' }, kept: false } },
      )
      await keeps(
        t,
        { e: '' },
        { empty: { headers: { e: '' }, kept: true }, none: { kept: false }, x: { headers: { e: 'x' }, kept: false } },
      )
      await keeps(
        t,
        { w: 'a*' },
        { star: { headers: { w: 'a*' }, kept: true }, ab: { headers: { w: 'ab' }, kept: false } },
      )
      await keeps(
        t,
        { 'u.x_-1': '"😀\'' },
        { smile: { headers: { 'u.x_-1': '"😀\'' }, kept: true }, ab: { headers: { 'u.x_-1': '😀' }, kept: false } },
      )
    },
  },
  {
    clause: 'R3.equals',
    name: 'all entries of a filter must match',
    run: (t) =>
      keeps(
        t,
        { kind: 'invoice', region: 'eu', tenant: 'acme' },
        {
          all: { headers: { kind: 'invoice', region: 'eu', tenant: 'acme' }, kept: true },
          'one is other': { headers: { kind: 'invoice', region: 'us', tenant: 'acme' }, kept: false },
          'one is missing': { headers: { kind: 'invoice', region: 'eu' }, kept: false },
          none: { kept: false },
        },
      ),
  },
  {
    clause: 'R3.equals',
    name: 'an ephemeral subscription filters too',
    when: whenAll('R3.equals', 'E1'),
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const some = t.inbox<string>()
      const all = t.inbox<string>()
      await topic.subscribe(some.handler, { filter: { kind: 'invoice' } })
      await topic.subscribe(all.handler)
      await topic.publish('left', { headers: { kind: 'order' } })
      await topic.publish('kept', { headers: { kind: 'invoice' } })
      await t.until('both come', () => all.bodies.includes('left') && all.bodies.includes('kept'))
      await t.until('the one comes', () => some.bodies.includes('kept'))
      await t.quiet()
      assertEach(t, some.bodies, ['kept'], 'what the filter keeps')
    },
  },
  {
    clause: 'R3.equals',
    name: 'the filter holds while nobody consumes, and names that objects inherit are headers like others',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const filtered = await topic.durableSubscription(t.name(), {
        filter: { constructor: 'c', toString: 't' } as Given,
      })
      await topic.publish('none')
      await topic.publish('one', { headers: { constructor: 'c' } as Given })
      await topic.publish('both', { headers: { constructor: 'c', toString: 't' } as Given })
      const inbox = t.inbox<string>()
      await filtered.consume(inbox.handler)
      await t.until('the one comes', () => inbox.bodies.includes('both'))
      await t.quiet()
      assertEach(t, inbox.bodies, ['both'], 'what the filter keeps')
    },
  },
  {
    clause: 'R3.equals',
    name: 'the filter is identity: another one is CONFLICT, the same again is not',
    run: (t) => isIdentity(t, { kind: 'invoice', region: 'eu' }, { kind: 'invoice' }),
  },
  {
    clause: 'R3.equals',
    name: 'where the broker filters, the subscription does not even count what does not match',
    when: ({ capabilities }) =>
      capabilities['R3.equals'].grade !== 'native'
        ? `R3.equals is graded ${capabilities['R3.equals'].grade}`
        : capabilities['A2.exact'].grade !== 'none' || 'A2.exact is graded none',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const filtered = await topic.durableSubscription(t.name(), { filter: { kind: 'invoice' } })
      await topic.publish('left', { headers: { kind: 'order' } })
      await topic.publish('kept', { headers: { kind: 'invoice' } })
      await t.until('one is counted', async () => (await filtered.depth()).ready >= 1)
      await t.quiet()
      assert.equal((await filtered.depth()).ready, 1)
    },
  },
  {
    clause: 'R3.equals',
    name: 'filters that are none are TypeErrors',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const wrong: readonly unknown[] = [
        null,
        'kind=invoice',
        [['kind', 'invoice']],
        { kind: 1 },
        { kind: null },
        { kind: undefined },
        { kind: [] },
        { kind: ['a', 1] },
        { kind: {} },
        { kind: { prefix: 1 } },
        { kind: { exists: 'yes' } },
        { kind: { suffix: 'x' } },
        { kind: { prefix: 'a', exists: true } },
        { kind: '\uD800' },
        { 'not a header': 'a' },
        { 'ab-id': 'a' },
        Object.fromEntries([['__proto__', 'a']]),
      ]
      for (const filter of wrong)
        await t.rejects(topic.durableSubscription(t.name(), { filter } as SubscriptionOptions), 'TypeError')
    },
  },
  {
    clause: 'R3.equals',
    name: 'where it is none, equals is UNSUPPORTED',
    when: whenNone('R3.equals'),
    run: (t) => unsupported(t, { kind: 'invoice' }),
  },
  {
    clause: 'R3.anyOf',
    name: 'any of keeps what has one of the values, exactly',
    run: (t) =>
      keeps(
        t,
        { region: ['eu', 'us', ''] },
        {
          first: { headers: { region: 'eu' }, kept: true },
          second: { headers: { region: 'us' }, kept: true },
          empty: { headers: { region: '' }, kept: true },
          third: { headers: { region: 'ap' }, kept: false },
          longer: { headers: { region: 'eu-west' }, kept: false },
          joined: { headers: { region: 'eu,us' }, kept: false },
          capitalised: { headers: { region: 'EU' }, kept: false },
          none: { kept: false },
        },
      ),
  },
  {
    clause: 'R3.anyOf',
    name: 'any of one value is that value',
    run: (t) =>
      keeps(
        t,
        { region: ['eu'] },
        { same: { headers: { region: 'eu' }, kept: true }, other: { headers: { region: 'us' }, kept: false } },
      ),
  },
  {
    clause: 'R3.anyOf',
    name: 'any of on two headers matches where both match, and keeps one copy',
    run: (t) =>
      keeps(
        t,
        { kind: ['a', 'b'], region: ['eu', 'us'] },
        {
          'a eu': { headers: { kind: 'a', region: 'eu' }, kept: true },
          'b us': { headers: { kind: 'b', region: 'us' }, kept: true },
          'a ap': { headers: { kind: 'a', region: 'ap' }, kept: false },
          'c eu': { headers: { kind: 'c', region: 'eu' }, kept: false },
          'a alone': { headers: { kind: 'a' }, kept: false },
        },
      ),
  },
  {
    clause: 'R3.anyOf',
    name: 'the list is identity, its order is not',
    run: async (t) => {
      await isIdentity(t, { region: ['eu', 'us'] }, { region: ['eu'] })
      const name = t.name()
      const topic = t.broker.topic<string>(t.name())
      await topic.durableSubscription(name, { filter: { region: ['eu', 'us'] } })
      const elsewhere = (await t.connect()).topic<string>(topic.name)
      await elsewhere.durableSubscription(name, { filter: { region: ['us', 'eu'] } })
    },
  },
  {
    clause: 'R3.anyOf',
    name: 'where it is none, any of is UNSUPPORTED',
    when: whenNone('R3.anyOf'),
    run: (t) => unsupported(t, { region: ['eu', 'us'] }),
  },
  {
    clause: 'R3.prefix',
    name: 'prefix keeps what begins so, the prefix itself included',
    run: (t) =>
      keeps(
        t,
        { region: { prefix: 'eu-' } },
        {
          longer: { headers: { region: 'eu-west' }, kept: true },
          itself: { headers: { region: 'eu-' }, kept: true },
          shorter: { headers: { region: 'eu' }, kept: false },
          inside: { headers: { region: 'x-eu-west' }, kept: false },
          capitalised: { headers: { region: 'EU-west' }, kept: false },
          empty: { headers: { region: '' }, kept: false },
          none: { kept: false },
        },
      ),
  },
  {
    clause: 'R3.prefix',
    name: 'a prefix is text: wildcards, quotes and emoji are only themselves',
    run: async (t) => {
      await keeps(
        t,
        { p: { prefix: 'a.*' } },
        { dot: { headers: { p: 'a.*b' }, kept: true }, any: { headers: { p: 'axyz' }, kept: false } },
      )
      await keeps(
        t,
        { p: { prefix: '%_#' } },
        { sql: { headers: { p: '%_#' }, kept: true }, any: { headers: { p: 'abc' }, kept: false } },
      )
      await keeps(
        t,
        { p: { prefix: '😀"' } },
        { smile: { headers: { p: '😀"x' }, kept: true }, any: { headers: { p: '😀' }, kept: false } },
      )
    },
  },
  {
    clause: 'R3.prefix',
    name: 'prefix joins with equals: both must match',
    when: whenAll('R3.prefix', 'R3.equals'),
    run: (t) =>
      keeps(
        t,
        { region: { prefix: 'eu' }, kind: 'invoice' },
        {
          both: { headers: { region: 'eu-west', kind: 'invoice' }, kept: true },
          'prefix alone': { headers: { region: 'eu-west', kind: 'order' }, kept: false },
          'equals alone': { headers: { region: 'us', kind: 'invoice' }, kept: false },
        },
      ),
  },
  {
    clause: 'R3.prefix',
    name: 'the prefix is identity, and is not the value',
    run: (t) => isIdentity(t, { region: { prefix: 'eu' } }, { region: 'eu' }),
  },
  {
    clause: 'R3.prefix',
    name: 'where it is none, prefix is UNSUPPORTED',
    when: whenNone('R3.prefix'),
    run: (t) => unsupported(t, { region: { prefix: 'eu' } }),
  },
  {
    clause: 'R3.exists',
    name: 'exists: true keeps what has the header, whatever its value',
    run: (t) =>
      keeps(
        t,
        { urgent: { exists: true } },
        {
          value: { headers: { urgent: 'yes' }, kept: true },
          empty: { headers: { urgent: '' }, kept: true },
          false: { headers: { urgent: 'false' }, kept: true },
          'another header': { headers: { urgently: 'yes' }, kept: false },
          none: { kept: false },
        },
      ),
  },
  {
    clause: 'R3.exists',
    name: 'exists: false keeps what has not',
    run: (t) =>
      keeps(
        t,
        { urgent: { exists: false } },
        {
          none: { kept: true },
          'another header': { headers: { urgently: 'yes' }, kept: true },
          value: { headers: { urgent: 'yes' }, kept: false },
          empty: { headers: { urgent: '' }, kept: false },
        },
      ),
  },
  {
    clause: 'R3.exists',
    name: 'exists joins with the other operators: all must match',
    when: whenAll('R3.exists', 'R3.anyOf', 'R3.prefix', 'R3.equals'),
    run: (t) =>
      keeps(
        t,
        {
          urgent: { exists: true },
          test: { exists: false },
          kind: ['a', 'b'],
          region: { prefix: 'eu' },
          tenant: 'acme',
        },
        {
          all: { headers: { urgent: '', kind: 'b', region: 'eu', tenant: 'acme' }, kept: true },
          'one too many': { headers: { urgent: '', test: '', kind: 'b', region: 'eu', tenant: 'acme' }, kept: false },
          'one missing': { headers: { kind: 'b', region: 'eu', tenant: 'acme' }, kept: false },
          'another kind': { headers: { urgent: '', kind: 'c', region: 'eu', tenant: 'acme' }, kept: false },
          'another region': { headers: { urgent: '', kind: 'b', region: 'us', tenant: 'acme' }, kept: false },
          'another tenant': { headers: { urgent: '', kind: 'b', region: 'eu', tenant: 'umbrella' }, kept: false },
        },
      ),
  },
  {
    clause: 'R3.exists',
    name: 'exists is identity: true is not false',
    run: (t) => isIdentity(t, { urgent: { exists: true } }, { urgent: { exists: false } }),
  },
  {
    clause: 'R3.exists',
    name: 'where it is none, exists is UNSUPPORTED',
    when: whenNone('R3.exists'),
    run: (t) => unsupported(t, { urgent: { exists: true } }),
  },
]
