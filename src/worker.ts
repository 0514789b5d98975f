// The entry `kubeflect/worker`: imported by a Worker of the application, and the whole code of the library's own Worker.

import './worker/worker'
