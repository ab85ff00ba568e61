import { createHash } from 'node:crypto'

interface Document {
  readonly Version?: unknown
  readonly Statement?: unknown
}

/** What a topic needs to put messages into a queue. */
export interface Allowed {
  readonly queueArn: string
  readonly topicArn: string
}

/**
 * The policy of a queue with the statement that lets this topic send to it; undefined where it is there already. A policy is one
 * document, so whatever else stands in it is kept. Throws where what is there is no policy that we can read: nothing is overwritten.
 */
export function mergedPolicy(present: string | undefined, allowed: Allowed): string | undefined {
  const document = present === undefined || present === '' ? {} : documentOf(present)
  const statements = document.Statement === undefined ? [] : [document.Statement].flat()
  const own = statement(allowed)
  const same = statements.some((each) => sidOf(each) === own.Sid && grantsTo(each, allowed.topicArn))
  if (same) return undefined
  const others = statements.filter((each) => sidOf(each) !== own.Sid)
  return JSON.stringify({ Version: '2012-10-17', ...document, Statement: [...others, own] })
}

function statement({ queueArn, topicArn }: Allowed) {
  return {
    Sid: `anybroker${createHash('sha256').update(topicArn).digest('hex').slice(0, 16)}`,
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
  }
}

function documentOf(text: string): Document {
  const document: unknown = JSON.parse(text)
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new Error('the policy of the queue is no policy document; it is left as it is')
  return document
}

function sidOf(each: unknown): unknown {
  return typeof each === 'object' && each !== null && 'Sid' in each ? each.Sid : undefined
}

function grantsTo(each: unknown, topicArn: string): boolean {
  return JSON.stringify(each).includes(JSON.stringify(topicArn))
}
