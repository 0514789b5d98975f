// The names of the views.
/** The views, in the order of their keys. */
export const VIEWS = ['table', 'map', 'nodes', 'events', 'tabs'] as const

/** The name of a view. */
export type ViewName = (typeof VIEWS)[number]

/** The titles of the views. */
export const TITLES: Readonly<Record<ViewName, string>> = { table: 'Table', map: 'Map', nodes: 'Nodes', events: 'Events', tabs: 'Two tabs' }
