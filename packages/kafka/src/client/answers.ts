// What the nodes answer, as kafkajs decodes it: offsets are strings there, and are numbers here.

export interface MetadataAnswer {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly controllerId: number
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number
    readonly topic: string
    readonly partitionMetadata: readonly {
      readonly partitionErrorCode: number
      readonly partitionId: number
      readonly leader: number
    }[]
  }[]
}

interface OfTopic<P> {
  readonly topic: string
  readonly partitions: readonly (P & { readonly partition: number; readonly errorCode: number })[]
}

export interface OffsetsAnswer {
  readonly responses: readonly OfTopic<{ readonly offset: string }>[]
}

export interface OffsetFetchAnswer {
  readonly responses: readonly OfTopic<{ readonly offset: string; readonly metadata: string | null }>[]
  readonly errorCode?: number
}

export interface OffsetCommitAnswer {
  readonly responses: readonly OfTopic<unknown>[]
}

export interface DeleteRecordsAnswer {
  readonly topics: readonly OfTopic<unknown>[]
}

export interface TopicErrorsAnswer {
  readonly topicErrors: readonly { readonly topic: string; readonly errorCode: number }[]
}

export interface ProduceAnswer {
  readonly topics: readonly {
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      readonly baseOffset: string
    }[]
  }[]
}

export interface CoordinatorAnswer {
  readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number }
}

export interface DescribeGroupsAnswer {
  readonly groups: readonly { readonly errorCode: number; readonly members: readonly { readonly memberId: string }[] }[]
}

export interface DeleteGroupsAnswer {
  readonly results: readonly { readonly errorCode: number }[]
}

export interface JoinGroupAnswer {
  readonly errorCode: number
  readonly generationId: number
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
}

export interface SyncGroupAnswer {
  readonly memberAssignment: Buffer
}

export interface FetchAnswer {
  readonly errorCode?: number
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      readonly highWatermark: string
      readonly lastStableOffset?: string
      readonly abortedTransactions?: unknown
      readonly messages: readonly FetchedMessage[]
    }[]
  }[]
}

export interface FetchedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer | string | null | readonly (Buffer | string | null)[]>>
  readonly isControlRecord?: boolean
}
