package leg

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
	"sekisho/media/relay"
)

// row is one life of a leg: the sentence that rules it, and steps each with
// what follows, as "step = action, action".
type row struct {
	name, sentence string
	steps          []string
}

func play(t *testing.T, rows []row) {
	t.Helper()
	playUnder(t, Terms{}, rows)
}

func playUnder(t *testing.T, terms Terms, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			g := newRig(t)
			g.terms = terms
			for _, line := range r.steps {
				step, want, _ := strings.Cut(line+" ", " = ")
				if got := g.step(step); got != strings.TrimSpace(want) {
					t.Fatalf("%s\n%q gave %q\nwant %q\nafter %v", r.sentence, step, got, want, g.past)
				}
				g.past = append(g.past, line)
			}
		})
	}
}

// rig drives one leg by words.
type rig struct {
	t     *testing.T
	env   *Env
	now   time.Time
	leg   *Leg
	terms Terms
	extra []string
	past  []string
	// tx is the name given last; started are the client transactions by the
	// method and number of their request, such as "BYE 2".
	tx      transaction.ID
	started map[string]transaction.ID
	invite  *sip.Request // ours or the peer's, the latest
	seq     uint32       // of the peer's latest request
	once    []byte       // the ACK sent last
	last    *sip.Request // our request sent last
	asked   uint64       // the token given last
	rseq    uint32       // of our last reliable provisional response
	// invited and invitedTx are the number and the transaction of the peer's latest
	// INVITE.
	invited   uint32
	update    transaction.ID // our latest UPDATE
	invitedTx transaction.ID
	reply     *sip.Response
}

func newRig(t *testing.T) *rig {
	g := &rig{t: t, now: time.Unix(1000, 0), started: map[string]transaction.ID{}, seq: 100, rseq: 1}
	g.env = &Env{
		Source:  rand.New(rand.NewPCG(1, 2)),
		Timers:  transaction.Timers{T1: 500 * time.Millisecond, T2: 4 * time.Second, T4: 5 * time.Second},
		Hosts:   []Host{{Name: "192.0.2.1", Port: 5060}},
		Resolve: func(_ string, f flow.Flow) flow.Flow { return f },
		Allow:   "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE",
	}
	return g
}

var peer = flow.Flow{Remote: netip.MustParseAddrPort("192.0.2.2:5060")}

var voice = Media{
	Addr: netip.MustParseAddrPort("192.0.2.1:20000"),
	Caps: sdp.Caps{Codecs: []relay.Codec{relay.PCMU, relay.PCMA}, Event: 101},
}

const theirSDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0\r\n"

// step understands: commands by name; "180 TAG sdp" and the like as answers to
// our latest INVITE; "bye 200" as an answer to our BYE; "BYE", "ACK sdp",
// "INVITE sdp", "CANCEL" and other methods as requests of the peer, where "PRACK
// wrong" names another response than our last reliable one; "update 200" as an
// answer to our UPDATE; "fail
// METHOD" as a client transaction without an answer; "after 32s"; "restart".
// "ask METHOD" and "respond N 200" are the application's, N the name that the
// peer's request was handed up under; "reply 200" answers our latest request.
// "old" gives a request the number of the one before. A step may end in
// "| Name: value | …", further headers of the peer's message.
func (g *rig) step(step string) string {
	g.t.Helper()
	step, extra, _ := strings.Cut(step, " | ")
	g.extra = nil
	if extra != "" {
		g.extra = strings.Split(extra, " | ")
	}
	word, rest, _ := strings.Cut(step, " ")
	switch word {
	case "receive":
		return g.receive(rest)
	case "restart":
		return g.restart()
	case "after":
		d, err := time.ParseDuration(rest)
		if err != nil {
			g.t.Fatal(err)
		}
		g.now = g.now.Add(d)
		return g.take(g.leg.Timeout(g.now, nil))
	case "fail", "unreachable":
		reason := transaction.TimedOut
		if word == "unreachable" {
			reason = transaction.TransportFailed
		}
		return g.take(g.leg.Handle(g.now, transaction.Failed{ID: g.started[rest], Reason: reason}, nil))
	case "bye":
		r := transaction.Reply(g.last, number(g.t, rest), "", "x")
		return g.take(g.leg.Handle(g.now, transaction.Answered{ID: g.leg.byeTx, Response: r}, nil))
	case "reply":
		r := transaction.Reply(g.last, number(g.t, rest), "", "x")
		for _, line := range g.extra {
			name, value, _ := strings.Cut(line, ": ")
			r.AppendHeader(sip.NewHeader(name, value))
		}
		key := string(g.last.Method) + " " + strconv.Itoa(int(g.last.CSeq().SeqNo))
		return g.take(g.leg.Handle(g.now, transaction.Answered{ID: g.started[key], Response: r}, nil))
	case "ask":
		g.asked++
		return g.take(g.leg.Command(g.now, Ask{Token: g.asked, Method: sip.RequestMethod(rest), Type: "text/plain", Content: []byte("x")}, nil))
	case "respond":
		which, status, _ := strings.Cut(rest, " ")
		return g.take(g.leg.Command(g.now, Respond{ID: transaction.ID(number(g.t, which)), Status: number(g.t, status)}, nil))
	case "update":
		r := transaction.Reply(g.last, number(g.t, strings.TrimSuffix(rest, " sdp")), "", "x")
		for _, line := range g.extra {
			name, value, _ := strings.Cut(line, ": ")
			r.AppendHeader(sip.NewHeader(name, value))
		}
		if strings.HasSuffix(rest, " sdp") {
			r.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
			r.SetBody([]byte(theirSDP))
		}
		return g.take(g.leg.Handle(g.now, transaction.Answered{ID: g.update, Response: r}, nil))
	case "ACK", "BYE", "INVITE", "OPTIONS", "INFO", "NOTIFY", "REFER", "HELLO", "CANCEL", "PRACK", "UPDATE":
		return g.request(step)
	}
	if word[0] >= '0' && word[0] <= '9' {
		return g.response(step)
	}
	return g.command(word, rest)
}

func (g *rig) command(word, rest string) string {
	g.t.Helper()
	c := map[string]Command{
		"ring": Ring{Status: 180}, "early": Ring{Status: 183, Media: &voice},
		"answer": Answer{Media: &voice}, "same": Answer{}, "acknowledge": Acknowledge{Media: voice},
		"reoffer": Reoffer{Media: voice}, "accept": AnswerOffer{Media: voice}, "decline": RefuseOffer{Status: 488},
		"hangup": HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}}, "busy": HangUp{Cause: cause.Cause{Status: 486, Q850: cause.UserBusy}},
	}[word]
	if r, ok := c.(Ring); ok && rest == "reliable" {
		r.Reliable = true
		c = r
	}
	if rest == "held" {
		held := voice
		held.Direction = relay.SendOnly
		c = Reoffer{Media: held}
	}
	if word == "dial" {
		d := Dial{Flow: peer, CallID: "c1", Target: "sip:2001@192.0.2.2", From: "<sip:0300009001@a.example>",
			To: "<sip:2001@b.example>", MaxForwards: 70, Media: &voice}
		if rest == "late" {
			d.Media = nil
		}
		g.leg, c = New(g.env, 1, g.terms), d
	}
	if c == nil {
		g.t.Fatalf("no command %q", word)
	}
	return g.take(g.leg.Command(g.now, c, nil))
}

// receive makes a leg of an INVITE: "sdp", "late", or a body that is no SDP.
func (g *rig) receive(kind string) string {
	g.t.Helper()
	m := g.message("INVITE", "", kind == "sdp")
	if kind == "text" {
		m.AppendHeader(sip.NewHeader("Content-Type", "text/plain"))
		m.SetBody([]byte("hello"))
	}
	g.tx++
	g.invitedTx = g.tx
	l, fault := Receive(g.env, 1, transaction.Arrived{ID: g.tx, Flow: peer, Request: m}, g.terms)
	if fault != nil {
		return "fault " + strconv.Itoa(fault.Status)
	}
	g.leg, g.invite = l, m
	return "arrived offer=" + strconv.FormatBool(l.Offer() != nil)
}

// message is a request of the peer; to is the tag it has for us.
func (g *rig) message(method, to string, body bool) *sip.Request {
	g.t.Helper()
	remote := "them"
	if g.leg != nil && g.leg.caller() {
		remote = "a"
	}
	number := g.invited
	if method != "ACK" && method != "CANCEL" {
		g.seq++
		number = g.seq
	}
	if method == "INVITE" {
		g.invited = g.seq
	}
	text := fmt.Sprintf("%s sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKp%d\r\n"+
		"From: <sip:2001@b.example>;tag=%s\r\nTo: <sip:0300009001@a.example>", method, number, remote)
	if to != "" {
		text += ";tag=" + to
	}
	text += fmt.Sprintf("\r\nCall-ID: c1\r\nCSeq: %d %s\r\nMax-Forwards: 70\r\n", number, method)
	for _, line := range g.extra {
		text += line + "\r\n"
	}
	if !strings.Contains(text, "\r\nContact:") {
		text += "Contact: <sip:p@192.0.2.2>\r\n"
	}
	if method == "PRACK" && !strings.Contains(text, "\r\nRAck:") {
		text += fmt.Sprintf("RAck: %d %d INVITE\r\n", g.rseq, g.invite.CSeq().SeqNo)
	}
	if body {
		text += "Content-Type: application/sdp\r\nContent-Length: " + strconv.Itoa(len(theirSDP)) + "\r\n\r\n" + theirSDP
	} else {
		text += "Content-Length: 0\r\n\r\n"
	}
	m, err := header.Parse(header.NewGuard(header.Limits{}), []byte(text))
	if err != nil {
		g.t.Fatal(err)
	}
	return m.(*sip.Request)
}

func (g *rig) request(step string) string {
	g.t.Helper()
	method, rest, _ := strings.Cut(step, " ")
	if method == "CANCEL" {
		return g.take(g.leg.Handle(g.now, transaction.Cancelled{ID: g.invitedTx, Request: g.message(method, "", false)}, nil))
	}
	latest := g.seq
	switch {
	case !strings.HasSuffix(rest, "old"):
		latest = 0
	case method == "ACK":
		g.invited--
		defer func() { g.invited++ }()
	default:
		g.seq -= 2
	}
	if strings.HasPrefix(rest, "wrong") {
		g.rseq++
		defer func() { g.rseq-- }()
	}
	m := g.message(method, string(g.leg.LocalTag()), strings.HasPrefix(rest, "sdp"))
	g.seq = max(g.seq, latest)
	if !g.leg.Owns(m) {
		return "not ours"
	}
	in := transaction.Arrived{Flow: peer, Request: m}
	if method != "ACK" {
		g.tx++
		in.ID = g.tx
	}
	if method == "INVITE" {
		g.invitedTx = g.tx
	}
	return g.take(g.leg.Handle(g.now, in, nil))
}

// response answers our latest INVITE: status, To tag ("-" for none), "sdp".
func (g *rig) response(step string) string {
	g.t.Helper()
	words := strings.Fields(step)
	r := transaction.Reply(g.invite, number(g.t, words[0]), "", "")
	if words[1] != "-" && header.Tag(r.To().Params) == "" {
		r = transaction.Reply(g.invite, number(g.t, words[0]), "", token.Tag(words[1]))
	}
	r.AppendHeader(sip.NewHeader("Contact", "<sip:p@192.0.2.2>"))
	for _, line := range g.extra {
		name, value, _ := strings.Cut(line, ": ")
		r.AppendHeader(sip.NewHeader(name, value))
	}
	if len(words) > 2 {
		sdp := theirSDP
		if words[2] == "moved" {
			sdp = strings.Replace(sdp, "30000", "30002", 1)
		}
		r.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		r.SetBody([]byte(sdp))
	}
	id := g.started["INVITE "+strconv.Itoa(int(g.invite.CSeq().SeqNo))]
	return g.take(g.leg.Handle(g.now, transaction.Answered{ID: id, Response: r}, nil))
}

// take puts actions into words and names the transactions they start.
func (g *rig) take(actions []Action) string {
	g.t.Helper()
	var words []string
	for _, a := range actions {
		switch a := a.(type) {
		case Transact:
			g.tx++
			m := a.Request
			key := string(m.Method) + " " + strconv.Itoa(int(m.CSeq().SeqNo))
			g.started[key] = g.tx
			if g.last = m; m.Method == sip.INVITE {
				g.invite = m
			}
			if m.Method == sip.UPDATE {
				g.update = g.tx
			}
			if m.Method == sip.PRACK {
				key += " (" + header.First(m, "RAck") + ")"
			}
			if len(m.Body()) > 0 && (m.Method == sip.PRACK || m.Method == sip.UPDATE) {
				key += "+sdp"
			}
			words = append(words, key)
			if out := g.leg.Handle(g.now, transaction.Started{ID: g.tx, Owner: 1}, nil); len(out) > 0 {
				g.t.Fatalf("Started gave %v", out)
			}
		case Reply:
			g.reply = a.Response
			w := strconv.Itoa(a.Response.StatusCode)
			if len(a.Response.Body()) > 0 {
				w += "+sdp"
			}
			if n, err := header.ParseRSeq(header.First(a.Response, "RSeq")); err == nil {
				g.rseq, w = n, w+" reliable"
			}
			words = append(words, w)
		case Again:
			words = append(words, "again")
		case Once:
			w := "ack"
			if bytes.Contains(a.Data, []byte("\r\nm=audio")) {
				w += "+sdp"
			}
			if bytes.Equal(a.Data, g.once) {
				w += " same"
			}
			g.once = a.Data
			words = append(words, w)
		case Tell:
			words = append(words, g.told(a.Event))
		case Gone:
			words = append(words, "gone")
		}
	}
	return strings.Join(words, ", ")
}

func (g *rig) told(ev Event) string {
	media := func(word string, yes bool) string {
		if yes {
			return word + "+media"
		}
		return word
	}
	switch ev := ev.(type) {
	case Progressed:
		if ev.Offer != nil {
			return fmt.Sprintf("progressed %d+offer", ev.Status)
		}
		return media(fmt.Sprintf("progressed %d", ev.Status), ev.Negotiated != nil)
	case Answered:
		if ev.Offer != nil {
			return "answered+offer"
		}
		return media("answered", ev.Negotiated != nil)
	case Acked:
		return media("acked", ev.Negotiated != nil)
	case Offered:
		return media("offered", ev.Offer != nil)
	case Agreed:
		return "agreed"
	case OfferWithdrawn:
		return "withdrawn"
	case Authorised:
		return "authorised"
	case OfferRefused:
		if ev.Retry != 0 && ev.Status != 491 {
			return fmt.Sprintf("refused %d for %v", ev.Status, ev.Retry)
		}
		return fmt.Sprintf("refused %d", ev.Status)
	case Asked:
		return fmt.Sprintf("asked %s %d", ev.Request.Method, ev.ID)
	case Replied:
		if ev.Response == nil {
			return fmt.Sprintf("replied %d nothing", ev.Token)
		}
		return fmt.Sprintf("replied %d %d", ev.Token, ev.Response.StatusCode)
	case Ended:
		w := "ended " + ev.Cause.Side.String() + " " + strconv.Itoa(ev.Cause.Status)
		if ev.Unanswered && g.leg.reliable.answer != nil {
			w += " unanswered"
		}
		return w
	}
	return "?"
}

// restart takes the leg through its snapshot.
func (g *rig) restart() string {
	g.t.Helper()
	var file bytes.Buffer
	if err := gob.NewEncoder(&file).Encode(g.leg.Snapshot(g.now)); err != nil {
		g.t.Fatal(err)
	}
	var s Snapshot
	if err := gob.NewDecoder(&file).Decode(&s); err != nil {
		g.t.Fatal(err)
	}
	g.now = g.now.Add(time.Hour) // what passed in between does not count
	l, err := RestoreLeg(g.env, g.now, s, g.terms)
	if err != nil {
		g.t.Fatal(err)
	}
	g.leg = l
	return ""
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
