package fuzz

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
)

// far is a dialog as a neighbour has it, kept as text: nothing of our own stack
// is trusted to write it.
type far struct {
	peer   int
	uac    bool
	callID string
	// local and remote are whole From and To values, as the neighbour's requests
	// have them.
	local, remote string
	cseq          uint32 // of its last request
	// The INVITE that made the dialog: its Via where it was received, its CSeq.
	vias   string
	invite uint32
	branch string
	uri    string
	// final is the INVITE's answer; acked and bye say what the neighbour did.
	final      int
	acked, bye bool
	// cancelled is when it gave up: a CANCEL is sent again for 64·T1 and no longer.
	cancelled time.Time
	// told is when a branch first said 2xx: it repeats that for 64·T1 and no
	// longer (RFC 3261 §13.3.1.4).
	told [2]time.Time
	// asked is the border's re-INVITE that has no answer yet.
	asked *sip.Request
	// offered says that the INVITE brought an offer. rseq is that of the border's
	// reliable response that came last (uac), or of the last one of each branch.
	offered bool
	rseq    [2]uint32
}

// describe may add a second stream, which no border of ours carries.
const farVideo = "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"

const farSDP = "v=0\r\no=- 7 %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\n" +
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=%s\r\n"

// describe is a neighbour's description: honest, on hold, or at an address that
// is not its own.
func (s *site) describe(n, how int) string {
	host := neighbours[n].flow.Remote.Addr().String()
	direction := [4]string{"sendrecv", "sendonly", "inactive", "sendrecv"}[how&3]
	if how&3 == 3 {
		host = [4]string{"127.0.0.1", "192.0.2.12", "203.0.113.66", "0.0.0.0"}[how>>2&3] // nobody's, the border's own, a stranger's
	}
	s.serial++
	text := fmt.Sprintf(farSDP, s.serial, host, host, direction)
	if how&3 != 3 && how>>2&3 == 1 {
		text += farVideo
	}
	return text
}

func withBody(head, body string) []byte {
	if body != "" {
		head += "Content-Type: application/sdp\r\n"
	}
	return fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

// call sends an INVITE outside any dialog.
func (s *site) call(n int, to string, body string) {
	f := s.meet(n, to, "f")
	f.offered = body != ""
	s.send(n, withBody(f.head("INVITE", f.branch, 1)+s.asserts(n)+s.extensions, body))
}

// asserts says who calls.
func (s *site) asserts(n int) string {
	return fmt.Sprintf("P-Asserted-Identity: <%s>\r\n", neighbours[n].caller)
}

// meet is the dialog of an INVITE that is to be sent. Its Call-ID says of what kind
// it is.
func (s *site) meet(n int, to, kind string) *far {
	s.serial++
	me := neighbours[n]
	f := &far{
		peer: n, uac: true, callID: fmt.Sprintf("%s%d@%s.example", kind, s.serial, me.name), cseq: 1, invite: 1, branch: fmt.Sprintf("z9hG4bKi%d", s.serial),
		local: fmt.Sprintf("<%s>;tag=l%d", me.caller, s.serial),
	}
	f.uri = "sip:" + to + "@" + me.ours
	if n == core {
		f.uri = "sip:" + to + "@t1.example"
	}
	f.remote = "<" + f.uri + ">"
	s.fars = append(s.fars, f)
	return f
}

func (f *far) head(method, branch string, cseq uint32) string {
	at := neighbours[f.peer].flow.Remote
	return fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:far@%s>\r\n",
		method, f.uri, at, branch, f.local, f.remote, f.callID, cseq, method, at)
}

// next sends a request within the dialog.
func (s *site) next(f *far, method, body string) {
	f.cseq++
	s.serial++
	s.send(f.peer, withBody(f.head(method, fmt.Sprintf("z9hG4bKn%d", s.serial), f.cseq), body))
}

// ack acknowledges the 2xx of the INVITE.
func (s *site) ack(f *far) {
	if f.final/100 == 2 && f.uac {
		f.acked = true
		s.serial++
		s.send(f.peer, withBody(f.head("ACK", fmt.Sprintf("z9hG4bKa%d", s.serial), f.invite), ""))
	}
}

func (s *site) cancel(f *far) {
	if f.cancelled.IsZero() {
		f.cancelled = s.now
	} else if s.now.Sub(f.cancelled) >= 32*time.Second {
		return
	}
	plain := *f
	plain.remote, _, _ = strings.Cut(f.remote, ";tag=")
	s.send(f.peer, withBody(plain.head("CANCEL", f.branch, f.invite), ""))
}

func (s *site) bye(f *far) {
	f.bye = true
	s.next(f, "BYE", "")
}

// response is one that the border sends.
func (s *site) response(n int, r *sip.Response) {
	for _, f := range s.fars {
		if f.callID != r.CallID().Value() || f.peer != n || r.CSeq().MethodName != sip.INVITE {
			continue
		}
		tag := header.Tag(r.To().Params)
		if f.uac && r.CSeq().SeqNo == f.invite {
			if !strings.Contains(f.remote, ";tag=") && tag != "" {
				f.remote += ";tag=" + tag
			}
			if r.StatusCode >= 200 && f.final == 0 {
				f.final = r.StatusCode
			}
		}
		if r.StatusCode < 200 && f.uac {
			s.progress(f, r)
		}
		if r.StatusCode < 200 || s.silent[n] {
			continue
		}
		// The ACK of a 2xx is the dialog's, of others the transaction's.
		ack := *f
		if r.StatusCode < 300 {
			f.acked = true
		}
		branch, _ := header.ParamOf(r.Via().Params, "branch")
		if r.StatusCode < 300 {
			branch += "ack"
		}
		s.replies = append(s.replies, message{from: n, data: withBody(ack.head("ACK", branch, r.CSeq().SeqNo), "")})
	}
}

// progress acknowledges a reliable response of the border's, with an answer where
// it makes the offer (RFC 3262 §5).
func (s *site) progress(f *far, r *sip.Response) {
	rseq := dialog.RSeqOf(r)
	if rseq == 0 || rseq == f.rseq[0] {
		return
	}
	if f.rseq[0] = rseq; s.silent[f.peer] {
		return
	}
	body := ""
	if !f.offered && len(r.Body()) > 0 {
		body = s.describe(f.peer, 0)
	}
	f.cseq++
	s.serial++
	s.replies = append(s.replies, message{from: f.peer, data: f.prack(s.serial, rseq, body)})
}

// prack acknowledges a response to the INVITE of the dialog.
func (f *far) prack(serial int, rseq uint32, body string) []byte {
	head := f.head("PRACK", fmt.Sprintf("z9hG4bKp%d", serial), f.cseq)
	return withBody(head+fmt.Sprintf("RAck: %d %d INVITE\r\n", rseq, f.invite), body)
}

// as is the dialog of one branch, also where it has not answered yet.
func (f *far) as(b byte) *far {
	early := *f
	if !strings.Contains(f.local, ";tag=") {
		early.local += ";tag=r" + string('a'+rune(b))
	}
	return &early
}

// request is one that the border sends.
func (s *site) request(n int, r *sip.Request) {
	f := s.called(n, r)
	vias := "Via: " + strings.Join(header.Lines(r, "Via"), "\r\nVia: ") + "\r\n"
	switch {
	case r.Method == sip.ACK:
	case f == nil && r.Method == sip.INVITE && header.Tag(r.To().Params) == "":
		s.serial++
		s.fars = append(s.fars, &far{
			peer: n, callID: r.CallID().Value(), vias: vias, invite: r.CSeq().SeqNo, cseq: 100,
			local: header.First(r, "To"), remote: header.First(r, "From"), uri: "sip:b@" + neighbours[n].ours,
		})
	case f != nil && r.Method == sip.INVITE && header.Tag(r.To().Params) == "":
		if r.CSeq().SeqNo != f.invite { // asked again, for longer (RFC 4028 §7.4)
			f.vias, f.invite, f.final, f.told, f.rseq = vias, r.CSeq().SeqNo, 0, [2]time.Time{}, [2]uint32{}
			f.local, _, _ = strings.Cut(f.local, ";tag=")
		}
	case r.Method == sip.CANCEL:
		s.auto(n, s.reply(r, 200, ""))
		if f != nil && f.final == 0 {
			f.final = 487
			s.auto(n, f.answer(487, "", "", 0))
		}
	case r.Method == sip.INVITE:
		if f != nil {
			f.asked = r
		}
		s.auto(n, s.reply(r, 200, s.agreeTo(n, r, 0)))
	case r.Method == sip.UPDATE && len(r.Body()) > 0:
		s.auto(n, s.reply(r, 200, s.describe(n, 0)))
	default:
		if f != nil && r.Method == sip.BYE {
			f.bye = true
		}
		s.auto(n, s.reply(r, 200, ""))
	}
}

func (s *site) called(n int, r *sip.Request) *far {
	for _, f := range s.fars {
		if f.callID == r.CallID().Value() && f.peer == n {
			return f
		}
	}
	return nil
}

// auto answers unless the neighbour is silent.
func (s *site) auto(n int, data []byte) {
	if !s.silent[n] {
		s.replies = append(s.replies, message{from: n, data: data})
	}
}

// reply answers a request within a dialog.
func (s *site) reply(r *sip.Request, status int, body string) []byte {
	to := header.First(r, "To")
	if header.Tag(r.To().Params) == "" {
		to += ";tag=c"
	}
	return withBody(fmt.Sprintf("SIP/2.0 %d X\r\nVia: %s\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:far@%s>\r\n",
		status, strings.Join(header.Lines(r, "Via"), "\r\nVia: "), header.First(r, "From"), to, r.CallID().Value(),
		r.CSeq().SeqNo, r.CSeq().MethodName, neighbours[0].flow.Remote), body)
}

// answer is the response of one branch to the INVITE that made the dialog.
func (f *far) answer(status int, branch, body string, rseq uint32) []byte {
	local, _, _ := strings.Cut(f.local, ";tag=")
	tag := ";tag=r" + branch
	if status == 100 {
		tag = ""
	}
	wait := ""
	switch {
	case status == 503:
		wait = "Retry-After: 3\r\n"
	case status == 422:
		wait = "Min-SE: 3600\r\n"
	case status == 302:
		wait = "Contact: <sip:09000002001@198.51.100.1>;q=0.5\r\nContact: <sip:0300009009@203.0.113.66>, <sip:119@203.0.113.1>\r\n"
	case rseq != 0:
		wait = fmt.Sprintf("Require: 100rel\r\nRSeq: %d\r\nAllow: INVITE, UPDATE\r\n", rseq)
	}
	contact := fmt.Sprintf("Contact: <sip:far@%s>\r\n", neighbours[f.peer].flow.Remote)
	if status/100 == 3 {
		contact = ""
	}
	return withBody(fmt.Sprintf("SIP/2.0 %d X\r\n%s%s%sFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %d INVITE\r\n",
		status, wait, contact, f.vias, f.remote, local, tag, f.callID, f.invite), body)
}

// key names a transaction (RFC 3261 §17.2.3) within its call; two peers of one
// trunk have the same name, and each its own.
func key(peer int, m sip.Message) string {
	branch, _ := header.ParamOf(m.Via().Params, "branch")
	return strconv.Itoa(peer) + " " + m.CallID().Value() + " " + m.CSeq().Value() + " " + branch
}
