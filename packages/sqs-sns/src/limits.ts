/** SQS's largest message and batch, since 2025. */
export const QUEUE_MESSAGE_BYTES: number = 1024 * 1024

/** SNS's largest message and batch, unless the topic was told otherwise. */
export const TOPIC_MESSAGE_BYTES: number = 256 * 1024

/** `DelaySeconds` goes to fifteen minutes. */
export const MOST_DELAY_SECONDS = 900

/** A message may stay hidden for twelve hours from its receipt; a little less, because the service's clock counts. */
export const MOST_HIDDEN_SECONDS: number = 43_200 - 60

/** The longest poll. */
export const LONGEST_POLL_SECONDS = 20

/** The longest retention. */
export const RETENTION_SECONDS = 1_209_600
