import { lacking, type Runtime } from '@anybroker/driver'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { scripted } from '../test/scripted.ts'
import { fromUrl, sqsSns } from './index.ts'

const signal = new AbortController().signal
const SECRET = 'CANARY-secret'
let runtime: Runtime

beforeEach(() => {
  ;({ runtime } = scripted().session)
  for (const [name, value] of Object.entries({
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: '',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_PROFILE: '',
    AWS_CONFIG_FILE: '/nowhere/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere/credentials',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  }))
    vi.stubEnv(name, value === '' ? undefined : value)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

test('it declares all that a driver must be able to do', () => {
  const { spec, name, capabilities } = sqsSns()
  expect([spec, name]).toEqual([1, 'sqs-sns'])
  expect(lacking(capabilities)).toEqual([])
  expect(capabilities.S1.readyMs).toBe(1_000)
  expect(fromUrl('sqs-sns:?readyMs=0').capabilities.S1.readyMs).toBe(0)
})

test('it connects without a request', async () => {
  const connection = await sqsSns().connect(runtime, signal)
  await connection.close(signal)
})

test('no region is said at once', async () => {
  vi.stubEnv('AWS_REGION', undefined)
  await expect(sqsSns().connect(runtime, signal)).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
    message: expect.stringContaining('AWS_REGION') as string,
  })
})

test('no credentials are, too', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
  const driver = sqsSns()
  const [outcome] = await Promise.allSettled([driver.connect(runtime, signal)])
  const error: unknown = outcome.status === 'rejected' ? outcome.reason : undefined
  expect(driver.describeError(error)).toMatchObject({ code: 'UNAUTHORIZED', retryable: false })
})

test('an abort passes untouched', async () => {
  const reason = new Error('enough')
  await expect(sqsSns().connect(runtime, AbortSignal.abort(reason))).rejects.toBe(reason)
})

test('the endpoint is the one of when the driver was made', async () => {
  const driver = sqsSns()
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:2')
  const connection = await driver.connect(runtime, signal)
  const { sqs } = connection.native as {
    readonly sqs: { readonly config: { endpoint?: () => Promise<{ port?: number }> } }
  }
  expect(await sqs.config.endpoint?.()).toMatchObject({ port: 1 })
  await connection.close(signal)
})
