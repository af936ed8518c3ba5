package e2e

import (
	"fmt"
	"strings"
	"text/template"
)

// A dialogue is both sides of a call as two sipp scenarios, in one file of
// testdata/dialogues: templates "caller" and "callee", or the first alone where
// the product answers by itself. What they receive is sipp's own XML; what they
// send is written by the functions of words, so that a file shows the ladder and
// not the headers. The same file serves both ways through the product.

// words are the functions of a dialogue. ATTRIBUTES are those of sipp's <send>,
// as in `retrans="500"`; PARTS are header lines, the last may be a body.
var words = map[string]any{
	// send METHOD CSEQ ATTRIBUTES PARTS…: by the caller, outside a dialog. CSEQ
	// "1-3" is that of the message three steps before, branch included.
	"send": func(method, cseq, attributes string, parts ...string) string {
		return asking{method, "sip:[called]@[host]", cseq, attributes, fromCaller}.with(parts)
	},
	// ask METHOD CSEQ ATTRIBUTES PARTS…: by the caller, within it.
	"ask": func(method, cseq, attributes string, parts ...string) string {
		return asking{method, "[next_url]", cseq, attributes, fromCaller}.with(append([]string{"[routes]"}, parts...))
	},
	// back METHOD CSEQ ATTRIBUTES PARTS…: by the callee, within it.
	"back": func(method, cseq, attributes string, parts ...string) string {
		return asking{method, "[next_url]", cseq, attributes, fromCallee}.with(append([]string{"[routes]"}, parts...))
	},
	// reply STATUS ATTRIBUTES PARTS…: by the callee, to what makes the dialog.
	"reply": func(status, attributes string, parts ...string) string {
		return response(status, attributes, ";tag=[pid]u[call_number]", append([]string{"[last_CSeq:]"}, parts...))
	},
	// replied is reply to the INVITE where something else came last.
	"replied": func(status, attributes string, parts ...string) string {
		return sending(attributes, []string{
			"SIP/2.0 " + status, "[$via]From:[$from]", // Record-Route and all Vias, each with its line's end
			"To:[$to];tag=[pid]u[call_number]", "[last_Call-ID:]", "CSeq: [$cseq] INVITE", contact,
		}, parts)
	},
	// ok STATUS PARTS…: to what came within the dialog, or to its CANCEL.
	"ok": func(status string, parts ...string) string {
		return response(status, "", "", append([]string{"[last_CSeq:]"}, parts...))
	},
	// crossing takes a re-INVITE, and crossed STATUS answers it where something else
	// came last.
	"crossing": func() string { return crossing },
	"crossed": func(status string) string {
		return sending("", []string{
			"SIP/2.0 " + status, "Via:[$x_via]", "From:[$x_from]", "To:[$x_to]", "Call-ID: [call_id]", "CSeq:[$x_cseq]", contact,
		}, nil)
	},
	"sdp": sdp,
	"repeat": func(n int, s string) string {
		return strings.Repeat(s, n)
	},
	"call": func() string {
		return asking{"INVITE", "sip:[called]@[host]", "1", `retrans="500"`, fromCaller}.with([]string{sdp("sendrecv")}) +
			"<recv response=\"100\" optional=\"true\"/>\n<recv response=\"180\"/>\n<recv response=\"200\" rrs=\"true\"/>\n" +
			asking{"ACK", "[next_url]", "1", "", fromCaller}.with([]string{"[routes]"})
	},
	"hangup": func(cseq string) string {
		return asking{"BYE", "[next_url]", cseq, `retrans="500"`, fromCaller}.with([]string{"[routes]", `Reason: Q.850;cause=16`}) + "<recv response=\"200\"/>\n"
	},
	"hear": func() string { return hear },
	"answer": func() string {
		again := []string{"[last_CSeq:]"}
		return hear + response("180 Ringing", "", ";tag=[pid]u[call_number]", again) +
			response("200 OK", `retrans="500"`, ";tag=[pid]u[call_number]", append(again, sdp("sendrecv"))) + "<recv request=\"ACK\"/>\n"
	},
	"ended": func() string {
		return "<recv request=\"BYE\"/>\n" + response("200 OK", "", "", []string{"[last_CSeq:]"})
	},
}

// Who a request comes from, and whom it is for.
const (
	fromCaller = "From: <[caller]>;tag=[pid]c[call_number]\nTo: <sip:[called]@[host]>"
	fromCallee = "From:[$to];tag=[pid]u[call_number]\nTo:[$from]"
)

const contact = "Contact: <sip:peer@[local_ip]:[local_port]>"

// hear takes the INVITE, and what the callee must know of it later.
const hear = `<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp="((Record-Route: |Via: SIP/2.0/UDP )[^[:space:]]*[[:space:]]+)+" search_in="msg" assign_to="via"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="cseq"/>
</action></recv>
`

const crossing = `<recv request="INVITE"><action>
<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="x_via"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="x_from"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="x_to"/>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="x_cseq"/>
</action></recv>
`

func sdp(direction string) string {
	return "Content-Type: application/sdp\nContent-Length: [len]\n\n" + strings.Join([]string{
		"v=0", "o=- 1 1 IN IP4 [local_ip]", "s=-", "c=IN IP4 [local_ip]", "t=0 0", "m=audio [media_port] RTP/AVP 0 101",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=" + direction,
	}, "\n")
}

// asking is a request: ATTRIBUTES and CSEQ are as words say.
type asking struct{ method, uri, cseq, attributes, who string }

// with adds header lines, the last of which may be a body.
func (a asking) with(parts []string) string {
	method, uri, who := a.method, a.uri, a.who
	cseq, offset, same := strings.Cut(a.cseq, "-")
	branch := "[branch]"
	if same {
		branch = "[branch-" + offset + "]"
	}
	if who == fromCaller && (uri == "[next_url]" || method == "ACK") {
		who += "[peer_tag_param]"
	}
	from, to, _ := strings.Cut(who, "\n")
	head := []string{
		fmt.Sprintf("%s %s SIP/2.0", method, uri), "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=" + branch, "Max-Forwards: 65", from, to,
		"Call-ID: [call_id]", "CSeq: " + cseq + " " + method, contact,
	}
	if uri != "[next_url]" {
		head = append(head, "P-Asserted-Identity: <[caller]>")
	}
	return sending(a.attributes, head, parts)
}

func response(status, attributes, tag string, parts []string) string {
	head := []string{"SIP/2.0 " + status, "[last_Via:]", "[last_Record-Route:]", "[last_From:]", "[last_To:]" + tag, "[last_Call-ID:]",
		contact}
	return sending(attributes, head, parts)
}

// sending writes a <send>. A part that begins with the name of a header of the
// head stands in for it.
func sending(attributes string, head, parts []string) string {
	for _, p := range parts {
		name, _, _ := strings.Cut(p, ":")
		for i, h := range head {
			if strings.HasPrefix(h, name+":") {
				head[i] = ""
			}
		}
	}
	lines := append(head, parts...)
	if last := lines[len(lines)-1]; !strings.Contains(last, "Content-Length:") {
		lines = append(lines, "Content-Length: 0\n")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<send %s><![CDATA[\n", attributes)
	for _, l := range lines {
		if l != "" {
			b.WriteString(l + "\n")
		}
	}
	b.WriteString("]]></send>\n")
	return b.String()
}

// script returns one side of a dialogue as sipp's XML, or nothing where the
// dialogue has no such side.
func script(dialogue, side string, data any) (string, error) {
	text, err := scenarios.ReadFile("testdata/dialogues/" + dialogue + ".xml")
	if err != nil {
		return "", fmt.Errorf("no such dialogue: %w", err)
	}
	t, err := template.New(dialogue).Funcs(words).Parse(string(text))
	if err != nil {
		return "", fmt.Errorf("read dialogue %s: %w", dialogue, err)
	}
	if t.Lookup(side) == nil {
		return "", nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<scenario name=%q>\n", dialogue)
	if err := t.ExecuteTemplate(&b, side, data); err != nil {
		return "", fmt.Errorf("write dialogue %s: %w", dialogue, err)
	}
	if strings.Contains(b.String(), hear) {
		b.WriteString("<Reference variables=\"from,via,to,cseq\"/>\n")
	}
	b.WriteString("<timewait milliseconds=\"500\"/>\n</scenario>\n")
	return b.String(), nil
}
