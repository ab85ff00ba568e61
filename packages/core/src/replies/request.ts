import { BrokerError } from '@anybroker/driver'
import type { Message, SendOptions, Sent } from '../api/message.ts'
import type { Core } from '../entities/core.ts'
import { known, timeout } from '../options/check.ts'
import { checkedSendOptions } from '../options/send-options.ts'
import { DeadlinePassed, withDeadline } from '../time/deadline.ts'
import { toldElsewhere } from '../time/deferred.ts'

type RequestOptions = Omit<SendOptions, 'until' | 'replyTo' | 'correlationId'>

const REFUSED = ['until', 'replyTo', 'correlationId'] as const

/** Sends with a reply address and waits for what comes back under the same correlation id (R4). */
export async function request<R>(
  core: Core,
  action: string,
  given: RequestOptions | undefined,
  send: (options: SendOptions) => Promise<Sent>,
): Promise<Message<R>> {
  const options = checkedSendOptions(`${action}: options`, given)
  for (const name of REFUSED) {
    if (options[name] !== undefined) known<RequestOptions>(`${action}: options`, { [name]: 1 } as RequestOptions, [])
  }
  const timeoutMs = timeout(`${action}: options.timeoutMs`, options.timeoutMs, 30_000)
  core.demand('R4', action)
  core.assertNotClosing()
  const correlationId = core.runtime.id()
  try {
    return await withDeadline(core.runtime, timeoutMs, options.signal, async (signal) => {
      const inbox = await core.inbox(signal)
      const reply = inbox.expect(correlationId, signal)
      // The send may fail before the reply is awaited.
      toldElsewhere(reply)
      await send({ ...options, timeoutMs, signal, replyTo: inbox.address, correlationId })
      return (await reply) as Message<R>
    })
  } catch (error) {
    if (!(error instanceof DeadlinePassed)) throw error
    throw new BrokerError('TIMEOUT', `${action}: no reply within ${timeoutMs} ms`, { retryable: true, cause: error })
  }
}
