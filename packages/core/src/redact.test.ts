import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact, rememberSecrets, shownError } from './redact.ts'

describe('redact', () => {
  it.each([
    ['amqp://bob:hunter2@host:5672/vhost', 'hunter2'],
    ['connect to amqps://bob:hunter2@host failed', 'hunter2'],
    ['kafka://user:p%40ss@host', 'p%40ss'],
    ['password=hunter2 refused', 'hunter2'],
    ['{"password":"hunter2"}', 'hunter2'],
    ["Passwd: 'hunter2'", 'hunter2'],
    ['secret = hunter2;', 'hunter2'],
    ['?token=hunter2&x=1', 'hunter2'],
    ['the key AKIAIOSFODNN7EXAMPLE is unknown', 'AKIAIOSFODNN7EXAMPLE'],
    ['Authorization: Bearer abc.def-ghi=', 'abc.def-ghi'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'MIIE'],
  ])('strikes out what looks like a secret: %s', (text, secret) => {
    expect(redact(text)).not.toContain(secret)
    expect(redact(text)).toContain('***')
  })

  it('leaves alone what is none', () => {
    const text = 'connect ECONNREFUSED 127.0.0.1:5672 (queue orders, https://example.com/a)'
    expect(redact(text)).toBe(text)
  })

  it('strikes out the password of a URL wherever it turns up, as written and decoded', () => {
    rememberSecrets('amqp://bob:corr%65ct-horse@host/vhost')
    expect(redact('ACCESS_REFUSED for correct-horse')).toBe('ACCESS_REFUSED for ***')
    expect(redact('ACCESS_REFUSED for corr%65ct-horse')).toBe('ACCESS_REFUSED for ***')
    rememberSecrets('amqp://bob:100%-sure@host')
    expect(redact('100%-sure')).toBe('***')
    // Too short to be told from any other text.
    rememberSecrets('amqp://bob:a@host')
    expect(redact('a queue')).toBe('a queue')
  })

  it('is total, and does not take for ever', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        rememberSecrets(text)
        expect(typeof redact(text)).toBe('string')
      }),
    )
    for (const text of [
      '://'.repeat(30_000),
      'Bearer '.repeat(20_000),
      'password='.repeat(20_000),
      '-----BEGIN PRIVATE KEY-----'.repeat(2_000),
    ])
      expect(redact(text).length).toBeLessThanOrEqual(text.length + 100_000)
  })
})

describe('shownError', () => {
  it('keeps name, message, code and causes, and leaves behind what hangs on it', () => {
    class ClientError extends Error {
      override readonly name = 'ClientError'
      readonly code = 'ECONNREFUSED'
      readonly config = { password: 'hunter2' }
    }
    const error = new ClientError('amqp://bob:hunter2@host', { cause: new ClientError('password=hunter2') })
    const shown = shownError(error)
    expect(shown).toMatchObject({ name: 'ClientError', code: 'ECONNREFUSED' })
    expect(inspect(shown, { depth: 10, showHidden: true })).not.toContain('hunter2')
    expect((shown as Error).cause).toMatchObject({ name: 'ClientError' })
  })

  it('ends on a chain of causes without end', () => {
    const error = new Error('a')
    error.cause = error
    expect(shownError(error)).toBeInstanceOf(Error)
  })

  it('passes on what is no error', () => {
    expect(shownError('password=hunter2')).toBe('password=***')
    expect(shownError(5)).toBe(5)
    expect(shownError(undefined)).toBeUndefined()
  })
})
