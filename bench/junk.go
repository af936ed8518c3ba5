package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
)

// junk is one datagram of a flood. At each of marks eight hexadecimal digits
// are replaced by the number of the datagram, so that no two SIP messages are
// repetitions of each other.
type junk struct {
	data  []byte
	marks []int
}

// mark is what stands where a number goes.
const mark = "@@@@@@@@"

func newJunk(text string) junk {
	j := junk{data: []byte(strings.ReplaceAll(text, "\n", "\r\n"))}
	for at := 0; ; at += len(mark) {
		next := bytes.Index(j.data[at:], []byte(mark))
		if next < 0 {
			return j
		}
		at += next
		j.marks = append(j.marks, at)
	}
}

// write puts the n-th datagram into to and returns its length.
func (j *junk) write(to []byte, n uint32) int {
	const digits = "0123456789abcdef"
	length := copy(to, j.data)
	for _, at := range j.marks {
		for i := range len(mark) {
			to[at+i] = digits[n>>(28-4*i)&15]
		}
	}
	return length
}

// longest is the longest datagram of a flood; UDP allows 65,507 octets.
const longest = 60_000

// arsenal is the datagrams of a flood, to be sent by turns. Most are small, as
// a flood of many datagrams is: the huge ones are one in 256.
func arsenal(target netip.AddrPort, seed uint64) []junk {
	random := rand.New(rand.NewPCG(seed, seed))
	octets := func(n int) junk {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return junk{data: b}
	}
	messages := malice(target)
	all := make([]junk, 0, 256)
	for i := range 255 {
		if i%3 == 0 {
			all = append(all, octets(1+random.IntN(600)))
			continue
		}
		all = append(all, messages[i%len(messages)])
	}
	huge := newJunk("INVITE sip:1@x SIP/2.0\nCall-ID: " + mark + "\nSubject: " + strings.Repeat("(", longest-200) + "\n\n")
	if seed%2 == 0 {
		huge = octets(longest)
	}
	all = append(all, huge)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// malice is SIP as scanners and crashers write it: whole requests of strangers,
// and messages of the kinds that RFC 4475 torments parsers with.
func malice(target netip.AddrPort) []junk {
	head := func(method, user string) string {
		return fmt.Sprintf("%s sip:%s@%s SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bK%s;rport\nMax-Forwards: 70\n"+
			"From: <sip:100@192.0.2.66>;tag=%s\nTo: <sip:%s@%s>\nCall-ID: %s@192.0.2.66\nCSeq: 1 %s\nContact: <sip:100@192.0.2.66:5060>\n",
			method, user, target, mark, mark, user, target, mark, method)
	}
	sdp := "v=0\no=- 1 1 IN IP4 192.0.2.66\ns=-\nc=IN IP4 192.0.2.66\nt=0 0\nm=audio 6000 RTP/AVP 0\n"
	body := fmt.Sprintf("Content-Type: application/sdp\nContent-Length: %d\n\n%s", len(sdp)+strings.Count(sdp, "\n"), sdp)
	const empty = "Content-Length: 0\n\n"
	texts := []string{
		head("INVITE", "80300009001") + "User-Agent: friendly-scanner\n" + body,
		head("INVITE", "0012025550123") + "P-Asserted-Identity: <tel:+819000002001>\n" + body,
		head("REGISTER", "1001") + "Expires: 3600\n" + empty,
		head("OPTIONS", "100") + "Accept: application/sdp\n" + empty,
		head("SUBSCRIBE", "1001") + "Event: presence\n" + empty,
		head("BYE", "1001") + empty,
		head("ACK", "1001") + empty,
		// Torments: lengths, counts, twins, folding, blanks, missing fields.
		head("INVITE", "1001") + "Content-Length: 99999\n\nv=0\n",
		head("INVITE", "1001") + "Content-Length: -1\n\n",
		head("INVITE", "1001") + "CSeq: 4294967296 INVITE\n" + empty,
		head("INVITE", "1001") + "From: <sip:other@192.0.2.66>;tag=2\ni: twin\n" + empty,
		head("INVITE", "1001") + "Subject:" + strings.Repeat("\n ", 300) + "x\n" + empty,
		head("INVITE", "1001") + strings.Repeat("Via: SIP/2.0/UDP 192.0.2.66;branch=z9hG4bKx\n", 40) + empty,
		head("OPTIONS", "1001") + "Contact: " + strings.Repeat(`"<sip:\`, 60) + "\n" + empty,
		"INVITE sip:1001 SIP/2.0\nCall-ID: " + mark + "\n\n",
		"OPTIONS  sip:1001@x  SIP/2.0\nCall-ID : " + mark + "\n\n",
		"SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.66;branch=z9hG4bK" + mark + "\nCall-ID: " + mark + "\nCSeq: 1 INVITE\n" + empty,
		"SIP/2.0 9999 \nCall-ID: " + mark + "\n\n",
		"GET / HTTP/1.1\nHost: x\n\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 100),
		"\n\n",
	}
	all := make([]junk, 0, len(texts))
	for _, t := range texts {
		all = append(all, newJunk(t))
	}
	return all
}
