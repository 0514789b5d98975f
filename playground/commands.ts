// The commands of the palette, and the search for them.

/** A command of the palette. */
export interface Command {
  /** The heading below which it stands. */
  readonly group: string
  readonly title: string
  /** A note beside the title: a key, a kind. */
  readonly note?: string
  /** More words that find it. */
  readonly words?: string
  run(): void
}

/** Commands below one heading. */
export interface CommandGroup {
  readonly title: string
  readonly commands: readonly Command[]
}

/** The most commands of a group that are shown. */
const MOST = 8

/**
 * Returns the commands that contain every word of a text, at most eight of a group: the group of the best command first, in it the best
 * command. Commands of equal rank keep their order.
 */
export function search(commands: readonly Command[], text: string): readonly CommandGroup[] {
  const wanted = text.trim().toLowerCase()
  const words = wanted.split(/\s+/)
  const groups = new Map<string, { rank: number; command: Command }[]>()
  for (const command of commands) {
    const title = command.title.toLowerCase()
    const all = `${title} ${command.words ?? ''} ${command.group}`.toLowerCase()
    if (!words.every((word) => all.includes(word))) continue
    const found = groups.get(command.group) ?? []
    groups.set(command.group, found)
    found.push({ rank: rankOf(title, wanted), command })
  }
  for (const found of groups.values()) found.sort((a, b) => a.rank - b.rank)
  return [...groups]
    .sort(([, [a]], [, [b]]) => (a?.rank ?? 0) - (b?.rank ?? 0))
    .map(([title, found]) => ({ title, commands: found.slice(0, MOST).map(({ command }) => command) }))
}

/** Returns how well a title fits: 0 for the title itself, then its beginning, the beginning of a word, any other place. */
function rankOf(title: string, wanted: string): number {
  if (title === wanted) return 0
  if (title.startsWith(wanted)) return 1
  if (title.split(/[^a-z0-9]+/).some((word) => word.startsWith(wanted))) return 2
  return title.includes(wanted) ? 3 : 4
}
