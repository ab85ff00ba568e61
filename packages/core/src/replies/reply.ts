import type { WireMessage } from '@anybroker/driver'
import type { SendOptions, Sent } from '../api/message.ts'
import { Body } from '../codec/body.ts'
import { json } from '../codec/json.ts'
import { bytes, text } from '../codec/plain.ts'
import type { Core } from '../entities/core.ts'
import { known } from '../options/check.ts'
import { compose } from '../send/compose.ts'

/** Replies say by their content type how they were encoded: a requester has no codec to name. */
const asJson = new Body<unknown>(json, undefined)
const asText = new Body<unknown>(text, undefined)
const asBytes = new Body<unknown>(bytes, undefined)

const REPLY_OPTIONS = [
  'headers',
  'id',
  'contentType',
  'traceparent',
  'delayMs',
  'at',
  'expiresInMs',
  'dedupId',
  'timeoutMs',
  'signal',
] as const

/** Sends the reply to whoever asked. Bytes go as bytes, everything else as JSON. */
export async function replyTo(
  core: Core,
  request: WireMessage,
  reply: unknown,
  options: SendOptions | undefined,
): Promise<Sent> {
  if (request.replyTo === undefined)
    throw new TypeError(`reply: message ${request.id} has no replyTo: it asks for no reply`)
  core.demand('R4', 'reply')
  core.assertOpen()
  known<SendOptions>('reply: options', options, REPLY_OPTIONS)
  const composing = {
    action: 'reply',
    body: ArrayBuffer.isView(reply) || reply instanceof ArrayBuffer ? asBytes : asJson,
    ordered: false,
    capabilities: () => core.capabilities,
    driver: core.driver,
    runtime: core.runtime,
    limits: core.options.limits,
    source: core.options.source,
  }
  const wire = await compose(composing, reply, { ...options, correlationId: request.correlationId ?? request.id })
  const outbox = core.replyOutbox(request.replyTo)
  return outbox.submit(wire, {
    timeoutMs: options?.timeoutMs ?? core.options.sendTimeoutMs,
    signal: options?.signal,
  })
}

/** Throws what the codec throws: a reply that can't be read is the requester's to know. */
export async function replyBody(wire: WireMessage): Promise<unknown> {
  const body = [asText, asBytes].find((codec) => codec.contentType === wire.contentType) ?? asJson
  return await body.decode(wire.body)
}
