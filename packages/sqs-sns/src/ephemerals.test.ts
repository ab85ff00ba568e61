import { expect, test } from 'vitest'
import { scripted, type Asked } from '../test/scripted.ts'
import { Ephemerals } from './ephemerals.ts'

const signal = new AbortController().signal
const url = (name: string) => `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`
const LOOK_MS = 300_000
const denied = Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } })

/** So many of others are there, all of them overdue. */
function setUp(others: number, more: (asked: Asked) => unknown = () => ({})) {
  const names = Array.from({ length: others }, (_, index) => `ab_-e_-t_-${index}`)
  const service = scripted((asked) => {
    if (asked.action === 'ListQueueTags') return { Tags: { 'ab:alive-until': '1', 'ab:subscription': 'arn:of-it' } }
    if (asked.action !== 'ListQueues' || asked.input['QueueNamePrefix'] !== 'ab_-e_-') return more(asked)
    return { QueueUrls: names.map(url) }
  })
  const ephemerals = new Ephemerals(service.session)
  const look = async () => {
    service.advance(LOOK_MS)
    service.asked.length = 0
    await ephemerals.maintain(signal)
    return service.asked.map(({ action }) => action)
  }
  const count = (actions: readonly string[], action: string) => actions.filter((each) => each === action).length
  return { ...service, ephemerals, look, count }
}

test('what is overdue in two looks is unsubscribed and then deleted', async () => {
  const { look, count } = setUp(2)
  const first = await look()
  expect([count(first, 'ListQueueTags'), count(first, 'DeleteQueue')]).toEqual([2, 0])
  const second = await look()
  expect(second.slice(2)).toEqual([
    'ListQueueTags',
    'Unsubscribe',
    'DeleteQueue',
    'ListQueueTags',
    'Unsubscribe',
    'DeleteQueue',
  ])
})

test('one look takes fifty, and those that were suspects besides', async () => {
  const { look, count } = setUp(200)
  expect(count(await look(), 'ListQueueTags')).toBe(50)
  const second = await look()
  expect(count(second, 'ListQueueTags')).toBe(100)
  expect(count(second, 'DeleteQueue')).toBe(50)
})

test('its own are never looked at, and tagged anew each minute', async () => {
  const { ephemerals, look, count, asked, advance } = setUp(1)
  ephemerals.add('ab_-e_-t_-0', url('ab_-e_-t_-0'))
  expect(await look()).toEqual(['TagQueue', 'ListQueues', 'ListQueues'])
  asked.length = 0
  advance(59_000)
  await ephemerals.maintain(signal)
  expect(asked).toEqual([])
  advance(1_000)
  await ephemerals.maintain(signal)
  expect(
    count(
      asked.map(({ action }) => action),
      'TagQueue',
    ),
  ).toBe(1)
})

test('who may not look, looks no more; a tag that can not be written is told', async () => {
  const { look } = setUp(1, ({ action }) => {
    if (action === 'ListQueues') throw denied
    return {}
  })
  expect(await look()).toContain('ListQueues')
  expect(await look()).toEqual([])

  const other = setUp(0, ({ action }) => {
    if (action === 'TagQueue') throw denied
    return {}
  })
  other.ephemerals.add('mine', url('mine'))
  await expect(other.look()).rejects.toBe(denied)
})
