// Passes /k8s to the API server, such as `kubectl proxy`. Compression would hold a watch back.
const destination = `${process.env.KUBERNETES_URL ?? 'http://127.0.0.1:8001'}/:path*`

export default { compress: false, rewrites: async () => [{ source: '/k8s/:path*', destination }] }
