package main

import (
	"bytes"
	_ "embed"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"sekisho/edge/border"
	"sekisho/edge/config"
	"sekisho/edge/node"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/ua"
	"sekisho/media/engine"
	"sekisho/media/port"
	"sekisho/media/relay"
)

//go:embed testdata/border.yaml
var borderConfig []byte

const (
	west flow.Listener = 0 // toward the carrier
	east flow.Listener = 1 // toward the core
)

// shard is one whole shard of the border in memory, with stepped media: from
// the scan of a datagram at the rim to the line of the call's record. The test
// plays the carrier and the core around it.
type shard struct {
	now    time.Time
	ua     *ua.UA
	border *border.Border
	media  *engine.Stepped
	key    callid.Key
	peers  [2]flow.Flow // by listener

	actions  []ua.Action
	commands []relay.Command
	events   []relay.Event
	line     []byte
	// sent holds the last datagram to each listener, records how many calls
	// have left their record.
	sent    [2][]byte
	records int
	// inside is the time spent in the shard, without the peers.
	inside time.Duration
}

func newShard(t testing.TB) *shard {
	t.Helper()
	c, err := config.Parse("border.yaml", borderConfig)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := c.Tables()
	if err != nil {
		t.Fatal(err)
	}
	s := &shard{now: time.Unix(1_700_000_000, 0), key: callid.Key{1}}
	random := rand.New(rand.NewPCG(1, 2))
	s.media, err = engine.NewStepped(engine.Config{
		Addresses: c.Border.Media.Addresses,
		Ports:     port.Range{First: c.Border.Media.Ports.First, Last: c.Border.Media.Ports.Last},
		Events:    func(_ uint32, ev relay.Event) { s.events = append(s.events, ev) },
		Random:    random.Uint32N,
	}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	at := node.Sockets{Seam: c.Core.Seam}
	for _, l := range c.Border.Listeners {
		at.Border = append(at.Border, l.Bind)
	}
	s.ua, s.border = node.Border(c, tables, at, node.Shard{
		Source: rand.NewChaCha8([32]byte{3}), Key: s.key,
		Ports: node.NewStock(s.media, node.StockConfig{Workers: 1, Addresses: c.Border.Media.Addresses, Block: 16}), Limits: node.Limits(c),
	})
	s.peers[west] = flow.Flow{Listener: west, Remote: c.Trunks[0].To[0]}
	s.peers[east] = flow.Flow{Listener: east, Remote: c.Core.Seam[0]}
	return s
}

// receive is what becomes of one datagram, from its arrival at a listener to
// the datagrams that follow from it.
func (s *shard) receive(t testing.TB, l flow.Listener, data []byte) {
	began := time.Now()
	id, err := header.CallID(data)
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	if callid.Shard(s.key.Of(id), 1) != 0 {
		t.Fatal("another shard's call")
	}
	s.actions = s.ua.Datagram(s.now, s.peers[l], data, s.actions[:0])
	s.carryOut(t)
	s.inside += time.Since(began)
}

// pass lets time pass.
func (s *shard) pass(t testing.TB, d time.Duration) {
	began := time.Now()
	s.now = s.now.Add(d)
	s.media.Step(s.now)
	if at := s.ua.Deadline(); !at.IsZero() && !s.now.Before(at) {
		s.actions = s.ua.Timeout(s.now, s.actions[:0])
		s.carryOut(t)
	}
	s.inside += time.Since(began)
}

func (s *shard) carryOut(t testing.TB) {
	for {
		s.commands = s.commands[:0]
		for _, a := range s.actions {
			switch a := a.(type) {
			case ua.Send:
				s.sent[a.Flow.Listener] = a.Data
			case ua.Media:
				s.commands = append(s.commands, a.Command)
			case ua.Record:
				var err error
				if s.line, err = a.Record.Append(s.line[:0]); err != nil {
					t.Fatal(err)
				}
				s.records++
			case ua.Note, ua.Command:
			}
		}
		s.actions = s.actions[:0]
		if len(s.commands) > 0 {
			s.media.Do(s.commands)
		}
		if len(s.events) == 0 {
			return
		}
		for _, ev := range s.events {
			s.actions = s.ua.MediaEvent(s.now, ev, s.actions)
		}
		s.events = s.events[:0]
	}
}

// takes returns what was last sent to a listener's peer, which must begin with
// start.
func (s *shard) takes(t testing.TB, l flow.Listener, start string) []byte {
	sent := s.sent[l]
	if !bytes.HasPrefix(sent, []byte(start)) {
		t.Fatalf("want %q, sent\n%s", start, sent)
	}
	s.sent[l] = nil
	return sent
}

// peers write the messages around the shard into one buffer, without
// allocating, so that the figures are the shard's.
type peers struct {
	shard *shard
	calls int
	buf   []byte
	// contact and to are the carrier's view of the border's 200.
	contact, to []byte
}

// call is INVITE, 100, 180, 200, ACK, BYE, 200 on both legs.
func (p *peers) call(t testing.TB) {
	p.begin(t)
	p.end(t)
	if p.shard.records != p.calls {
		t.Fatalf("%d records of %d calls", p.shard.records, p.calls)
	}
}

// begin has a call stand.
func (p *peers) begin(t testing.TB) {
	s := p.shard
	p.calls++
	p.invite()
	s.receive(t, west, p.buf)
	s.takes(t, west, "SIP/2.0 100 ")
	invite := s.takes(t, east, "INVITE ")
	p.respond(invite, "100 Trying", "")
	s.receive(t, east, p.buf)
	p.respond(invite, "180 Ringing", "")
	s.receive(t, east, p.buf)
	s.takes(t, west, "SIP/2.0 180 ")
	p.respond(invite, "200 OK", coreSDP)
	s.receive(t, east, p.buf)
	answer := s.takes(t, west, "SIP/2.0 200 ")
	p.contact = append(p.contact[:0], between(answer, "\r\nContact: <", ">")...)
	p.to = append(p.to[:0], between(answer, "\r\nTo: ", "\r\n")...)
	p.request("ACK", 1)
	s.receive(t, west, p.buf)
	s.takes(t, east, "ACK ")
}

// end has the call that was begun last be over.
func (p *peers) end(t testing.TB) {
	s := p.shard
	p.request("BYE", 2)
	s.receive(t, west, p.buf)
	s.takes(t, west, "SIP/2.0 200 ")
	p.respond(s.takes(t, east, "BYE "), "200 OK", "")
	s.receive(t, east, p.buf)
}

const (
	carrierURI     = "<sip:+819000002001@docomo.example;user=phone>"
	dialledURI     = "<sip:80300009001@192.0.2.1;user=phone>"
	carrierHeaders = "Contact: <sip:9000002001@203.0.113.1:5060;transport=udp>\r\n" +
		"P-Asserted-Identity: <tel:+819000002001>\r\n" +
		"P-Asserted-Identity: " + carrierURI + "\r\n" +
		"P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=44010000100000001\r\n" +
		"P-Charging-Vector: icid-value=\"bench-0123456789abcdef\";orig-ioi=docomo.example\r\n" +
		"P-Early-Media: supported\r\n" +
		"Supported: 100rel,timer\r\n" +
		"Session-Expires: 1800\r\n" +
		"Min-SE: 90\r\n" +
		"Allow: INVITE,ACK,BYE,CANCEL,OPTIONS,PRACK,UPDATE\r\n" +
		"Accept: application/sdp\r\n" +
		"User-Agent: carrier-as/1.0\r\n" +
		"Content-Type: application/sdp\r\n"
	carrierSDP = "v=0\r\no=- 53655765 2353687637 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n" +
		"m=audio 6000 RTP/AVP 0 101\r\nb=AS:80\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n" +
		"a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
	coreSDP = "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n" +
		"m=audio 6000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n" +
		"a=fmtp:101 0-15\r\na=ptime:20\r\n"
)

// invite is the carrier's, of the size that carriers send.
func (p *peers) invite() {
	p.buf = append(p.buf[:0], "INVITE sip:80300009001@192.0.2.1;user=phone SIP/2.0\r\n"...)
	p.common(1, "INVITE")
	p.buf = append(append(p.buf, "To: "+dialledURI+"\r\n"...), carrierHeaders...)
	p.body(carrierSDP)
}

// request is the carrier's within the dialog.
func (p *peers) request(method string, cseq int) {
	p.buf = append(append(p.buf[:0], method...), ' ')
	p.buf = append(append(p.buf, p.contact...), " SIP/2.0\r\n"...)
	p.common(cseq, method)
	p.buf = append(append(append(p.buf, "To: "...), p.to...), "\r\n"...)
	p.body("")
}

func (p *peers) common(cseq int, method string) {
	number := func(before string, n int, after string) {
		p.buf = append(strconv.AppendInt(append(p.buf, before...), int64(n), 10), after...)
	}
	number("Via: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bK-", p.calls, method)
	number("-", cseq, "\r\nMax-Forwards: 65\r\n")
	number("From: "+carrierURI+";tag=c", p.calls, "\r\n")
	number("Call-ID: ", p.calls, "-4711@203.0.113.1\r\n")
	number("CSeq: ", cseq, " ")
	p.buf = append(append(p.buf, method...), "\r\n"...)
}

// respond is the core's to a request of the border.
func (p *peers) respond(request []byte, status, sdp string) {
	p.buf = append(append(append(p.buf[:0], "SIP/2.0 "...), status...), "\r\n"...)
	for _, name := range [...]string{"\r\nVia: ", "\r\nFrom: ", "\r\nTo: ", "\r\nCall-ID: ", "\r\nCSeq: "} {
		p.buf = append(append(p.buf, name[2:]...), between(request, name, "\r\n")...)
		if name == "\r\nTo: " && status != "100 Trying" && !bytes.Contains(between(request, name, "\r\n"), []byte(";tag=")) {
			p.buf = append(p.buf, ";tag=core"...)
		}
		p.buf = append(p.buf, "\r\n"...)
	}
	p.buf = append(p.buf, "Contact: <sip:core@198.51.100.1:5060>\r\n"...)
	if sdp != "" {
		p.buf = append(p.buf, "Allow: INVITE,ACK,BYE,CANCEL,OPTIONS\r\nContent-Type: application/sdp\r\n"...)
	}
	p.body(sdp)
}

func (p *peers) body(sdp string) {
	p.buf = append(p.buf, "Content-Length: "...)
	p.buf = append(strconv.AppendInt(p.buf, int64(len(sdp)), 10), "\r\n\r\n"...)
	p.buf = append(p.buf, sdp...)
}
