// Renders results as Markdown tables.
import type { Column, Question } from './question.ts'
import { type MeasuredGroup, type MeasuredRow, median, type Result, spread } from './results.ts'

/** Returns the median of a row's metric; NaN when it was not measured. */
export const medianOf = (row: MeasuredRow | undefined, metric: string): number => median(row?.metrics[metric] ?? [])

/** Finds a row of a group in a runtime. */
export const findRow = ({ rows }: MeasuredGroup, name: string, runtime: string): MeasuredRow | undefined =>
  rows.find((row) => row.name === name && row.runtime === runtime)

/**
 * Returns the ratio of a row's metric to that of the reference: in the same runtime if measured there, otherwise in Node, otherwise in any
 * runtime.
 */
export function ratioOf(group: MeasuredGroup, row: MeasuredRow, { metric, reference = '' }: Pick<Column, 'metric' | 'reference'>): number {
  const to =
    findRow(group, reference, row.runtime) ?? findRow(group, reference, 'Node') ?? group.rows.find(({ name }) => name === reference)
  return medianOf(row, metric) / medianOf(to, metric)
}

/** Renders the tables of a question as Markdown. */
export function tables({ columns }: Question, { groups }: Result): string {
  return groups
    .map((group) => {
      const shown = columns.filter(({ metric }) => group.rows.some((row) => row.metrics[metric]))
      const header = [group.title, ...shown.map(({ title }) => title)]
      const lines = group.rows.map((row) => [title(row), ...shown.map((column) => cell(group, row, column))])
      return markdown([header, ...lines])
    })
    .join('\n\n')
}

const title = ({ name, runtime }: MeasuredRow) =>
  runtime === 'Go' || runtime === 'Rust' || runtime === 'Bundle' ? name : `${name}, ${runtime}`

function cell(group: MeasuredGroup, row: MeasuredRow, column: Column): string {
  const values = row.metrics[column.metric]
  if (!values) return ''
  const value = median(values)
  switch (column.show) {
    case 'ratio': {
      const ratio = ratioOf(group, row, column)
      if (Number.isNaN(ratio)) return ''
      return values.length > 1 ? `${significant(ratio)} ± ${Math.round(spread(values) * 50)} %` : significant(ratio)
    }
    case 'kB':
      return `${(value / 1000).toFixed(1)}`
    case 'percent':
      return (value * 100).toFixed(1)
    case 'number':
      return significant(value)
    default:
      return thousands(value)
  }
}

/** Formats a number as a ratio: 0.41, 3.2, 18. */
export function significant(value: number): string {
  if (Number.isNaN(value)) return ''
  return value >= 10 ? thousands(value) : value.toFixed(value >= 1 ? 1 : value >= 0.1 ? 2 : 3)
}

const thousands = (value: number) => Math.round(value).toLocaleString('en')

/** Renders a Markdown table with minimal column widths. */
export function markdown(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)))
  const written = lines.map((line) => `| ${widths.map((width, column) => (line[column] ?? '').padEnd(width)).join(' | ')} |`)
  return [written[0], `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...written.slice(1)].join('\n')
}
