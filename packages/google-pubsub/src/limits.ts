/** What the service takes: https://cloud.google.com/pubsub/quotas#resource_limits, read for version 1 of its API. */

/** Of one publish request, and so of one message with its attributes; of its body what is left beside them. */
export const MESSAGE_BYTES = 10_000_000
export const BODY_BYTES: number = MESSAGE_BYTES - 64 * 1024
export const REQUEST_BYTES = 9_000_000
export const REQUEST_MESSAGES = 1_000

export const MOST_ATTRIBUTES = 100
export const ATTRIBUTE_KEY_BYTES = 256
export const ATTRIBUTE_VALUE_BYTES = 1_024

/** A deadline, in seconds: of a stream, and of one message. */
export const LEAST_LEASE_SECONDS = 10
export const MOST_LEASE_SECONDS = 600

/** Ids of one acknowledge or modifyAckDeadline request; the service takes 512 KiB, and an id may have 250 bytes. */
export const REQUEST_ACK_IDS = 1_000

/** A subscription's filter. */
export const FILTER_BYTES = 256

/** Of the service's own dead-letter policy, the most it takes: it stands behind ours, and makes the service count. */
export const BACKSTOP_DELIVERIES = 100

const DAY_SECONDS = 86_400
/** Of queues, subscriptions and dead letters; the service takes 10 minutes to 31 days, the emulator 7 days. */
const RETENTION_SECONDS: number = 14 * DAY_SECONDS
const EMULATOR_RETENTION_SECONDS: number = 7 * DAY_SECONDS
/** Of a topic, for seek and `earliest`. */
export const REPLAY_SECONDS: number = 7 * DAY_SECONDS
/** The least that the service takes: an ephemeral subscription that nobody deleted ends after a day. */
export const EXPIRATION_SECONDS: number = DAY_SECONDS
export const EPHEMERAL_RETENTION_SECONDS = 600

export function retentionSeconds({ emulator }: { readonly emulator: string | undefined }): number {
  return emulator === undefined ? RETENTION_SECONDS : EMULATOR_RETENTION_SECONDS
}
