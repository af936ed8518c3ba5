package ua

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
	"sekisho/media/ebb"
)

// Ask sends a request of the application's own outside any dialog, such as an
// OPTIONS. Replied tells what came of it, unless the shard is restored in
// between.
type Ask struct {
	// Token comes back with Replied.
	Token  uint64
	Flow   flow.Flow
	Method sip.RequestMethod
	// Target is the Request-URI. From and To are whole values without tag.
	Target, From, To string
	CallID           string
}

// Replied is the final response to an Ask, or nil where there was none: timer F
// has fired, or the flow cannot be sent on.
type Replied struct {
	Token    uint64
	Response *sip.Response
}

func (Ask) action()    {}
func (Replied) input() {}

// ask sends the request in a transaction that a name of a leg's owns: there
// will be no such leg.
func (u *UA) ask(now time.Time, a Ask) {
	var uri sip.Uri
	if sip.ParseUri(a.Target, &uri) != nil {
		u.tellApp(now, Replied{Token: a.Token})
		return
	}
	h := u.cfg.Hosts[a.Flow.Listener]
	r := sip.NewRequest(a.Method, uri)
	r.AppendHeader(&sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: a.Flow.Proto.String(), Host: h.Name, Port: h.Port,
		Params: sip.HeaderParams{{K: "branch", V: string(token.NewBranch(u.cfg.Source))}, {K: "rport"}},
	})
	maxForwards := sip.MaxForwardsHeader(70) // RFC 3261 §8.1.1.6
	r.AppendHeader(&maxForwards)
	r.AppendHeader(sip.NewHeader("From", a.From+";tag="+string(token.NewTag(u.cfg.Source))))
	r.AppendHeader(sip.NewHeader("To", a.To))
	callID := sip.CallIDHeader(a.CallID)
	r.AppendHeader(&callID)
	r.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: a.Method})
	r.AppendHeader(sip.NewHeader("Accept", "application/sdp")) // "SHOULD be included" (§11.1)
	length := sip.ContentLengthHeader(0)
	r.AppendHeader(&length)
	owner := u.cfg.Legs.Next()
	u.asks[owner] = a.Token
	u.feed(now, transaction.Request{Owner: owner, Flow: a.Flow, Request: r})
}

// replied tells the application what came of an Ask, and reports whether the
// transaction was one's.
func (u *UA) replied(now time.Time, owner leg.ID, r *sip.Response) bool {
	name, ok := u.asks[owner]
	if !ok || r != nil && r.StatusCode < 200 {
		return ok
	}
	ebb.Delete(&u.asks, &u.most.asks, owner)
	u.tellApp(now, Replied{Token: name, Response: r})
	return true
}
