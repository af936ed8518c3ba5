package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"sekisho/edge/cdr"
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
	// OneWay counts one-way audio by the trunk that was not heard.
	OneWay []Counted `json:"one_way"`
	// Voicemail counts calls that a mobile's voicemail seems to have taken.
	Voicemail []Counted `json:"suspected_voicemail"`
	// StarPairs counts pairs of * that were swallowed, by the trunk they came from.
	StarPairs []Counted  `json:"star_pairs"`
	Channels  []Channels `json:"channels"`
	// MediaDropped names the reasons for which there was something to drop.
	MediaDropped []MediaDropped `json:"media_dropped,omitempty"`
}

// Channels are a tenant's mobile channels.
type Channels struct {
	Tenant string `json:"tenant"`
	// Used is now, Peak the most there were since the start, of Limit.
	Used  int `json:"used"`
	Peak  int `json:"peak"`
	Limit int `json:"limit"`
	// Refused counts what found none.
	Refused uint64 `json:"refused"`
}

// Counted is a count of something at one trunk, or at "core".
type Counted struct {
	Trunk string `json:"trunk"`
	Count uint64 `json:"count"`
}

// Call is one that stands, by the name that its record will have.
type Call struct {
	ID     string   `json:"id"`
	Trunks []string `json:"trunks"` // of leg A, then B
}

// LegMedia is the quality of one leg by now.
type LegMedia struct {
	Leg     string     `json:"leg"` // "a" or "b"
	Trunk   string     `json:"trunk"`
	Foreign uint64     `json:"rtp_foreign"` // dropped: from nobody who may send
	Media   *cdr.Media `json:"media"`       // nil while nothing was sent or heard
}

// Views are what Debug shows. Each is asked on each request and may take as
// long as its context.
type Views struct {
	State func(context.Context) (State, error)
	Calls func(context.Context) ([]Call, error)
	// Media returns nil for a call that does not stand.
	Media func(ctx context.Context, id string) ([]LegMedia, error)
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

// MediaDropped counts RTP and RTCP packets that an application's media plane has
// dropped for one reason, by the names of media/relay: unauthentic and replayed
// among them are SRTP's.
type MediaDropped struct {
	Application string `json:"application"` // border or core
	Reason      string `json:"reason"`
	Count       uint64 `json:"count"`
}

// Ports counts RTP/RTCP pairs by what they are doing.
type Ports struct {
	Bound       int `json:"bound"`
	Leased      int `json:"leased"`
	Quarantined int `json:"quarantined"`
	Ready       int `json:"ready"` // bound, and lent or free to be lent at once
}

// Debug serves what the instance holds, as JSON, on a loopback address:
//
//	/debug                   State, so that a test can see it come back to where it started
//	/debug/calls             the calls that stand
//	/debug/calls/ID/media    the quality of one of them by now, by leg
//
// It tells the inside of the process, so it is never bound to anything but
// loopback; port 0 takes a free one.
func Debug(addr string, v Views) (*Server, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().IsLoopback() {
		return nil, fmt.Errorf("debug address %q is not a loopback address and port", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("debug: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug", show(func(ctx context.Context, _ *http.Request) (any, error) {
		s, err := v.State(ctx)
		return held(s), err
	}))
	mux.HandleFunc("GET /debug/calls", show(func(ctx context.Context, _ *http.Request) (any, error) { return v.Calls(ctx) }))
	mux.HandleFunc("GET /debug/calls/{id}/media", show(func(ctx context.Context, r *http.Request) (any, error) {
		legs, err := v.Media(ctx, r.PathValue("id"))
		if err == nil && legs == nil {
			err = errNoCall
		}
		return legs, err
	}))
	return serve(l, mux), nil
}

var errNoCall = errors.New("no such call stands")

// show answers with what view returns.
func show(view func(context.Context, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		answer, err := view(ctx, r)
		switch {
		case errors.Is(err, errNoCall):
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		case err != nil:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // the client has gone: nobody to tell
	}
}

func held(s State) Held {
	// Heap and resident set are only worth comparing after a collection, with what
	// is free given back.
	debug.FreeOSMemory()
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
