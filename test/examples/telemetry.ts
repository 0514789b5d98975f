// Replaces a program's OpenTelemetry SDK: loaded before an example, it prints the recorded data as one line of JSON at the end.

import { metrics, type Span, type SpanOptions, trace } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'

class LastReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

interface RecordedSpan {
  readonly name: string
  attributes: object
  status?: unknown
  ended: number
}

const spans: RecordedSpan[] = []

function startSpan(name: string, { attributes = {} }: SpanOptions = {}): Span {
  const recorded: RecordedSpan = { name, attributes, ended: 0 }
  spans.push(recorded)
  const span = {
    setAttributes(more: object) {
      recorded.attributes = { ...recorded.attributes, ...more }
      return span
    },
    setStatus(status: unknown) {
      recorded.status = status
      return span
    },
    end: () => void recorded.ended++,
  }
  return span as unknown as Span
}

const reader = new LastReader()
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }) })

process.once('beforeExit', async () => {
  const { resourceMetrics } = await reader.collect()
  const figures = resourceMetrics.scopeMetrics.flatMap((scope) =>
    scope.metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const [label = ''] = Object.values(attributes)
        return [label ? `${descriptor.name} ${label}` : descriptor.name, typeof value === 'number' ? value : pick(value)]
      }),
    ),
  )
  console.log(JSON.stringify({ spans, figures: Object.fromEntries(figures) }))
})

/** Returns the parts of a histogram that do not depend on its buckets. */
const pick = ({ count, sum }: { count: number; sum?: number }) => ({ count, sum })
