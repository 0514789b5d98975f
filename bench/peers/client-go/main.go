// Measures client-go: its shared informer on a list and watch of pods, or its work queue. Prints the cost as one line of JSON.
//
// Arguments: the address of the load and the number of watch events (0: only the list), or "queue" and the number of keys.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The parent reads this process's memory before it lets it end.
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("expected two arguments, got %d", len(args))
	}
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	if args[0] == "queue" {
		return queue(count)
	}
	return informer(args[0], count)
}

func ms(since time.Time) float64 { return time.Since(since).Seconds() * 1000 }

// cpu returns the CPU time of this process, in milliseconds.
func cpu() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

func allocated() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func informer(url string, events int) error {
	client, err := kubernetes.NewForConfig(&rest.Config{Host: url, QPS: -1})
	if err != nil {
		return err
	}
	before := allocated()
	cpuBefore := cpu()
	start := time.Now()
	var first atomic.Int64
	var updates atomic.Int64
	done := make(chan struct{})
	pods := informers.NewSharedInformerFactory(client, 0).Core().V1().Pods().Informer()
	handler, err := pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { first.CompareAndSwap(0, int64(time.Since(start))) },
		UpdateFunc: func(any, any) {
			if updates.Add(1) == int64(events) {
				close(done)
			}
		},
	})
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	defer close(stop)
	go pods.Run(stop)
	if !cache.WaitForCacheSync(stop, handler.HasSynced) {
		return fmt.Errorf("the cache did not sync")
	}
	list, listCPU := ms(start), cpu()-cpuBefore
	objects := len(pods.GetStore().ListKeys())
	heap := (allocated() - before) / uint64(max(objects, 1))

	watch, watchCPU := 0.0, 0.0
	if events > 0 {
		cpuBefore = cpu()
		start = time.Now()
		answer, err := http.Get(url + "/go")
		if err != nil {
			return err
		}
		answer.Body.Close()
		<-done
		watch, watchCPU = ms(start), cpu()-cpuBefore
	}
	fmt.Printf(`{"firstMs":%f,"listMs":%f,"listCpuMs":%f,"heapPerObject":%d`, float64(first.Load())/1e6, list, listCPU, heap)
	if events > 0 {
		fmt.Printf(`,"watchMs":%f,"watchCpuMs":%f`, watch, watchCPU)
	}
	fmt.Println("}")
	runtime.KeepAlive(pods)
	return nil
}

// queue adds every key twice, then takes each key and marks it as done.
func queue(keys int) error {
	names := make([]string, keys)
	for index := range names {
		names[index] = fmt.Sprintf("team-%d/web-%d", index%20, index)
	}
	line := workqueue.NewTyped[string]()
	cpuBefore := cpu()
	start := time.Now()
	for range 2 {
		for _, name := range names {
			line.Add(name)
		}
	}
	for range names {
		item, _ := line.Get()
		line.Done(item)
	}
	fmt.Printf(`{"queueMs":%f,"queueCpuMs":%f}`+"\n", ms(start), cpu()-cpuBefore)
	return nil
}
