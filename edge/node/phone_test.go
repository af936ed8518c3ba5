package node

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

// socketPhone is a phone of a few lines on a real socket.
type socketPhone struct {
	t         *testing.T
	conn      *net.UDPConn
	core      netip.AddrPort
	extension string
	seq       int
}

func newSocketPhone(t *testing.T, core netip.AddrPort, extension string) *socketPhone {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &socketPhone{t: t, conn: conn, core: core, extension: extension}
}

func (p *socketPhone) addr() string { return p.conn.LocalAddr().String() }

func (p *socketPhone) send(method, uri, to, headers, body string) {
	p.t.Helper()
	p.seq++
	message := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s%d\r\nMax-Forwards: 70\r\n"+
		"From: <sip:%s@t1.example>;tag=f%s\r\nTo: <%s>\r\nCall-ID: %s%s\r\nCSeq: %d %s\r\n%sContent-Length: %d\r\n\r\n%s",
		method, uri, p.addr(), p.extension, p.seq, p.extension, p.extension, to, method, p.extension, p.seq, method, headers, len(body), body)
	if _, err := p.conn.WriteToUDPAddrPort([]byte(message), p.core); err != nil {
		p.t.Fatal(err)
	}
}

// next returns the next message that starts with one of the prefixes.
func (p *socketPhone) next(prefixes ...string) string {
	p.t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	b := make([]byte, 4096)
	for {
		n, err := p.conn.Read(b)
		if err != nil {
			p.t.Fatalf("%s waits for %q: %v", p.extension, prefixes, err)
		}
		for _, prefix := range prefixes {
			if strings.HasPrefix(string(b[:n]), prefix) {
				return string(b[:n])
			}
		}
	}
}

// register answers the SHA-256 challenge and returns the final response.
func (p *socketPhone) register(password string) string {
	p.t.Helper()
	p.send("REGISTER", "sip:t1.example", "sip:"+p.extension+"@t1.example", "", "")
	_, challenge, ok := strings.Cut(p.next("SIP/2.0 401 "), `WWW-Authenticate: Digest realm="t1.example", nonce="`)
	nonce, rest, _ := strings.Cut(challenge, `"`)
	if !ok || !strings.HasPrefix(rest, `, algorithm=SHA-256, qop="auth"`) {
		p.t.Fatalf("challenged with %q", challenge)
	}
	h := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	response := h(h(p.extension+":t1.example:"+password) + ":" + nonce + ":00000001:c:auth:" + h("REGISTER:sip:t1.example"))
	p.send("REGISTER", "sip:t1.example", "sip:"+p.extension+"@t1.example",
		fmt.Sprintf("Contact: <sip:%s-line@%s>\r\nExpires: 600\r\nAuthorization: Digest username=\"%s\", realm=\"t1.example\", nonce=\"%s\", "+
			"uri=\"sip:t1.example\", response=\"%s\", algorithm=SHA-256, cnonce=\"c\", qop=auth, nc=00000001\r\n",
			p.extension, p.addr(), p.extension, nonce, response), "")
	return p.next("SIP/2.0 200 ", "SIP/2.0 401 ", "SIP/2.0 403 ")
}

// reply answers a request with its own Via, From, To, Call-ID and CSeq.
func (p *socketPhone) reply(request, status, headers, body string) {
	p.t.Helper()
	var m strings.Builder
	m.WriteString("SIP/2.0 " + status + "\r\n")
	for _, line := range strings.Split(request, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "Via", "From", "Call-ID", "CSeq":
			m.WriteString(line + "\r\n")
		case "To":
			m.WriteString(line + ";tag=c" + p.extension + "\r\n")
		}
	}
	fmt.Fprintf(&m, "%sContent-Length: %d\r\n\r\n%s", headers, len(body), body)
	if _, err := p.conn.WriteToUDPAddrPort([]byte(m.String()), p.core); err != nil {
		p.t.Fatal(err)
	}
}

// within sends a request inside the dialog that the 200 to the INVITE made.
func (p *socketPhone) within(answer, method string, seq int) {
	p.t.Helper()
	field := func(name string) string { return regexp.MustCompile(`(?m)^` + name + `: .*\r$`).FindString(answer) }
	target := regexp.MustCompile(`(?m)^Contact: <(.*)>`).FindStringSubmatch(answer)
	message := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s%s\r\nMax-Forwards: 70\r\n%s\n%s\n%s\nCSeq: %d %s\r\nContent-Length: 0\r\n\r\n",
		method, target[1], p.addr(), method, p.extension, field("From"), field("To"), field("Call-ID"), seq, method)
	if _, err := p.conn.WriteToUDPAddrPort([]byte(message), p.core); err != nil {
		p.t.Fatal(err)
	}
}

// media is a description of a phone's and the header that says so.
const (
	media     = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 41000 RTP/AVP 0\r\n"
	describes = "Content-Type: application/sdp\r\n"
)

// invite calls another phone of the tenant.
func (p *socketPhone) invite(extension string) {
	p.t.Helper()
	to := "sip:" + extension + "@t1.example"
	p.send("INVITE", to, to, "Contact: <sip:"+p.extension+"@"+p.addr()+">\r\n"+describes, media)
}

// talk has the phones of registrarSite register and the one that is called answer
// the other. answer is the 200 of their dialog.
func talk(t *testing.T, n *Node) (caller, called *socketPhone, answer string) {
	t.Helper()
	core := n.Sockets().Phones[0]
	called, caller = newSocketPhone(t, core, "1001"), newSocketPhone(t, core, "1002")
	if got := called.register("soft phone") + caller.register("desk phone"); strings.Count(got, "SIP/2.0 200 ") != 2 {
		t.Fatal(got)
	}
	caller.invite("1001")
	called.reply(called.next("INVITE "), "200 OK", "Contact: <sip:1001@"+called.addr()+">\r\n"+describes, media)
	answer = caller.next("SIP/2.0 200 ")
	caller.within(answer, "ACK", caller.seq)
	called.next("ACK ")
	return caller, called, answer
}
