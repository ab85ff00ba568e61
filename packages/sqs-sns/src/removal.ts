import { UnsubscribeCommand } from '@aws-sdk/client-sns'
import { DeleteQueueCommand } from '@aws-sdk/client-sqs'
import { isMissing } from './errors.ts'
import { request, type Session } from './session.ts'

/** Gone already is as good. */
export async function unsubscribe(session: Session, arn: string | undefined, signal: AbortSignal): Promise<void> {
  if (arn === undefined || !arn.startsWith('arn:')) return
  const command = new UnsubscribeCommand({ SubscriptionArn: arn })
  await unlessMissing(request(signal, (options) => session.clients.sns.send(command, options)))
}

/** Gone already is as good. */
export async function dropQueue(session: Session, url: string, signal: AbortSignal): Promise<void> {
  const command = new DeleteQueueCommand({ QueueUrl: url })
  await unlessMissing(request(signal, (options) => session.clients.sqs.send(command, options)))
}

async function unlessMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
