package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Build compiles the product into folder and returns the binary's path.
func Build(ctx context.Context, folder string) (string, error) {
	binary := filepath.Join(folder, "sekisho")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "sekisho/edge").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the product: %w\n%s", err, out)
	}
	return binary, nil
}

// Instance is one running process of the product.
type Instance struct {
	cmd    *exec.Cmd
	debug  string        // URL
	exited chan struct{} // closed by Start's goroutine when err is set
	err    error
	said   output
	// Each request has its own connection, gone when answered, so that looking
	// does not change what is seen.
	client http.Client
}

// Start runs the binary on the site and returns once it has said that it is
// ready: a line of standard output that begins with "ready" and holds
// debug=ADDR among its key=value words. The process is ended when ctx is.
func Start(ctx context.Context, binary string, site *Site) (*Instance, error) {
	i := &Instance{
		cmd:    exec.CommandContext(ctx, binary, "run", "--debug", "127.0.0.1:0", site.Config()),
		exited: make(chan struct{}),
		client: http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	i.cmd.Dir = site.Folder
	stdout, stdin := io.Pipe()
	i.cmd.Stdout, i.cmd.Stderr = stdin, &i.said
	if err := i.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the product: %w", err)
	}
	ready := make(chan string, 1)
	heard := make(chan struct{})
	go func() { // ends with the pipe, which the goroutine below closes
		defer close(heard)
		i.listen(stdout, ready)
	}()
	go func() { // ends with the process; Start and Stop wait for it
		i.err = i.cmd.Wait()
		stdin.Close()
		<-heard
		close(i.exited)
	}()
	select {
	case at := <-ready:
		i.debug = "http://" + at + "/debug"
		return i, nil
	case <-i.exited:
		return nil, errors.Join(errors.New("the product ended before it was ready"), i.err, errors.New(i.said.String()))
	case <-time.After(20 * time.Second):
		return nil, errors.Join(errors.New("the product was not ready after 20 s"), i.Stop(time.Second))
	}
}

func (i *Instance) listen(stdout io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		i.said.keep(append(lines.Bytes(), '\n'))
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] != "ready" {
			continue
		}
		for _, w := range words {
			if at, ok := strings.CutPrefix(w, "debug="); ok {
				select {
				case ready <- at:
				default: // said twice
				}
			}
		}
	}
	_, _ = io.Copy(io.Discard, stdout) // a line too long must not block the product; the pipe ends with it
}

// PID is the process's id.
func (i *Instance) PID() int { return i.cmd.Process.Pid }

// Said returns the last of what the process wrote to its two outputs.
func (i *Instance) Said() string { return i.said.String() }

// Stop asks the process to end and waits for it. One that has not ended when
// patience is over is killed, and that is an error; so is any exit status but
// 0. The accounting of the process can be read afterwards with Used.
func (i *Instance) Stop(patience time.Duration) error {
	if err := i.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ask the product to end: %w", err)
	}
	select {
	case <-i.exited:
	case <-time.After(patience):
		err := i.cmd.Process.Kill()
		<-i.exited
		return errors.Join(fmt.Errorf("the product did not end within %v of SIGTERM\n%s", patience, i.said.String()), err)
	}
	if i.err != nil {
		return fmt.Errorf("the product ended badly: %w\n%s", i.err, i.said.String())
	}
	return nil
}

// Used returns the CPU time of a process that was stopped.
func (i *Instance) Used() time.Duration {
	s := i.cmd.ProcessState
	return s.UserTime() + s.SystemTime()
}

// Debug is what /debug shows of a process.
type Debug struct {
	Calls        int `json:"calls"`
	Legs         int `json:"legs"`
	Transactions int `json:"transactions"`
	Lingering    int `json:"lingering"` // transactions kept only to absorb what comes late
	Ports        struct {
		Leased      int `json:"leased"`
		Quarantined int `json:"quarantined"`
	} `json:"ports"`
	Panics    int `json:"panics"`
	Registrar struct {
		Bindings int `json:"bindings"`
	} `json:"registrar"`
	Goroutines  int    `json:"goroutines"`
	Descriptors int    `json:"descriptors"`
	Heap        uint64 `json:"heap"` // octets
}

// Debug asks the process what it holds. A key that is missing is an error, so
// that a renamed one cannot pass for 0.
func (i *Instance) Debug() (Debug, error) {
	res, err := i.client.Get(i.debug)
	if err != nil {
		return Debug{}, fmt.Errorf("read debug: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return Debug{}, fmt.Errorf("read debug: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return Debug{}, fmt.Errorf("read debug: %s", res.Status)
	}
	return readDebug(body)
}

// AtRest waits until the process holds what it held before: no call, leg or
// transaction, the same ports, no more goroutines and descriptors, and no more
// heap than slack octets above. What it holds at last is returned also with the
// error that patience was over.
func (i *Instance) AtRest(before Debug, slack uint64, patience time.Duration) (Debug, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Second) {
		d, err := i.Debug()
		if err != nil {
			return d, err
		}
		if d.Calls == 0 && d.Legs == 0 && d.Transactions == 0 && d.Lingering == 0 && d.Ports == before.Ports &&
			d.Goroutines <= before.Goroutines && d.Descriptors <= before.Descriptors && d.Heap <= before.Heap+slack {
			return d, nil
		}
		if time.Now().After(deadline) {
			return d, fmt.Errorf("%v after the last call the process holds %+v, before the first it held %+v", patience, d, before)
		}
	}
}

// HeapSlack is what the heap may keep for good of so many calls at a time, by
// design: some 60 bytes for each port pair that was ever bound (its index, its epoch
// and its berth at a worker), of which a call with features takes up to eight;
// and whatever the number of calls, the lists that a turn fills and empties, up to
// 1,024 entries each of every shard and media worker (media/ebb), and the leases
// that each shard has in hand.
func HeapSlack(calls int) uint64 { return 3<<19 + uint64(calls)*512 }

func readDebug(body []byte) (Debug, error) {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &keys); err != nil {
		return Debug{}, fmt.Errorf("read debug: %w in %q", err, body)
	}
	ports := map[string]json.RawMessage{}
	if err := json.Unmarshal(keys["ports"], &ports); err != nil {
		return Debug{}, fmt.Errorf("read ports of debug: %w in %q", err, body)
	}
	for _, k := range []string{"calls", "legs", "transactions", "lingering", "panics", "registrar", "goroutines", "descriptors", "heap"} {
		if _, ok := keys[k]; !ok {
			return Debug{}, fmt.Errorf("debug does not say %s: %q", k, body)
		}
	}
	for _, k := range []string{"leased", "quarantined"} {
		if _, ok := ports[k]; !ok {
			return Debug{}, fmt.Errorf("debug does not say ports.%s: %q", k, body)
		}
	}
	var d Debug
	if err := json.Unmarshal(body, &d); err != nil {
		return Debug{}, fmt.Errorf("read debug: %w in %q", err, body)
	}
	if d.Descriptors <= 0 {
		return Debug{}, fmt.Errorf("debug does not know its descriptors: %q", body)
	}
	return d, nil
}

// output keeps the last 64 KiB of what was written to it.
type output struct {
	mu   sync.Mutex
	last []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.keep(p)
	return len(p), nil
}

func (o *output) keep(p []byte) {
	const most = 64 << 10
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = append(o.last, p...)
	if n := len(o.last) - most; n > 0 {
		o.last = bytes.Clone(o.last[n:])
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.last)
}
