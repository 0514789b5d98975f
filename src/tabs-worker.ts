// The entry `kubeflect/tabs-worker`: the whole code of the SharedWorker that owns the feeds of all tabs.

import './tabs/tabs-worker'
