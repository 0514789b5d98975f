package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/proxy"
	translator "k8s.io/apiserver/pkg/util/proxy"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// The streaming half of a kubelet and of its container runtime: exec, attach and port-forward on the code that real ones use. Commands run on this
// machine, and a pod's ports are those of 127.0.0.1. Its standard output is the port it listens on.
//
// Besides a kubelet's own paths it serves, for tests: GET /state (what is open, what each stream was sent), POST /start/{namespace}/{pod}/{container}
// with a JSON array (the command that attach attaches to), POST /cut (breaks every stream).
func runKubelet(args []string) {
	flags := flag.NewFlagSet("kubelet", flag.ExitOnError)
	cert := flags.String("tls-cert-file", "", "certificate, PEM")
	key := flags.String("tls-private-key-file", "", "key, PEM")
	directory := flags.String("root-dir", ".", "where commands run")
	must(flags.Parse(args))

	containers := &containerRuntime{directory: *directory, running: map[string]*container{}}
	go containers.killOnSignal()
	criListener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	config := streaming.DefaultConfig
	config.BaseURL = &url.URL{Scheme: "http", Host: criListener.Addr().String(), Path: "/cri/"}
	cri, err := streaming.NewServer(config, containers)
	must(err)
	go func() { must(http.Serve(criListener, cri)) }()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	tracked := &trackingListener{Listener: listener, open: map[net.Conn]bool{}}
	mux := http.NewServeMux()
	kubelet := &kubelet{cri: cri, containers: containers}
	mux.HandleFunc("/exec/", kubelet.command)
	mux.HandleFunc("/attach/", kubelet.command)
	mux.HandleFunc("/portForward/", kubelet.portForward)
	mux.HandleFunc("GET /state", containers.state)
	mux.HandleFunc("POST /start/{namespace}/{pod}/{container}", containers.start)
	mux.HandleFunc("POST /cut", func(w http.ResponseWriter, _ *http.Request) { go tracked.cut() })
	must(http.ServeTLS(tracked, mux, *cert, *key))
}

type kubelet struct {
	cri        streaming.Server
	containers *containerRuntime
}

// As the kubelet does: the runtime says where to connect, and the kubelet proxies to it; WebSockets of v5 are translated here.
func (k *kubelet) command(w http.ResponseWriter, req *http.Request) {
	opts, err := remotecommand.NewOptions(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kind, id, _ := strings.Cut(strings.Trim(req.URL.Path, "/"), "/")
	var location string
	if kind == "exec" {
		var resp *runtimeapi.ExecResponse
		resp, err = k.cri.GetExec(&runtimeapi.ExecRequest{ContainerId: id, Cmd: req.URL.Query()["command"], Stdin: opts.Stdin, Stdout: opts.Stdout, Stderr: opts.Stderr, Tty: opts.TTY})
		location = resp.GetUrl()
	} else {
		var resp *runtimeapi.AttachResponse
		resp, err = k.cri.GetAttach(&runtimeapi.AttachRequest{ContainerId: id, Stdin: opts.Stdin, Stdout: opts.Stdout, Stderr: opts.Stderr, Tty: opts.TTY})
		location = resp.GetUrl()
	}
	if err != nil {
		_ = streaming.WriteError(err, w)
		return
	}
	target, err := url.Parse(location)
	must(err)
	var handler http.Handler = proxy.NewUpgradeAwareHandler(target, nil, false, true, responder{})
	if wsstream.IsWebSocketRequestWithStreamCloseProtocol(req) {
		handler = translator.NewStreamTranslatorHandler(target, nil, 0, translator.Options{Stdin: opts.Stdin, Stdout: opts.Stdout, Stderr: opts.Stderr, Tty: opts.TTY})
	}
	k.serve(handler, w, req)
}

func (k *kubelet) portForward(w http.ResponseWriter, req *http.Request) {
	tunnel := wsstream.IsWebSocketRequestWithTunnelingProtocol(req)
	opts := &portforward.V4Options{}
	if !tunnel {
		var err error
		if opts, err = portforward.NewV4Options(req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	resp, err := k.cri.GetPortForward(&runtimeapi.PortForwardRequest{PodSandboxId: strings.TrimPrefix(req.URL.Path, "/portForward/"), Port: opts.Ports})
	if err != nil {
		_ = streaming.WriteError(err, w)
		return
	}
	target, err := url.Parse(resp.Url)
	must(err)
	var handler http.Handler = proxy.NewUpgradeAwareHandler(target, nil, false, true, responder{})
	if tunnel {
		handler = translator.NewTunnelingHandler(handler)
	}
	k.serve(handler, w, req)
}

// Counts a connection as open until either side has ended it; the command may outlive it.
func (k *kubelet) serve(handler http.Handler, w http.ResponseWriter, req *http.Request) {
	k.containers.count(1)
	defer k.containers.count(-1)
	handler.ServeHTTP(w, req)
}

// What one exec, attach or forwarded connection was sent.
type stream struct {
	Kind    string   `json:"kind"`
	Target  string   `json:"target"`
	Command []string `json:"command,omitempty"`
	Stdin   int64    `json:"stdin"`
	Sizes   []string `json:"sizes"`
	Running bool     `json:"running"`
}

type containerRuntime struct {
	directory string
	mu        sync.Mutex
	open      int
	streams   []*stream
	running   map[string]*container
	processes []*exec.Cmd
}

type exitError struct{ code int }

func (e exitError) Error() string   { return fmt.Sprintf("command terminated with exit code %d", e.code) }
func (e exitError) String() string  { return e.Error() }
func (e exitError) Exited() bool    { return true }
func (e exitError) ExitStatus() int { return e.code }

func (r *containerRuntime) Exec(_ context.Context, id string, argv []string, in io.Reader, out, errOut io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) error {
	s, end := r.track(&stream{Kind: "exec", Target: id, Command: argv})
	defer end()
	switch argv[0] {
	case "@sizes": // writes each terminal size until stdin ends
		done := make(chan struct{})
		go func() { _, _ = io.Copy(io.Discard, r.counted(s, in)); close(done) }()
		return r.writeSizes(s, out, resize, done)
	case "@deaf": // reads no stdin, and writes each terminal size for five seconds
		done := make(chan struct{})
		time.AfterFunc(5*time.Second, func() { close(done) })
		return r.writeSizes(s, out, resize, done)
	}
	go func() {
		for size := range resize {
			r.note(s, size)
		}
	}()
	command := r.command(argv)
	command.Stdout, command.Stderr = out, errOut
	if tty {
		command.Stderr = out
	}
	if in != nil {
		stdin, err := command.StdinPipe()
		if err != nil {
			return err
		}
		go func() { _, _ = io.Copy(stdin, r.counted(s, in)); _ = stdin.Close() }()
	}
	return r.run(command)
}

func (r *containerRuntime) run(command *exec.Cmd) error {
	if err := r.begin(command); err != nil {
		return err
	}
	err := command.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitError{exit.ExitCode()}
	}
	return err
}

func (r *containerRuntime) writeSizes(s *stream, out io.Writer, resize <-chan remotecommand.TerminalSize, done <-chan struct{}) error {
	for {
		select {
		case size, ok := <-resize:
			if !ok {
				return nil
			}
			r.note(s, size)
			_, _ = fmt.Fprintf(out, "%dx%d\n", size.Width, size.Height)
		case <-done:
			return nil
		}
	}
}

// The command of a container that attach attaches to.
type container struct {
	out, err fan
	stdin    io.WriteCloser
	ended    chan struct{}
}

// One output of a container, which every client that is attached receives. Both outputs share a lock, as a terminal receives both.
type fan struct {
	mu      *sync.Mutex
	clients map[io.Writer]bool
}

func (f *fan) Write(data []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for client := range f.clients {
		if _, err := client.Write(data); err != nil {
			delete(f.clients, client)
		}
	}
	return len(data), nil
}

// Adds a client, and returns what removes it.
func (f *fan) add(client io.Writer) func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clients[client] = true
	return func() { f.mu.Lock(); delete(f.clients, client); f.mu.Unlock() }
}

func (r *containerRuntime) start(w http.ResponseWriter, req *http.Request) {
	var argv []string
	if err := json.NewDecoder(req.Body).Decode(&argv); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	lock := &sync.Mutex{}
	c := &container{out: fan{lock, map[io.Writer]bool{}}, err: fan{lock, map[io.Writer]bool{}}, ended: make(chan struct{})}
	command := r.command(argv)
	command.Stdout, command.Stderr = &c.out, &c.err
	stdin, err := command.StdinPipe()
	must(err)
	c.stdin = stdin
	if err := r.begin(command); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r.mu.Lock()
	r.running[strings.Join([]string{req.PathValue("namespace"), req.PathValue("pod"), req.PathValue("container")}, "/")] = c
	r.mu.Unlock()
	go func() { _ = command.Wait(); close(c.ended) }()
}

func (r *containerRuntime) Attach(_ context.Context, id string, in io.Reader, out, errOut io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) error {
	s, end := r.track(&stream{Kind: "attach", Target: id})
	defer end()
	r.mu.Lock()
	c := r.running[id]
	r.mu.Unlock()
	if c == nil {
		return fmt.Errorf("container %s is not running", id)
	}
	go func() {
		for size := range resize {
			r.note(s, size)
		}
	}()
	if tty {
		errOut = out
	}
	if out != nil {
		defer c.out.add(out)()
	}
	if errOut != nil {
		defer c.err.add(errOut)()
	}
	detached := make(chan struct{})
	if in != nil {
		go func() { _, _ = io.Copy(c.stdin, r.counted(s, in)); close(detached) }()
	}
	select {
	case <-c.ended:
	case <-detached:
	}
	return nil
}

func (r *containerRuntime) PortForward(_ context.Context, id string, port int32, data io.ReadWriteCloser) error {
	_, end := r.track(&stream{Kind: "portForward", Target: fmt.Sprintf("%s:%d", id, port)})
	defer end()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer conn.Close()
	sent, received := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := io.Copy(conn, data)
		_ = conn.(*net.TCPConn).CloseWrite()
		sent <- err
	}()
	go func() {
		_, err := io.Copy(data, conn)
		_ = data.Close()
		received <- err
	}()
	// As containerd: when one direction has ended, the other has five seconds left.
	select {
	case err = <-received:
	case err = <-sent:
		select {
		case err = <-received:
		case <-time.After(5 * time.Second):
		}
	}
	return err
}

func (r *containerRuntime) command(argv []string) *exec.Cmd {
	command := exec.Command(argv[0], argv[1:]...)
	command.Dir = r.directory
	// A group of its own, so that what a shell started ends with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command
}

func (r *containerRuntime) begin(command *exec.Cmd) error {
	if err := command.Start(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.processes = append(r.processes, command)
	return nil
}

// Ends every command with this process, when that is asked to end.
func (r *containerRuntime) killOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	r.killAll()
	os.Exit(0)
}

func (r *containerRuntime) killAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, command := range r.processes {
		if command.ProcessState == nil {
			_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		}
	}
}

func (r *containerRuntime) track(s *stream) (*stream, func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Running, s.Sizes = true, []string{}
	r.streams = append(r.streams, s)
	return s, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		s.Running = false
	}
}

func (r *containerRuntime) count(change int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open += change
}

func (r *containerRuntime) note(s *stream, size remotecommand.TerminalSize) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Sizes = append(s.Sizes, fmt.Sprintf("%dx%d", size.Width, size.Height))
}

func (r *containerRuntime) state(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]any{"open": r.open, "streams": r.streams})
}

// Counts the bytes of a stream's stdin as they are taken.
func (r *containerRuntime) counted(s *stream, in io.Reader) io.Reader {
	if in == nil {
		return strings.NewReader("")
	}
	return &countingReader{in, r, s}
}

type countingReader struct {
	io.Reader
	r *containerRuntime
	s *stream
}

func (c *countingReader) Read(data []byte) (int, error) {
	n, err := c.Reader.Read(data)
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.s.Stdin += int64(n)
	return n, err
}

// Remembers the connections of the API server, so that a test can break them.
type trackingListener struct {
	net.Listener
	mu   sync.Mutex
	open map[net.Conn]bool
}

func (l *trackingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		l.open[conn] = true
		l.mu.Unlock()
	}
	return conn, err
}

func (l *trackingListener) cut() {
	// Time for the answer to the request that asked for this.
	time.Sleep(20 * time.Millisecond)
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.open {
		_ = conn.Close()
		delete(l.open, conn)
	}
}

type responder struct{}

func (responder) Error(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}
