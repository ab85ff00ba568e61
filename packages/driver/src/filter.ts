/** What one header must be. */
export type HeaderMatch = string | readonly string[] | { readonly prefix: string } | { readonly exists: boolean }

/**
 * A filter on headers, all of whose entries must match: equal to a string, equal to any of a list, beginning with a prefix,
 * present or absent. Header names compare as written.
 */
export type Filter = Readonly<Record<string, HeaderMatch>>
