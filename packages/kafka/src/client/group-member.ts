import assignerProtocol from 'kafkajs/src/consumer/assignerProtocol.js'
import protocolError from 'kafkajs/src/protocol/error.js'
import type { JoinGroupAnswer, OffsetCommitAnswer, SyncGroupAnswer } from './answers.ts'
import type { Cluster } from './cluster.ts'
import { commitErrors, toCommit } from './commits.ts'
import type { GroupMember } from './port.ts'
import type { WireConnection } from './wire-connection.ts'

const { MemberMetadata, MemberAssignment } = assignerProtocol
const MEMBER_ID_REQUIRED = 79
const NOTHING = Buffer.alloc(0)

/** The requests of one member of a group, over a connection of its own to the coordinator. */
export function openMember(cluster: Cluster, group: string): GroupMember {
  let connection: WireConnection | undefined
  let ended = false

  const ask = async (api: string, args: object, lenient = false): Promise<unknown> => {
    if (ended) throw new Error('the member is closed')
    if (connection === undefined || connection.dead) {
      const node = await cluster.coordinator(group)
      if (connection === undefined || connection.dead) connection = cluster.dial(node)
    }
    const used = connection
    try {
      return await used.request(api, args, lenient)
    } catch (error) {
      cluster.failed(used)
      if (used.dead || COORDINATOR_GONE.has((error as { readonly type?: string }).type ?? '')) {
        cluster.forgetCoordinator(group)
        cluster.hangUp(used)
        if (connection === used) connection = undefined
      }
      throw error
    }
  }

  return {
    async join(member, { topics, data, protocol, sessionTimeoutMs, rebalanceTimeoutMs }, named) {
      const metadata = MemberMetadata.encode({ version: 1, topics, userData: data })
      const once = async (memberId: string) =>
        (await ask(
          'JoinGroup',
          {
            groupId: group,
            sessionTimeout: sessionTimeoutMs,
            rebalanceTimeout: rebalanceTimeoutMs,
            memberId,
            protocolType: 'consumer',
            groupProtocols: [{ name: protocol, metadata }],
          },
          true,
        )) as JoinGroupAnswer
      let answer = await once(member)
      if (answer.errorCode === MEMBER_ID_REQUIRED) {
        named(answer.memberId)
        answer = await once(answer.memberId)
      }
      if (answer.errorCode !== 0) {
        const error = protocolError.createErrorFromCode(answer.errorCode)
        if (COORDINATOR_GONE.has(error.type)) cluster.forgetCoordinator(group)
        throw error
      }
      const leads = answer.leaderId === answer.memberId
      return {
        member: answer.memberId,
        generation: answer.generationId,
        claims: leads
          ? answer.members.map(({ memberId, memberMetadata }) => ({
              member: memberId,
              claim: MemberMetadata.decode(memberMetadata).userData ?? NOTHING,
            }))
          : [],
      }
    },

    async sync({ member, generation }, shares) {
      const groupAssignment = [...(shares ?? [])].map(([memberId, ofTopics]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: 1,
          assignment: Object.fromEntries(ofTopics),
          userData: NOTHING,
        }),
      }))
      const args = { groupId: group, generationId: generation, memberId: member, groupAssignment }
      const { memberAssignment } = (await ask('SyncGroup', args)) as SyncGroupAnswer
      const decoded = MemberAssignment.decode(memberAssignment)
      return new Map(Object.entries(decoded?.assignment ?? {}))
    },

    async heartbeat({ member, generation }) {
      await ask('Heartbeat', { groupId: group, groupGenerationId: generation, memberId: member })
    },

    async commit({ member, generation }, commits) {
      const args = { groupId: group, groupGenerationId: generation, memberId: member, topics: toCommit(commits) }
      return commitErrors(commits, (await ask('OffsetCommit', args, true)) as OffsetCommitAnswer)
    },

    close() {
      ended = true
      if (connection !== undefined) cluster.hangUp(connection)
    },
  }
}

const COORDINATOR_GONE: ReadonlySet<string> = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE'])
