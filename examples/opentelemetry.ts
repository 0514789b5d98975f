// Reports an informer to OpenTelemetry: metrics, and a span for every list. Load an SDK first; without one the API is a no-op.
//
//   npm run build && node --import ./your-sdk.ts examples/opentelemetry.ts --server http://127.0.0.1:8001
import { parseArgs } from 'node:util'
import { metrics, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { createInformer, type InformerEvent, KubeClient, memoryPersister } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'

const { values } = parseArgs({ options: { server: { type: 'string', default: 'http://127.0.0.1:8001' } } })
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const meter = metrics.getMeter('kubeflect')
const events = meter.createCounter('kubeflect.events')
const relists = meter.createCounter('kubeflect.relists')
const errors = meter.createCounter('kubeflect.errors')
const persisted = meter.createCounter('kubeflect.persisted', { unit: 'By' })
const listDuration = meter.createHistogram('kubeflect.list.duration', { unit: 'ms' })
const watchDuration = meter.createHistogram('kubeflect.watch.duration', { unit: 'ms' })
const backlog = meter.createGauge('kubeflect.backlog')
let list: Span | undefined

function onEvent(event: InformerEvent): void {
  if (event.type === 'attempt' && event.attempt !== 'watch') {
    list = trace.getTracer('kubeflect').startSpan('list', { attributes: { attempt: event.attempt, reason: event.reason } })
  } else if (event.type === 'replaced') {
    listDuration.record(event.durationMs, { source: event.source })
    list?.setAttributes({ objects: event.objects, bytes: event.bytes }).end()
    list = undefined
  } else if (event.type === 'closed' && event.attempt === 'watch') watchDuration.record(event.durationMs, { reason: event.reason })
  else if (event.type === 'closed') list?.setStatus({ code: SpanStatusCode.ERROR, message: event.reason }).end()
  else if (event.type === 'applied') events.add(event.events)
  else if (event.type === 'relist') relists.add(1, { reason: event.reason })
  else if (event.type === 'error') errors.add(1)
  else if (event.type === 'persisted') persisted.add(event.size)
  else if (event.type === 'backlog') backlog.record(event.length, { handler: event.handler })
}

const client = new KubeClient({ baseUrl: values.server })
const pods = createInformer(client, Pod, { persist: { to: memoryPersister() }, onEvent, signal: stop.signal })
pods.addEventHandler({ onChange: ({ type, entry }) => console.log(`${type}: ${entry.key}`) }, { name: 'log' })
