package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// b2bua couples a dialog with a carrier and one with the core.
type b2bua struct {
	place   place
	callers *sipgo.DialogServerCache
	core    *sipgo.DialogClientCache
	records *records
	ports   ports
}

// serve runs until ctx is done.
func serve(ctx context.Context, p place, ready func()) error {
	agent, err := sipgo.NewUA(sipgo.WithUserAgentHostname(domain))
	if err != nil {
		return err
	}
	defer agent.Close()
	server, err := sipgo.NewServer(agent)
	if err != nil {
		return err
	}
	west, err := sipgo.NewClient(agent, sipgo.WithClientConnectionAddr(p.west.String()))
	if err != nil {
		return err
	}
	east, err := sipgo.NewClient(agent, sipgo.WithClientConnectionAddr(p.east.String()))
	if err != nil {
		return err
	}
	kept, err := openRecords(p.records)
	if err != nil {
		return err
	}
	b := &b2bua{
		place: p, records: kept,
		callers: sipgo.NewDialogServerCache(west, contactAt(p.west)),
		core:    sipgo.NewDialogClientCache(east, contactAt(p.east)),
	}
	server.OnInvite(b.invite)
	server.OnAck(func(req *sip.Request, tx sip.ServerTransaction) { _ = b.callers.ReadAck(req, tx) })
	server.OnBye(b.bye)
	return errors.Join(listenBoth(ctx, server, p, ready), kept.close())
}

func listenBoth(ctx context.Context, server *sipgo.Server, p place, ready func()) error {
	var sockets []*net.UDPConn
	defer func() {
		for _, c := range sockets {
			c.Close()
		}
	}()
	for _, at := range [...]netip.AddrPort{p.west, p.east} {
		c, err := listen(at)
		if err != nil {
			return err
		}
		sockets = append(sockets, c)
	}
	var readers sync.WaitGroup
	for _, c := range sockets {
		readers.Go(func() { _ = server.ServeUDP(c) }) // ends when the socket is closed
	}
	ready()
	<-ctx.Done()
	for _, c := range sockets {
		c.Close()
	}
	readers.Wait()
	return nil
}

func contactAt(at netip.AddrPort) sip.ContactHeader {
	return sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "stock", Host: at.Addr().String(), Port: int(at.Port())}}
}

// invite is a carrier's call from its INVITE to its end.
func (b *b2bua) invite(req *sip.Request, tx sip.ServerTransaction) {
	r := record{Start: time.Now().UTC(), Application: "stock"}
	a, err := b.callers.ReadInvite(req, tx)
	if err != nil {
		_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusBadRequest, err.Error(), nil))
		return
	}
	defer a.Close()
	defer func() {
		r.End = time.Now().UTC()
		b.records.keep(&r)
	}()
	if err := a.Respond(sip.StatusTrying, "Trying", nil); err != nil {
		return
	}
	onward, err := b.onward(req, &r)
	if err != nil {
		_ = a.Respond(sip.StatusNotAcceptableHere, err.Error(), nil)
		return
	}
	if err := b.couple(a, onward, &r); err != nil {
		r.Fault = err.Error()
	}
}

// couple places the call with the core and ends one side with the other.
func (b *b2bua) couple(a *sipgo.DialogServerSession, onward *sip.Request, r *record) error {
	ctx := a.Context()
	core, err := b.core.WriteInvite(ctx, onward)
	if err != nil {
		return errors.Join(err, a.Respond(sip.StatusTemporarilyUnavailable, "Temporarily Unavailable", nil))
	}
	defer core.Close()
	r.B.CallID = onward.CallID().Value()
	err = core.WaitAnswer(ctx, sipgo.AnswerOptions{OnResponse: func(res *sip.Response) error {
		if !res.IsProvisional() || res.StatusCode == sip.StatusTrying {
			return nil
		}
		r.ring()
		return a.Respond(res.StatusCode, res.Reason, nil)
	}})
	if err != nil {
		if refused := new(sipgo.ErrDialogResponse); errors.As(err, &refused) {
			return errors.Join(err, a.Respond(refused.Res.StatusCode, refused.Res.Reason, nil))
		}
		return err
	}
	if err := core.Ack(ctx); err != nil {
		return err
	}
	answer, err := b.describe(core.InviteResponse.Body(), b.place.west.Addr())
	if err != nil {
		return errors.Join(err, core.Bye(context.Background()))
	}
	r.answer()
	if err := a.Respond(sip.StatusOK, "OK", answer, sip.NewHeader("Allow", allowed), sip.NewHeader("Content-Type", "application/sdp")); err != nil {
		return errors.Join(err, core.Bye(context.Background()))
	}
	end, cancel := context.WithTimeout(context.Background(), 32*time.Second)
	defer cancel()
	select {
	case <-ctx.Done():
		r.A.Side, r.B.Side = "remote", "local"
		return core.Bye(end)
	case <-core.Context().Done():
		r.A.Side, r.B.Side = "local", "remote"
		return a.Bye(end)
	}
}

// bye ends the dialog of either side; its call's goroutine ends the other.
func (b *b2bua) bye(req *sip.Request, tx sip.ServerTransaction) {
	if b.callers.ReadBye(req, tx) == nil || b.core.ReadBye(req, tx) == nil {
		return
	}
	_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist", nil))
}

// onward is the INVITE toward the core.
func (b *b2bua) onward(req *sip.Request, r *record) (*sip.Request, error) {
	called, err := dialled(req.Recipient.User)
	if err != nil {
		return nil, err
	}
	caller, err := callerOf(req)
	if err != nil {
		return nil, err
	}
	body, err := b.describe(req.Body(), b.place.east.Addr())
	if err != nil {
		return nil, err
	}
	hops := req.MaxForwards()
	if hops == nil || hops.Val() == 0 {
		return nil, errors.New("too many hops")
	}
	from := sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: caller, Host: domain}}
	from.Params.Add("tag", sip.GenerateTagN(16))
	left := sip.MaxForwardsHeader(hops.Val() - 1)
	target := sip.Uri{Scheme: "sip", User: called, Host: domain}
	out := sip.NewRequest(sip.INVITE, target)
	out.SetDestination(b.place.core.String())
	out.SetTransport("UDP")
	id := sip.GenerateTagN(32)
	for _, h := range []sip.Header{
		&left, &from, &sip.ToHeader{Address: target},
		sip.NewHeader("Allow", allowed),
		sip.NewHeader("P-Asserted-Identity", "<"+from.Address.String()+">"),
		sip.NewHeader("Sekisho-Call", fmt.Sprintf("kind=mobile; carrier=docomo; tenant=t1; id=%s", id)),
		sip.NewHeader("Session-ID", sip.GenerateTagN(32)+";remote="+strings.Repeat("0", 32)),
		sip.NewHeader("Content-Type", "application/sdp"),
	} {
		out.AppendHeader(h)
	}
	if d := req.GetHeader("Diversion"); d != nil {
		out.AppendHeader(sip.HeaderClone(d))
	}
	out.SetBody(body)
	r.ID, r.Caller, r.Called = id, caller, called
	r.A = leg{Trunk: "docomo", CallID: req.CallID().Value(), Remote: req.Source()}
	r.B = leg{Trunk: "core", Remote: b.place.core.String()}
	return out, nil
}
