/** What a queue or topic of ours is: `queue`, `subscription`, `dead-letters`, `inbox`, `topic`. */
export const KIND_TAG = 'ab:kind'
/** Its logical name, which its physical one may have lost to a hash. */
export const NAME_TAG = 'ab:name'
/** The ARN of its subscription on SNS. Written last: what has it is complete. */
export const SUBSCRIPTION_TAG = 'ab:subscription'
/** Seconds since 1970: until then its process lives, or said so. On ephemeral subscriptions and inboxes. */
export const ALIVE_TAG = 'ab:alive-until'
/** The filter, as a hash; where a subscription began. */
export const FILTER_TAG = 'ab:filter'
export const FROM_TAG = 'ab:from'
