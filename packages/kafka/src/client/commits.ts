import protocolError from 'kafkajs/src/protocol/error.js'
import type { OffsetCommitAnswer } from './answers.ts'
import type { Committed } from './port.ts'

/** Commits as the request wants them, and their errors as it answers. */
export function toCommit(commits: readonly Committed[]): readonly object[] {
  return [...Map.groupBy(commits, ({ topic }) => topic)].map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition, offset, note }) => ({
      partition,
      offset: String(offset),
      metadata: note ?? '',
    })),
  }))
}

export function commitErrors(
  commits: readonly Committed[],
  { responses }: OffsetCommitAnswer,
): readonly (Error | undefined)[] {
  const codes = new Map(
    responses.flatMap((of) => of.partitions.map((one) => [`${of.topic} ${one.partition}`, one.errorCode] as const)),
  )
  return commits.map(({ topic, partition }) => {
    const code = codes.get(`${topic} ${partition}`)
    if (code === 0) return undefined
    return code === undefined ? new Error('the answer names it not') : protocolError.createErrorFromCode(code)
  })
}
