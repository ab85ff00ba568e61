import { BrokerError } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import {
  BAD_CONNECTS,
  BAD_INPUTS,
  BAD_ON_DELIVERY,
  BAD_ON_SUBSCRIPTION,
  BAD_ON_WORKER,
  type BadInput,
  judge,
} from './bad-inputs.ts'

const refusal = (run: () => unknown, more: Partial<BadInput<null>> = {}): BadInput<null> => ({
  id: 'X1',
  what: 'something',
  expect: 'TypeError',
  run,
  ...more,
})
const throws = (error: unknown) => () => {
  throw error
}

describe('the catalogue', () => {
  const all = [BAD_INPUTS, BAD_CONNECTS, BAD_ON_DELIVERY, BAD_ON_SUBSCRIPTION, BAD_ON_WORKER].flat()

  it('names every input once', () => {
    const names = all.map((input) => `${input.id}: ${input.what}`)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it('has several hundred', () => {
    expect(all.length).toBeGreaterThan(500)
  })
})

describe('judge', () => {
  it('is content with the right refusal, told in the right way', async () => {
    const broker = new BrokerError('INVALID_MESSAGE', 'no')
    expect(
      await judge(
        refusal(() => Promise.reject(new TypeError('name'))),
        null,
        'n',
      ),
    ).toBeUndefined()
    expect(await judge(refusal(throws(new TypeError('name')), { how: 'throws' }), null, 'n')).toBeUndefined()
    expect(
      await judge(
        refusal(() => Promise.reject(broker), { expect: 'INVALID_MESSAGE' }),
        null,
        'n',
      ),
    ).toBeUndefined()
  })

  it('says what is wrong', async () => {
    const verdict = (run: () => unknown, more?: Partial<BadInput<null>>) => judge(refusal(run, more), null, 'n')
    expect(await verdict(() => Promise.resolve(1))).toContain('was accepted')
    expect(await verdict(throws(new TypeError('x')))).toContain('it throws')
    expect(await verdict(() => Promise.reject(new TypeError('x')), { how: 'throws' })).toContain('it rejects')
    expect(await verdict(() => Promise.reject(new Error('x')))).toContain('expected TypeError')
    expect(await verdict(() => Promise.reject(new TypeError('x')), { expect: 'CLOSED' })).toContain('expected CLOSED')
    expect(await verdict(() => Promise.reject(new TypeError('x')), { names: 'key' })).toContain('should name key')
    expect(await verdict(() => Promise.reject(new TypeError('x'.repeat(2000))))).toContain('2000 characters')
    expect(await verdict(() => Promise.reject(new TypeError('a\0b')))).toContain('control characters')
    const cause = new Error('x', { cause: { url: 'a:hunter2@b' } })
    expect(await verdict(() => Promise.reject(new TypeError('x', { cause })), { secret: 'hunter2' })).toContain(
      'secret',
    )
  })
})
