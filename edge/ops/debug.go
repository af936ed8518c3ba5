package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"time"
)

// Held is what /debug shows: State beside the process's own figures.
type Held struct {
	State
	Goroutines  int    `json:"goroutines"`
	Descriptors int    `json:"descriptors"`
	Heap        uint64 `json:"heap"` // bytes live after the last collection
}

// State is what the instance says of itself.
type State struct {
	Calls        int    `json:"calls"`
	Legs         int    `json:"legs"`
	Transactions int    `json:"transactions"`
	Lingering    int    `json:"lingering"`
	Attempts     uint64 `json:"attempts"`
	Answered     uint64 `json:"answered"`
	Records      uint64 `json:"records"`
	RecordsLost  uint64 `json:"records_lost"`
	Panics       uint64 `json:"panics"`
	Ports        Ports  `json:"ports"`

	Peers     []Peer       `json:"peers"`
	SIP       []Signalling `json:"sip"`
	Registrar Registrar    `json:"registrar"`
}

// Peer is one of those that calls are sent to, and what is held against it.
type Peer struct {
	Trunk   string `json:"trunk"` // or "core"
	Address string `json:"address"`
	Up      bool   `json:"up"`
	// PausedMS is how long calls are still kept from it, in milliseconds.
	PausedMS int64 `json:"paused_ms"`
	Misses   int   `json:"misses"` // in a row
	// Answered and Unanswered count OPTIONS since the start; an answer of an ill
	// server is none.
	Answered   uint64 `json:"answered"`
	Unanswered uint64 `json:"unanswered"`
}

// Signalling counts what an application's shards were sent and could do nothing
// with, since the start.
type Signalling struct {
	Application string `json:"application"` // border or core
	// Unmatched are requests and responses of no dialog and no transaction.
	Unmatched uint64 `json:"unmatched"`
	// Strangers are messages from nobody's address, or not from the dialog's
	// peer.
	Strangers uint64 `json:"strangers"`
	Malformed uint64 `json:"malformed"`
	// Refused are requests answered before they concerned a call, RefusedInvites
	// those among them that would have been calls: 400, 420, 482, 483. They leave
	// no record, having been nobody's.
	Refused        uint64 `json:"refused"`
	RefusedInvites uint64 `json:"refused_invites"`
}

// Registrar is what the core's holds, and has done since the start.
type Registrar struct {
	Bindings   int    `json:"bindings"`
	Challenges uint64 `json:"challenges"`
	Failures   uint64 `json:"failures"` // wrong answers to them
	Bans       uint64 `json:"bans"`
}

// Ports counts RTP/RTCP pairs by what they are doing.
type Ports struct {
	Bound       int `json:"bound"`
	Leased      int `json:"leased"`
	Quarantined int `json:"quarantined"`
	Ready       int `json:"ready"` // bound, and lent or free to be lent at once
}

// Debug serves /debug on a loopback address: what the instance holds, as JSON,
// so that a test can see it come back to where it started. It tells the inside
// of the process, so it is never bound to anything but loopback; port 0 takes a
// free one. state is asked on each request and may take as long as its context.
func Debug(addr string, state func(context.Context) (State, error)) (*Server, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().IsLoopback() {
		return nil, fmt.Errorf("debug address %q is not a loopback address and port", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("debug: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		s, err := state(ctx)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(held(s)) // the client has gone: nobody to tell
	})
	return serve(l, mux), nil
}

func held(s State) Held {
	runtime.GC() // heap is only worth comparing after a collection
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Held{State: s, Goroutines: runtime.NumGoroutine(), Descriptors: descriptors(), Heap: m.HeapAlloc}
}

// descriptors counts the process's open descriptors where the system tells,
// without the one that counts; else -1.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries) - 1
}
