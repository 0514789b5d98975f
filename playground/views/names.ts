// The names of the views.
/** The views, in the order of their keys. */
export const VIEWS = ['table', 'map', 'nodes', 'events'] as const

/** The name of a view. */
export type ViewName = (typeof VIEWS)[number]
